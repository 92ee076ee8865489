/** An event as a document: under ECS names what ECS has a name for, and whole, as it leaves Gatehouse. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'

const outcomes: Readonly<Record<string, string>> = { granted: 'success', denied: 'failure' }

export function documentOf({ id, source, type, time, subject, sequence, data }: OutgoingEvent): object {
  return {
    '@timestamp': time,
    event: {
      id,
      dataset: 'gatehouse.events',
      kind: data.class === 'alarm' ? 'alert' : 'event',
      action: type.replace(/^org\.gatehouse\./, '').replace(/\.v\d+$/, ''),
      outcome: outcomes[String(data.decision)] ?? 'unknown',
      sequence: Number(sequence),
      ...(data.receivedAt === undefined ? {} : { created: data.receivedAt }),
    },
    cloudevent: { source, type, ...(subject === undefined ? {} : { subject }) },
    gatehouse: data,
  }
}
