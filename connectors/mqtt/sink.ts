/** Publishes events as CloudEvents, one message each, and counts those as delivered that the broker has acknowledged as taken. */
import type { Delivered, OutgoingEvent, SinkCapability, SinkContext } from '../../src/connector/contract.ts'
import { eventJson } from '../../src/connector/event-json.ts'
import { worstOf } from '../../src/connector/worst-of.ts'
import { publishFailure, refusalCode } from './errors.ts'
import { type Message, Session } from './session.ts'
import type { MqttSettings } from './settings.ts'
import { topicOf } from './topic.ts'

export interface MqttSink {
  readonly sink: SinkCapability
  close(): void
}

/** Connects with the first batch. A batch is taken as a whole, or throws ConnectorError `mqtt.*`; then some of it may be with the broker. */
export function createSink(settings: MqttSettings, { wires }: SinkContext): MqttSink {
  let session: Session | null = null

  async function opened(signal: AbortSignal): Promise<Session> {
    if (session?.isOpen !== true) session = await Session.open(wires, settings, signal)
    return session
  }

  return {
    sink: {
      batch: { events: 500, bytes: 1024 * 1024 },
      async deliver(events, signal): Promise<Delivered> {
        signal.throwIfAborted()
        const messages = events.map((event) => messageOf(event, settings))
        const current = await opened(signal)
        const reasons = await current.publish(messages, signal)
        const refused = reasons.flatMap((reason, index) => {
          const code = refusalCode(reason)
          return code === null ? [] : [{ index, code }]
        })
        const failure = worstOf(
          reasons.flatMap((reason) => (refusalCode(reason) === null ? (publishFailure(reason) ?? []) : [])),
        )
        if (failure !== null) {
          // Some brokers hang up a moment after they refused: the next batch begins with a session of its own.
          current.close()
          throw failure
        }
        return { refused, status: null }
      },
    },
    close: () => session?.close(),
  }
}

/** CloudEvents 1.0.2, MQTT protocol binding, structured mode. */
function messageOf(event: OutgoingEvent, { topic }: MqttSettings): Message {
  return {
    topic: topicOf(topic, event),
    payload: eventJson(event),
    properties: { contentType: 'application/cloudevents+json; charset=utf-8', payloadFormatIndicator: true },
  }
}
