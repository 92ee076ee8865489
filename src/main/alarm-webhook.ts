/** Opens the way to whoever is told of alarms, as configured: the egress guard, one path, one key. */
import type { Config } from '../../config/config.ts'
import { openEgress } from '../connector/egress/egress.ts'
import { isLoopbackHost, isPrivateAddress } from '../connector/egress/private-address.ts'
import { parseWebhookSecret } from '../connector/standard-webhook.ts'
import { type AlarmWebhook, createAlarmWebhook } from '../sync/alarms/webhook.ts'
import { GatewayError } from './gateway-error.ts'

const requestTimeoutMs = 10_000
/** Nobody reads what a receiver says beyond its status. */
const responseBytesMax = 64 * 1024

export interface OpenedWebhook {
  readonly webhook: AlarmWebhook
  close(): Promise<void>
}

/** Null when nobody is to be told. @throws GatewayError when the secret is none. */
export function openAlarmWebhook({ alarms, gateway }: Config): OpenedWebhook | null {
  if (alarms.webhook === null) return null
  const { url, secret, ca, fingerprint256, allowPrivate } = alarms.webhook
  const key = parseWebhookSecret(secret)
  if (key === null)
    throw new GatewayError(
      'gateway.webhook-secret',
      'the secret of alarms.webhook is not whsec_ and 24 to 64 bytes in base64',
    )
  const { origin, pathname, search, hostname } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const egress = openEgress({
    ...{ origin, requestTimeoutMs, responseBytesMax, concurrency: 1, requestsPerSecond: 10 },
    // Whoever writes down such an address means it; a name may lead anywhere.
    allowPrivate: allowPrivate || isLoopbackHost(hostname) || isPrivateAddress(host),
    ...(ca === null ? {} : { ca }),
    ...(fingerprint256 === null ? {} : { fingerprint256 }),
  })
  return {
    webhook: createAlarmWebhook({ http: egress.http, path: `${pathname}${search}`, key, gateway: gateway.name }),
    close: () => egress.close(),
  }
}
