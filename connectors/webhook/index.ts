/** A webhook as a receiver of events: what it is, and how it connects. */
import { defineConnector, type Health, type SinkContext } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { receiverAddress } from '../../src/connector/receiver-settings.ts'
import { settings, type WebhookSettings } from './settings.ts'
import { createSink } from './sink.ts'

export default defineConnector({
  id: 'webhook',
  title: 'Webhook',
  vendor: {
    name: 'Any receiver of CloudEvents',
    docs: 'https://github.com/standard-webhooks/standard-webhooks',
    testedWith: ['standardwebhooks 1.1.1', 'cloudevents 10.0.0'],
  },
  settings,
  capabilities: ['sink'],
  feeds: ['events', 'punches'],
  limits: { concurrency: 1, requestsPerSecond: 50, requestTimeoutMs: 15_000 },
  address: (values) => receiverAddress(new URL(values.url).origin, values),
  async connect(values, context) {
    return {
      sink: createSink(values, context),
      health: (signal) => health(values, context, signal),
      async close() {},
    }
  },
})

/** Whatever it answers to a question without an event: it is there, and it is the one that was meant. */
async function health(values: WebhookSettings, { http }: SinkContext, signal: AbortSignal): Promise<Health> {
  try {
    await http.request({ method: 'GET', path: new URL(values.url).pathname, answer: 'status' }, signal)
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.code !== 'http.redirect') throw error
  }
  const message =
    'Messages are signed with the previous secret as well: take it out when every receiver has the new one.'
  const problems =
    values.previous_secret === undefined ? [] : [{ severity: 'warning' as const, code: 'webhook.two-secrets', message }]
  return { product: 'Webhook', version: 'CloudEvents 1.0', reach: 'accepted', problems }
}
