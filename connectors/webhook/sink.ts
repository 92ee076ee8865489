/** Posts events as CloudEvents, signed as Standard Webhooks says: what comes again comes under the same id. */
import { hash } from 'node:crypto'
import type { Delivered, OutgoingEvent, SinkCapability, SinkContext } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { eventJson } from '../../src/connector/event-json.ts'
import { redirected } from '../../src/connector/redirected.ts'
import { parseWebhookSecret, webhookHeaders } from '../../src/connector/standard-webhook.ts'
import { failureOf } from './errors.ts'
import type { WebhookSettings } from './settings.ts'

interface Message {
  readonly id: string
  readonly type: string
  readonly body: string
}

/** A batch is one message, or one for each event; what is too large by itself is refused. Throws ConnectorError `webhook.*` with the first that is not taken: those before it come again. */
export function createSink(settings: WebhookSettings, { http, now }: SinkContext): SinkCapability {
  const { pathname, search } = new URL(settings.url)
  const keys = [settings.secret, settings.previous_secret].flatMap((text) => parseWebhookSecret(text ?? '') ?? [])
  const batched = settings.mode === 'batched'

  async function post({ id, type, body }: Message, signal: AbortSignal): Promise<number> {
    const headers = { 'content-type': type, 'user-agent': 'Gatehouse', ...webhookHeaders(keys, id, now(), body) }
    try {
      const path = `${pathname}${search}`
      const answer = await http.request({ method: 'POST', path, headers, body, answer: 'status' }, signal)
      const failure = failureOf(answer, now())
      if (failure !== null) throw failure
      return answer.status
    } catch (error) {
      throw redirected(error, 'webhook.redirect')
    }
  }

  return {
    batch: { events: settings.batch_events, bytes: settings.batch_bytes },
    async deliver(events, signal) {
      const refused: Delivered['refused'][number][] = []
      let status: number | null = null
      const lots = batched ? [events] : events.map((event) => [event])
      for (const [index, lot] of lots.entries()) {
        try {
          status = await post(batched ? batchOf(lot) : messageOf(lot[0] as OutgoingEvent), signal)
        } catch (error) {
          // An event that is too large by itself will never be taken; more of them may be in smaller messages.
          if (!(error instanceof ConnectorError) || error.code !== 'webhook.too-large' || lot.length > 1) throw error
          refused.push({ index, code: error.code })
          status = 413
        }
      }
      return { refused, status }
    },
  }
}

/** CloudEvents 1.0.2, JSON batch format (JSON Event Format, section 4). */
function batchOf(events: readonly OutgoingEvent[]): Message {
  const id = `batch_${hash('sha256', events.map((event) => event.id).join('\n'))}`
  return { id, type: 'application/cloudevents-batch+json; charset=utf-8', body: `[${events.map(eventJson).join(',')}]` }
}

/** CloudEvents 1.0.2, HTTP protocol binding, structured mode. */
function messageOf(event: OutgoingEvent): Message {
  return { id: event.id, type: 'application/cloudevents+json; charset=utf-8', body: eventJson(event) }
}
