/** What tests ask a running gateway about its configuration. */
import type { ConfigView, ProposedConfigView } from '../../src/api/acts/configuration.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { until } from './servers.ts'

export const configurationOf = (gateway: GatewayProcess, token: string): Promise<ConfigView> =>
  gateway.call<ConfigView>(token, '/v1/configuration')

/** What is proposed, once it is known what it would change. */
export async function countedProposal(gateway: GatewayProcess, token: string): Promise<ProposedConfigView> {
  return until(
    'the proposal is counted',
    async () => {
      const { proposed } = await configurationOf(gateway, token)
      return proposed?.effect ? proposed : null
    },
    20_000,
  )
}

/** Releases what is proposed, and waits until the process that was asked runs it. */
export async function releaseProposal(gateway: GatewayProcess, token: string): Promise<void> {
  const { digest, version } = await countedProposal(gateway, token)
  await gateway.call(token, '/v1/configuration/release', { digest, reason: 'seen and wanted' })
  await until('it is in force', async () => (await configurationOf(gateway, token)).released.version === version)
}
