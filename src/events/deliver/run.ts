/**
 * Delivers one subscription for as long as this process leads it: in order, each event at least once, the next page read while a batch is on
 * its way. Positions move only over what the receiver took, or will never be given.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Delivered } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import { errorCode } from '../../model/error-code.ts'
import type { FailureKind } from '../../model/failure.ts'
import { sleep } from '../../model/sleep.ts'
import { openTrouble } from '../../model/trouble.ts'
import { addDeliveries, type Tried } from '../../store/subscriptions/deliveries.ts'
import { noteFailing } from '../../store/subscriptions/row.ts'
import { Ahead, type Batch, together } from './ahead.ts'
import { Commits, type How, LostLeadError, spansOf } from './commits.ts'
import type { DeliverContext, SubscriptionSetup } from './context.ts'
import { disableByItself } from './decide.ts'
import type { FeedItem } from './feed.ts'
import { givenUpAfterMs, remainingMs } from './retry.ts'
import { callSink } from './sink-call.ts'
import { followNewSources } from './sources.ts'

const tendEveryMs = 60_000

export interface Lead {
  /** Of this process. */
  readonly owner: string
  readonly epoch: number
  /** By source. */
  readonly positions: ReadonlyMap<string, number>
  /** As the store says. */
  readonly failing: {
    readonly attempts: number
    readonly since: Date | null
    readonly nextTryAt: Date | null
  }
}

export interface Run {
  /** A source may have something new. */
  wake(source: string): void
  /** Settles when it has ended, by `stop` or because another process leads, or somebody moved the positions. Never rejects. */
  readonly ended: Promise<void>
  /** Begins nothing new; what is on its way has `withinMs`, then it is delivered again by whoever goes on. */
  stop(withinMs: number): Promise<void>
}

interface Failure {
  readonly kind: FailureKind
  readonly code: string
  readonly retryAfterMs: number | undefined
}

/** One event that was refused alone, and whatever is passed over behind it. */
interface Doubted extends How {
  readonly batch: Batch
  readonly code: string
}

/** Begins at once. */
export function runSubscription(context: DeliverContext, setup: SubscriptionSetup, lead: Lead): Run {
  const ending = new AbortController()
  const aborting = new AbortController()
  const runner = new Runner(context, setup, lead, ending.signal, aborting.signal)
  const ended = runner.run()
  return {
    wake: (source) => runner.wake(source),
    ended,
    async stop(withinMs) {
      ending.abort(new Error('stopping'))
      const late = delay(withinMs, undefined, { ref: false }).then(() => aborting.abort(new Error('stopping')))
      await Promise.race([ended, late.then(() => ended)])
    },
  }
}

class Runner {
  readonly #context: DeliverContext
  readonly #setup: SubscriptionSetup
  readonly #lead: Lead
  readonly #ending: AbortSignal
  readonly #aborting: AbortSignal
  readonly #ahead: Ahead
  readonly #commits: Commits
  readonly #trouble = openTrouble()
  #woken = Promise.withResolvers<void>()
  #polledAt = Number.NEGATIVE_INFINITY
  #sentAt = Number.NEGATIVE_INFINITY
  #tendedAt = Number.NEGATIVE_INFINITY
  #attempts: number
  #failingSince: Date | null
  #nextTryAt: Date | null
  /** Fewer than the receiver bears, after it took none. */
  #limit: number
  /** One that was refused alone: is it the event, or the receiver? The next one tells. */
  #doubted: Doubted | null = null
  /** It was the event, since the next one was taken: refused once more, it is given up. */
  #condemned: FeedItem | null = null

  constructor(
    context: DeliverContext,
    setup: SubscriptionSetup,
    lead: Lead,
    ending: AbortSignal,
    aborting: AbortSignal,
  ) {
    this.#context = context
    this.#setup = setup
    this.#lead = lead
    this.#ending = ending
    this.#aborting = aborting
    this.#ahead = new Ahead(setup.feed, lead.positions, setup.sink.batch.events * 2)
    this.#commits = new Commits(context, setup.id, lead)
    this.#attempts = lead.failing.attempts
    this.#failingSince = lead.failing.since
    this.#nextTryAt = lead.failing.nextTryAt
    this.#limit = this.#attempts > 0 ? 1 : setup.sink.batch.events
  }

