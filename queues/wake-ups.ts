/** Wakes whoever serves a target's lane, in this process or another; holds nothing but target ids and loses nothing but time. */
import type pg from 'pg'
import type { Lane } from '../src/model/lane.ts'
import type { Backend, WakeUpQueue } from './backend.ts'
import { QueueFailure, reportOnce, within } from './failure.ts'
import { LaneRunner, type Pump } from './lane-runner.ts'
import { lanes, queueName, type Slot, slotOf } from './names.ts'
import { openPostgresBackend } from './postgres-backend.ts'
import { openRedisBackend, type RedisBackendOptions } from './redis-backend.ts'

export interface WakeUp {
  readonly target: string
  readonly lane: Lane
  /** Whole ms, 0 when left out. The lane is looked at then or up to a sixteenth of it (at least 50 ms) later, never earlier. */
  readonly delayMs?: number
}

export interface Consumer {
  /**
   * Takes no more messages, lets running pumps go on for `limitMs` (10 s by default), then aborts their signal and waits 1 s more.
   * Never rejects. What was not finished is seen by the next process that consumes the target.
   */
  close(limitMs?: number): Promise<void>
}

export interface WakeUps {
  /**
   * Asks for lanes to be looked at. A wake-up is merged with one that still waits for the same lane; one sent while a pump runs
   * leads to another run, beside it when a slot is free, else after it.
   * @throws QueueFailure within 2 s when the store does not take them all; sending again does no harm.
   * @throws RangeError for a target, lane or delay that can't exist; then nothing was sent.
   */
  send(wakes: readonly WakeUp[]): Promise<void>
  /**
   * Has lanes looked at that this process serves, without the store: for wake-ups that it did not take. Those of other processes are
   * left to them, and delayed ones to the sweeper.
   */
  wakeHere(wakes: readonly WakeUp[]): void
  /**
   * Serves a target's two lanes in this process. `pump` is called once for each lane at the start and after the store was away,
   * then per wake-up; at most `urgentSlots` (4) and `bulkSlots` (2) at once. It reads what is due *after* it was called, and
   * may be called when nothing is. What it throws is dropped unread, and it is called again a second later.
   */
  consume(
    target: string,
    pump: Pump,
    options?: { readonly urgentSlots?: number; readonly bulkSlots?: number },
  ): Promise<Consumer>
  /** Never rejects; `detail` is a code of `failure.ts`. */
  health(): Promise<{ backend: 'redis' | 'postgresql'; ok: boolean; detail?: string }>
  /** Deletes stored events older than a minute. For the scheduler role, every minute. @throws QueueFailure */
  trim(): Promise<void>
  /** Closes the consumers that are still open, then the connections. Never rejects. */
  close(): Promise<void>
}

export interface WakeUpOptions {
  /** Redis when given, else PostgreSQL. */
  readonly redis?: RedisBackendOptions
  readonly pg: {
    /** How to connect as the runtime role. */
    readonly config: pg.PoolConfig
    /** BullMQ's own schema. */
    readonly schema: string
  }
  /** Called with a code of `failure.ts`, each at most once in ten seconds. */
  readonly onError: (code: string) => void
}

interface Message extends Slot {
  readonly name: string
  readonly target: string
  readonly lane: Lane
}

const answerMs = 2_000
const eventAgeMs = 60_000

/**
 * Opens the queue store. With Redis it waits 2 s at most for it to be there, and does without.
 * @throws QueueFailure when PostgreSQL is the store and can't be reached or its tables can't be made.
 */
export async function openWakeUps(options: WakeUpOptions): Promise<WakeUps> {
  const onError = reportOnce(options.onError)
  const backend =
    options.redis !== undefined
      ? await openRedisBackend(options.redis, onError)
      : await within(30_000, openPostgresBackend(options.pg, onError))
  return new StoredWakeUps(backend, onError)
}

