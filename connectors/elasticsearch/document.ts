/** An event as a document: under ECS names what ECS has a name for, and whole, as it leaves Gatehouse. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'
import { eventName } from '../../src/connector/event-name.ts'

const outcomes: Readonly<Record<string, string>> = { granted: 'success', denied: 'failure' }

export function documentOf({ id, source, type, time, subject, sequence, data }: OutgoingEvent): object {
  return {
    '@timestamp': time,
    event: {
      id,
      dataset: 'gatehouse.events',
      kind: data.class === 'alarm' ? 'alert' : 'event',
      action: eventName({ type }),
      outcome: outcomes[String(data.decision)] ?? 'unknown',
      sequence: Number(sequence),
      ...(data.receivedAt === undefined ? {} : { created: data.receivedAt }),
    },
    cloudevent: { source, type, ...(subject === undefined ? {} : { subject }) },
    gatehouse: data,
  }
}
