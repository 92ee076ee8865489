/** Why a gateway can't be made or started, in words for its operator: the command line shows them with their code. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code:
    | 'gateway.initialised-before'
    | 'gateway.key-not-in-file'
    | 'gateway.demo-keys'
    | 'gateway.empty-database'
    | 'gateway.foreign-database'
    | 'gateway.not-admin'
    | 'gateway.old-keyring'
    | 'gateway.keys-unsettled'
    | 'gateway.keys-being-replaced'
    | 'gateway.disk-full'
    | 'gateway.roles-alone'
    | 'traces.refused'
    | 'gateway.webhook-secret'

  constructor(code: GatewayError['code'], message: string) {
    super(message)
    this.code = code
  }
}
