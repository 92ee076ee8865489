/** Makes a batch ready to be appended, before anything is locked: tidied, told apart by key, and each with whose it is. */
import { randomUUID } from 'node:crypto'
import type { EventBatch, ReportedEvent } from '../connector/contract.ts'
import type { EventsContext } from './context.ts'
import { type Tidied, tidy } from './tidy.ts'
import type { Whose } from './whose.ts'
import { whoseAtSource } from './whose-at-source.ts'

/** An event on its way into the log. */
export interface Ready extends Tidied {
  /** Of source and key: what it is known by. */
  readonly digest: Buffer
  /** The same under keys that were replaced. */
  readonly older: readonly Buffer[]
  /** Null: nobody's, as far as we know. */
  readonly whose: Whose | null
}

/** Half of the HMAC is plenty, and what is asked for with each event stays small. */
const keyBytes = 16

export interface ReadyBatch {
  readonly batch: EventBatch
  /** What is told twice in one batch is one event. */
  readonly events: readonly Ready[]
}

/** @throws what `pg` throws. */
export async function prepare(context: EventsContext, source: string, batch: EventBatch): Promise<ReadyBatch> {
  const { vault } = context
  const now = context.now()
  const byKey = new Map<string, Tidied>()
  for (const each of batch.events) {
    const tidied = tidy(each, now)
    const key = tidied.key ?? `unnamed ${vault.digest('event-unnamed', [textOf(each)]).toString('base64url')}`
    if (!byKey.has(key)) byKey.set(key, tidied)
  }
  const all = [...byKey]
  const owners = await whoseAtSource(
    context,
    source,
    all.map(([, { event }]) => event),
  )
  const events = all.map(([key, tidied], i) => ({
    ...tidied,
    digest: vault.digest('event-key', [source, key]).subarray(0, keyBytes),
    older: vault.formerDigests('event-key', [source, key]).map((digest) => digest.subarray(0, keyBytes)),
    whose: owners.get(i) ?? null,
  }))
  return { batch, events }
}

/** The same for the same event, as far as it can be told apart at all. */
function textOf(reported: ReportedEvent): string {
  try {
    return JSON.stringify(reported).slice(0, 65_536)
  } catch {
    // Nothing that JSON can say: told again, it is kept again.
    return randomUUID()
  }
}
