/** What somebody without seals, guards and digests would store of each event: plain values, as wide as those that Gatehouse stores. */
import type pg from 'pg'
import type { ReportedEvent } from '../src/connector/contract.ts'
import { classOf } from '../src/model/events/types.ts'
import { copyRows } from '../src/store/copy.ts'
import { type BinaryType, copyBinary } from '../src/store/copy-binary.ts'

/** As the site calls its door system. */
export const source = 'hq'

export const columns = {
  source: 'text',
  position: 'int8',
  class: 'text',
  type: 'text',
  at: 'timestamptz',
  received_at: 'timestamptz',
  strange_card: 'bool',
  person_digest: 'bytea',
  card_digest: 'bytea',
  door_digest: 'bytea',
  whose: 'bytea',
  sealed: 'bytea',
  guard: 'bytea',
} as const satisfies Readonly<Record<string, BinaryType>>

export interface PlainEvent {
  readonly row: Readonly<Record<keyof typeof columns, unknown>>
  /** What it is known by, and nothing else may have. */
  readonly key: Buffer
}

const guard = Buffer.alloc(32, 1)
/** What a seal adds to a text. */
const sealBytes = 33
const digestBytes = 16
/** The id of a key, sealed. */
const whose = Buffer.alloc(36 + sealBytes, 1)

export function plainEvent(position: number, receivedAt: Date, reported: ReportedEvent): PlainEvent {
  const { key, event } = reported
  const { account, cardNumber, door, type } = event
  const person = account === null ? null : wide(account)
  // The id of the event and that of the person are in what Gatehouse seals.
  const content = JSON.stringify({ id: key.padEnd(32), live: false, person: account?.padEnd(36) ?? null, event })
  const sealed = Buffer.alloc(Buffer.byteLength(content) + sealBytes)
  sealed.write(content)
  return {
    // Thirty digits, as the system has them: ten of the second, ten of the reader, ten of the place in its log.
    key: Buffer.from(key.slice(0, 30).padEnd(2 * digestBytes, '0'), 'hex'),
    row: {
      ...{
        source,
        position,
        class: classOf(type),
        type,
        at: new Date(event.at),
        received_at: receivedAt,
        guard,
        sealed,
      },
      ...{ strange_card: cardNumber !== null, whose: person === null ? null : whose },
      person_digest: person,
      card_digest: cardNumber === null ? null : wide(cardNumber),
      door_digest: door === null ? null : wide(door.id),
    },
  }
}

/** The value itself where Gatehouse stores a digest. */
function wide(value: string): Buffer {
  const wideEnough = Buffer.alloc(digestBytes)
  wideEnough.write(value)
  return wideEnough
}

/** In one transaction, as each batch is. */
export async function insertPlain(client: pg.Client, events: readonly PlainEvent[]): Promise<void> {
  const on = new Date().toISOString().slice(0, 10)
  await client.query('begin')
  await copyRows(
    client,
    'event_key',
    ['source', 'digest', 'received_on'],
    events.map(({ key, row }) => [row.source as string, key, on]),
  )
  await copyBinary(
    client,
    'event',
    columns,
    events.map(({ row }) => row),
  )
  await client.query('commit')
}
