/** Writes down what was taken, in one transaction: how far the subscription is, and what became of it. */
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { addDeliveries, extendDelivery, type Spans, type Tried } from '../../store/subscriptions/deliveries.ts'
import { type Move, movePositions } from '../../store/subscriptions/positions.ts'
import { forgetFailing, noteTaken } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Batch } from './ahead.ts'
import type { DeliverContext } from './context.ts'
import type { FeedItem } from './feed.ts'

/** Another process leads, or somebody moved the positions: whoever leads next reads them anew. */
export class LostLeadError extends Error {
  override readonly name = 'LostLeadError'
}

/** How a call went. */
export interface How {
  readonly begunAt: Date
  readonly longestMs: number
  readonly status: number | null
}

interface RefusedItem extends How {
  readonly item: FeedItem
  readonly code: string
}

/** What goes well within this is one row. */
const rowMs = 10_000
/** That something was taken is noted no more often. */
const notedMs = 1_000

export class Commits {
  readonly #context: DeliverContext
  readonly #id: string
  readonly #lead: { readonly owner: string; readonly epoch: number }
  #row: { readonly id: string; readonly tried: Tried } | null = null
  #notedAt = Number.NEGATIVE_INFINITY

  constructor(context: DeliverContext, id: string, lead: { readonly owner: string; readonly epoch: number }) {
    this.#context = context
    this.#id = id
    this.#lead = lead
  }

  /** Nothing of it is for this receiver. @throws LostLeadError */
  async pass(batch: Batch): Promise<void> {
    const now = this.#context.now()
    await this.#write(batch, [], {
      ...countsOf(batch),
      outcome: 'taken',
      begunAt: now,
      endedAt: now,
      batches: 0,
      attempt: 1,
    })
  }

  /** `refused` among them are given up. @throws LostLeadError */
  async taken(batch: Batch, refused: readonly RefusedItem[], how: How & { readonly attempt: number }): Promise<void> {
    const endedAt = this.#context.now()
    const given = new Set(refused.map(({ item }) => item))
    const done = batch.items.filter((item) => !given.has(item))
    const tried = { ...countsOf(batch), ...how, outcome: 'taken', endedAt, batches: 1, events: done.length } as const
    await this.#write(batch, refused, tried)
    const { metrics } = this.#context
    const seconds = done.map(({ receivedAt }) => (endedAt.getTime() - receivedAt.getTime()) / 1_000)
    metrics.delivered(this.#id, done.length, seconds)
    if (refused.length > 0) metrics.refused(this.#id, refused.length)
  }

  async #write(batch: Batch, refused: readonly RefusedItem[], tried: Tried): Promise<void> {
    const { database, vault } = this.#context
    const lead = { subscription: this.#id, ...this.#lead }
    const isNews = tried.batches > 0 && performance.now() - this.#notedAt > notedMs
    this.#row = await inTransaction(database.pool, async (client) => {
      if (!(await movePositions(client, vault, lead, batch.moves))) throw new LostLeadError()
      if (tried.attempt > 1) {
        await forgetFailing(client, this.#id)
        await clearAlarm(client, vault, 'subscription.failing', this.#id)
      }
      if (isNews) await noteTaken(client, this.#id, tried.endedAt)
      if (batch.lost > 0) await raiseAlarm(client, vault, 'subscription.gap', this.#id, batch.lost)
      await addDeliveries(
        client,
        this.#id,
        refused.map((each) => refusedRow(each, batch, tried)),
      )
      const isWorthARow = tried.batches + tried.erased + tried.unfiltered + tried.lost > 0
      return isWorthARow ? this.#record(client, tried) : this.#row
    })
    if (isNews) this.#notedAt = performance.now()
  }

  async #record(
    client: Parameters<typeof extendDelivery>[0],
    tried: Tried,
  ): Promise<{ id: string; tried: Tried } | null> {
    const open = this.#row
    if (open !== null && tried.attempt === 1 && tried.endedAt.getTime() - open.tried.begunAt.getTime() < rowMs) {
      const whole = sumOf(open.tried, tried)
      if (await extendDelivery(client, open.id, whole)) return { id: open.id, tried: whole }
    }
    const id = await addDeliveries(client, this.#id, [tried])
    return id === null ? null : { id, tried }
  }
}

function countsOf({ moves, erased, unfiltered, lost }: Batch) {
  const spans = spansOf(moves)
  return { spans, erased, unfiltered, lost, events: 0, status: null, code: null, longestMs: 0 }
}

function refusedRow({ item, code, status, begunAt, longestMs }: RefusedItem, { segments }: Batch, tried: Tried): Tried {
  const source = segments.find(({ items }) => items.includes(item))?.source ?? ''
  return {
    ...{ outcome: 'refused', begunAt, endedAt: tried.endedAt, spans: { [source]: [item.position, item.position] } },
    ...{ batches: 1, events: 1, erased: 0, unfiltered: 0, lost: 0, attempt: tried.attempt, status, code, longestMs },
  }
}

/** What came right after it. */
function sumOf(first: Tried, next: Tried): Tried {
  const spans: Record<string, readonly [number, number]> = { ...first.spans }
  for (const [source, [from, to]] of Object.entries(next.spans)) spans[source] = [spans[source]?.[0] ?? from, to]
  return {
    ...first,
    spans,
    endedAt: next.endedAt,
    batches: first.batches + next.batches,
    events: first.events + next.events,
    erased: first.erased + next.erased,
    unfiltered: first.unfiltered + next.unfiltered,
    lost: first.lost + next.lost,
    status: next.status ?? first.status,
    longestMs: Math.max(first.longestMs, next.longestMs),
  }
}

/** Of the first position that was not done before to the last. */
export function spansOf(moves: readonly Move[]): Spans {
  return Object.fromEntries(moves.map(({ source, from, to }) => [source, [from + 1, to] as const]))
}
