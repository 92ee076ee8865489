/** The log of events without the rest of the gateway, or with nothing of it: what a connector hands over is appended, or written as it is. */
import pg from 'pg'
import type { EventBatch } from '../src/connector/contract.ts'
import { appendReady } from '../src/events/append.ts'
import type { EventsContext } from '../src/events/context.ts'
import { readAhead } from '../src/events/read-ahead.ts'
import { answerParent } from './child-process.ts'
import type { SimulatorFacts } from './door-systems.ts'
import { type EventsRequest, openEvents } from './open-events.ts'
import { insertPlain, type PlainEvent, plainEvent, source } from './plain-events.ts'
import { reportedSince } from './reported-events.ts'

export interface CollectRequest {
  readonly facts: SimulatorFacts
  readonly cursor: string
  readonly events: number
}

let batches: EventBatch[] = []
let plain: PlainEvent[][] = []
let context: EventsContext | null = null

/** As a connector would hand them over. */
async function* collected(): AsyncGenerator<EventBatch> {
  yield* batches
}

answerParent(
  {
    /** Has ready what is appended later; returns how many batches that is. */
    async collect({ facts, cursor, events }: CollectRequest): Promise<number> {
      batches = await reportedSince(facts, cursor, events)
      const receivedAt = new Date()
      let position = 0
      plain = batches.map((batch) => batch.events.map((reported) => plainEvent(++position, receivedAt, reported)))
      return batches.length
    },
    /** All of it, into empty tables; returns in how many ms. */
    async append(request: EventsRequest): Promise<number> {
      context ??= await openEvents(request)
      context.seen.clear()
      const begun = performance.now()
      const { signal } = new AbortController()
      for await (const { ready, meanwhile } of readAhead(context, source, collected, signal))
        await appendReady(context, source, ready, undefined, meanwhile)
      return performance.now() - begun
    },
    /** The floor: the rows lie ready, and are only written. */
    async insert({ database }: EventsRequest): Promise<number> {
      const client = new pg.Client({ ...database, options: '-c search_path=gatehouse' })
      await client.connect()
      try {
        const begun = performance.now()
        for (const rows of plain) await insertPlain(client, rows)
        return performance.now() - begun
      } finally {
        await client.end()
      }
    },
  },
  async () => context?.database.close(),
)
