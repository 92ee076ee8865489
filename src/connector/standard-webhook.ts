/**
 * Signs a message so that its receiver knows that it is ours, unchanged and new, as Standard Webhooks says
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
import { createHmac } from 'node:crypto'

/** `whsec_` and the key in base64: 24 to 64 bytes. Null for anything else. */
export function parseWebhookSecret(text: string): Buffer | null {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  if (encoded === undefined) return null
  const key = Buffer.from(encoded, 'base64')
  return key.length >= 24 && key.length <= 64 ? key : null
}

/**
 * `id` is the same for each try of one message: by it the receiver knows a message that it has had. While a secret is being replaced
 * there are two keys: the message is signed with each, and the receiver takes it by the one that it has.
 */
export function webhookHeaders(
  keys: readonly Buffer[],
  id: string,
  at: Date,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const signed = `${id}.${timestamp}.${body}`
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