  wake(source: string): void {
    this.#ahead.wake(source)
    this.#woken.resolve()
    // Beside what is on its way; what fails here is met again when it is waited for.
    this.#ahead.refill().catch(() => undefined)
  }

  async run(): Promise<void> {
    while (!this.#ending.aborted) {
      try {
        await this.#step()
        const over = this.#trouble.over()
        if (over !== null) this.#context.log('info', 'subscription.goes-on', { subscription: this.#setup.id, ...over })
      } catch (error) {
        if (error instanceof LostLeadError || this.#aborting.aborted) return
        const code = errorCode(error)
        if (this.#trouble.failed(code))
          this.#context.log('warn', 'subscription.stuck', { subscription: this.#setup.id, code })
        await sleep(this.#context.pace.pollMs, this.#ending)
      }
    }
  }

  async #step(): Promise<void> {
    await sleep(remainingMs(this.#nextTryAt, this.#context.now()), this.#ending)
    if (this.#ending.aborted) return
    await this.#tend()
    const batch = await this.#next()
    if (this.#ending.aborted) return
    if (batch === null) {
      // There is no other to prove the receiver by.
      if (this.#doubted !== null) await this.#failed(null, this.#doubted, refusedBy(this.#doubted.code))
      else await Promise.race([this.#woken.promise, sleep(this.#context.pace.pollMs, this.#ending)])
      return
    }
    this.#sentAt = performance.now()
    this.#ahead.refill().catch(() => undefined)
    if (batch.items.length > 0) await this.#try(batch)
    else if (this.#doubted !== null) this.#doubted = { ...this.#doubted, batch: together(this.#doubted.batch, batch) }
    else await this.#commits.pass(batch)
  }

  /** What time alone ends at the receiver. Where that fails, a delivery meets the same, and counts as failed. */
  async #tend(): Promise<void> {
    const { sink, callLimitMs } = this.#setup
    if (sink.tend === undefined || performance.now() - this.#tendedAt < tendEveryMs) return
    this.#tendedAt = performance.now()
    await sink.tend(AbortSignal.any([this.#aborting, AbortSignal.timeout(callLimitMs)]))
  }

  /** Null when nothing waits. */
  async #next(): Promise<Batch | null> {
    if (performance.now() - this.#polledAt > this.#context.pace.pollMs) {
      this.#polledAt = performance.now()
      await followNewSources(this.#context, this.#setup, this.#lead, this.#ahead)
      this.#ahead.wake()
    }
    this.#woken = Promise.withResolvers()
    if (this.#ahead.size < this.#limit) await this.#ahead.refill()
    const rest = this.#context.pace.gatherMs - (performance.now() - this.#sentAt)
    if (this.#ahead.size < this.#limit && this.#doubted === null && rest > 0) {
      await sleep(rest, this.#ending)
      await this.#ahead.refill()
    }
    return this.#ahead.take({ events: this.#limit, bytes: this.#setup.sink.batch.bytes })
  }

  async #try(batch: Batch): Promise<void> {
    const { sink, callLimitMs } = this.#setup
    const begunAt = this.#context.now()
    const begun = performance.now()
    const events = batch.items.map(({ event }) => event)
    let answer: Delivered
    try {
      answer = await callSink(sink, events, callLimitMs, this.#aborting)
    } catch (error) {
      if (this.#aborting.aborted) throw error
      const failure = failureFrom(error)
      const how = { begunAt, longestMs: performance.now() - begun, status: null }
      if (failure.kind === 'rejected' && failure.code !== 'sink.gone') await this.#refused(batch, failure.code, how)
      else await this.#failed(batch, how, failure)
      return
    }
    const how = { begunAt, longestMs: performance.now() - begun, status: answer.status }
    const [first] = answer.refused
    if (first !== undefined && answer.refused.length === events.length) await this.#refused(batch, first.code, how)
    else await this.#taken(batch, answer, how)
  }

  async #taken(batch: Batch, { refused, status }: Delivered, how: How): Promise<void> {
    this.#limit = Math.min(this.#limit * 2, this.#setup.sink.batch.events)
    if (this.#doubted !== null) {
      // Before it is given up, it is asked for once more: the receiver may have been mended in between.
      this.#condemned = this.#doubted.batch.items[0] ?? null
      this.#goBack(batch)
      this.#limit = 1
      return
    }
    const givenUp = refused.flatMap(({ index, code }) => {
      const item = batch.items[index]
      return item === undefined ? [] : [{ ...how, status, item, code }]
    })
    await this.#commits.taken(batch, givenUp, { ...how, attempt: this.#attempts + 1 })
    this.#condemned = null
    this.#attempts = 0
    this.#failingSince = null
    this.#nextTryAt = null
  }

  /** In halves, down to one; and that one is given up only where the receiver takes another, else it is the receiver that is at fault. */
  async #refused(batch: Batch, code: string, how: How): Promise<void> {
    const [first] = batch.items
    if (this.#doubted !== null) await this.#failed(batch, how, refusedBy(code))
    else if (batch.items.length === 1 && first === this.#condemned)
      await this.#taken(batch, { refused: [{ index: 0, code }], status: how.status }, how)
    else if (batch.items.length === 1) {
      this.#doubted = { ...how, batch, code }
      this.#limit = 1
    } else {
      await this.#note(batch, how, code, this.#attempts + 1)
      this.#ahead.putBack(batch)
      this.#limit = Math.ceil(batch.items.length / 2)
    }
  }

  /** Everything that was taken from the line waits in it again, as it was. */
  #goBack(batch: Batch | null): void {
    if (batch !== null) this.#ahead.putBack(batch)
    if (this.#doubted !== null) this.#ahead.putBack(this.#doubted.batch)
    this.#doubted = null
  }

  /** `batch`: null when it was the doubted one alone. */
  async #failed(batch: Batch | null, how: How, failure: Failure): Promise<void> {
    const { id } = this.#setup
    const { database, metrics, now, log, pace } = this.#context
    const tried = batch ?? this.#doubted?.batch
    this.#goBack(batch)
    this.#condemned = null
    this.#attempts += 1
    this.#failingSince ??= now()
    this.#nextTryAt = new Date(now().getTime() + pace.retryMs(failure, this.#attempts, Math.random()))
    // What takes too long as a whole may be taken in parts; and one that was away is not met with all that waits.
    if (failure.kind !== 'throttled') this.#limit = Math.max(1, this.#limit >> 1)
    metrics.failed(id, failure.kind)
    if (this.#attempts === 1) log('warn', 'subscription.failing', { subscription: id, code: failure.code })
    if (tried !== undefined) await this.#note(tried, how, failure.code, this.#attempts)
    const failingSince = this.#failingSince
    await noteFailing(database.pool, id, this.#lead.owner, {
      ...{ attempts: this.#attempts, failingSince, nextTryAt: this.#nextTryAt },
      ...{ kind: failure.kind, code: failure.code },
    })
    const isGone = failure.code === 'sink.gone'
    if (isGone || now().getTime() - failingSince.getTime() >= givenUpAfterMs) {
      await disableByItself(this.#context, id, isGone ? 'sink.gone' : 'subscription.given-up')
      throw new LostLeadError()
    }
  }

  async #note(batch: Batch, how: How, code: string, attempt: number): Promise<void> {
    const tried: Tried = {
      ...{ ...how, outcome: 'failed', endedAt: this.#context.now(), spans: spansOf(batch.moves), batches: 1 },
      ...{ events: batch.items.length, erased: 0, unfiltered: 0, lost: 0, attempt, code },
    }
    await addDeliveries(this.#context.database.pool, this.#setup.id, [tried])
  }
}

function refusedBy(code: string): Failure {
  return { kind: 'rejected', code, retryAfterMs: undefined }
}

/** Whatever it is that no connector says, may pass. */
function failureFrom(error: unknown): Failure {
  if (!(error instanceof ConnectorError)) return { kind: 'transient', code: errorCode(error), retryAfterMs: undefined }
  return { kind: error.kind, code: error.code, retryAfterMs: error.retryAfterMs }
}