class StoredWakeUps implements WakeUps {
  readonly #backend: Backend
  readonly #onError: (error: unknown) => void
  readonly #queues = new Map<string, WakeUpQueue>()
  readonly #consumers = new Set<Consumer>()
  readonly #runners = new Map<LaneRunner, string>()

  constructor(backend: Backend, onError: (error: unknown) => void) {
    this.#backend = backend
    this.#onError = onError
    backend.onRestored(() => {
      for (const runner of this.#runners.keys()) runner.kick()
    })
  }

  async send(wakes: readonly WakeUp[]): Promise<void> {
    const now = Date.now()
    const messages = new Map<string, Message>()
    for (const { target, lane, delayMs = 0 } of wakes) {
      const name = queueName(target, lane)
      const slot = slotOf(delayMs, now)
      messages.set(`${name} ${slot.id}`, { name, target, lane, ...slot })
    }
    try {
      await within(answerMs, this.#add([...messages.values()]))
    } catch (error) {
      this.#backend.reset()
      throw error
    }
  }

  async #add(messages: readonly Message[]): Promise<void> {
    for (const lane of lanes) {
      const ofLane = messages.filter((message) => message.lane === lane)
      await Promise.all(
        ofLane.map(({ name, target, id, delayMs }) =>
          this.#queue(name).add('wake', { target }, { delay: delayMs, deduplication: { id } }),
        ),
      )
    }
  }

  wakeHere(wakes: readonly WakeUp[]): void {
    const due = wakes.filter(({ delayMs = 0 }) => delayMs === 0)
    const names = new Set(due.map(({ target, lane }) => queueName(target, lane)))
    for (const [runner, name] of this.#runners) if (names.has(name)) runner.kick()
  }

  async consume(
    target: string,
    pump: Pump,
    options: { readonly urgentSlots?: number; readonly bulkSlots?: number } = {},
  ) {
    const slots: Record<Lane, number> = { urgent: options.urgentSlots ?? 4, bulk: options.bulkSlots ?? 2 }
    const ends = lanes.map((lane) =>
      this.#serve(queueName(target, lane), { lane, slots: slots[lane], pump, onError: this.#onError }),
    )
    const consumer: Consumer = {
      close: async (limitMs = 10_000) => {
        this.#consumers.delete(consumer)
        await Promise.all(ends.map((end) => end(limitMs)))
      },
    }
    this.#consumers.add(consumer)
    return consumer
  }

  /** Starts one lane; returns what ends it. */
  #serve(name: string, options: ConstructorParameters<typeof LaneRunner>[0]): (limitMs: number) => Promise<void> {
    const runner = new LaneRunner(options)
    const worker = this.#backend.openWorker(
      name,
      (job) => runner.serve(() => job.removeDeduplicationKey()),
      options.slots,
    )
    this.#runners.set(runner, name)
    runner.kick()
    return async (limitMs) => {
      this.#runners.delete(runner)
      // Closing waits for running messages, and for a store that is away it would wait for ever.
      const closed = worker.close().catch(this.#onError)
      await runner.close(limitMs)
      await within(answerMs, closed).catch(this.#onError)
    }
  }

  async health() {
    const backend = this.#backend.kind
    try {
      await within(answerMs, this.#backend.ping())
      return { backend, ok: true }
    } catch (error) {
      return { backend, ok: false, detail: error instanceof QueueFailure ? error.code : 'queue.store-failed' }
    }
  }

  async trim(): Promise<void> {
    await within(answerMs * 5, this.#backend.trim(eventAgeMs))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()))
    for (const queue of this.#queues.values()) await within(answerMs, queue.close()).catch(this.#onError)
    await within(answerMs, this.#backend.close()).catch(this.#onError)
  }

  #queue(name: string): WakeUpQueue {
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    const queue = this.#backend.openQueue(name)
    this.#queues.set(name, queue)
    // A queue whose first contact failed stays unusable, so the next send makes a new one.
    queue.waitUntilReady().catch((error: unknown) => {
      this.#onError(error)
      this.#queues.delete(name)
    })
    return queue
  }
}
