/** How a bare loop posts events: signed, since the receiver asks for that, and else as they came. */
import type { Pool } from 'undici'
import type { ReportedEvent } from '../src/connector/contract.ts'
import { parseWebhookSecret, webhookHeaders } from '../src/connector/standard-webhook.ts'
import type { ReceiverFacts } from './receiver-child.ts'

/** A CloudEvent of each, with the event as it is. */
export async function postBare(
  pool: Pool,
  { url, secret }: ReceiverFacts,
  events: readonly ReportedEvent[],
  first: number,
) {
  const body = JSON.stringify(
    events.map(({ key, event }, i) => ({
      ...{ specversion: '1.0', id: key, source: '/bare/hq', type: event.type, time: event.at },
      ...{ datacontenttype: 'application/json', sequence: String(first + i), data: event },
    })),
  )
  const key = parseWebhookSecret(secret)
  const answer = await pool.request({
    method: 'POST',
    path: new URL(url).pathname,
    headers: {
      'content-type': 'application/cloudevents-batch+json; charset=utf-8',
      ...webhookHeaders(key === null ? [] : [key], `bare_${first}`, new Date(), body),
    },
    body,
  })
  await answer.body.dump()
  if (answer.statusCode !== 204) throw new Error(`the receiver answered ${answer.statusCode}`)
}
