/** Turns committed outbox rows into wake-ups within milliseconds; a row is gone only after its wake-up was taken. */
import pg from 'pg'
import type { Lane } from '../src/model/lane.ts'
import type { Traces } from '../src/telemetry/traces.ts'
import { QueueFailure, reportOnce } from './failure.ts'
import { delayMsMax, isTargetId, lanes } from './names.ts'
import type { WakeUp, WakeUps } from './wake-ups.ts'

export interface OutboxDrain {
  /** Waits for the round that runs, then ends the LISTEN connection. Never rejects. */
  stop(): Promise<void>
  /** Drains now, as if PostgreSQL had notified us. */
  kick(): void
}

export interface OutboxDrainOptions {
  /** The runtime role's pool; a round holds one of its connections. Listening takes a connection of its own beside it. */
  readonly pool: pg.Pool
  readonly wakeUps: Pick<WakeUps, 'send' | 'wakeHere'>
  /** Called with a code of `failure.ts`, each at most once in ten seconds. */
  readonly onError: (code: string) => void
  readonly traces: Traces
}

const pollMs = 1_000
const backoffMsMax = 2_000
const batchMax = 500

// Urgent rows first. Rows that another process holds are skipped, so that several may drain at once.
const claim = `delete from gatehouse.outbox where id in (
  select id from gatehouse.outbox order by urgent desc, id limit ${batchMax} for update skip locked
) returning target, lane, delay_ms`

interface OutboxRow {
  readonly target: string
  readonly lane: Lane
  readonly delay_ms: number
}

/** Starts at once and goes on until stopped, whatever fails meanwhile. */
export function startOutboxDrain(options: OutboxDrainOptions): OutboxDrain {
  return new Drain(options)
}

class Drain implements OutboxDrain {
  readonly #pool: pg.Pool
  readonly #wakeUps: Pick<WakeUps, 'send' | 'wakeHere'>
  readonly #onError: (error: unknown) => void
  readonly #traces: Traces
  readonly #loop: Promise<void>
  #listener: Promise<void> | undefined
  #endListener: (() => Promise<void>) | undefined
  #stopped = false
  #asked = false
  #failures = 0
  #wake: () => void = () => undefined

  constructor({ pool, wakeUps, onError, traces }: OutboxDrainOptions) {
    this.#pool = pool
    this.#wakeUps = wakeUps
    this.#onError = reportOnce(onError)
    this.#traces = traces
    this.#loop = this.#run()
  }

  kick(): void {
    this.#asked = true
    // While the store is away a notice doesn't shorten the wait: it would be one failed round per change.
    if (this.#failures === 0) this.#wake()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#loop
    await this.#listener
    await this.#endListener?.()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#endListener === undefined) this.#listener ??= this.#listen()
      this.#asked = false
      try {
        const claimed = await this.#round()
        this.#failures = 0
        if (claimed === batchMax || this.#asked) continue
        await this.#pause(pollMs)
      } catch (error) {
        this.#failures += 1
        this.#onError(error instanceof QueueFailure ? error : new QueueFailure('queue.outbox-failed'))
        await this.#pause(Math.min(backoffMsMax, 50 * 2 ** this.#failures) * (0.75 + Math.random() / 4))
      }
    }
  }

  /** One batch: claimed, sent, committed. A failed send rolls back; a failed commit leads to the same wake-ups again. */
  async #round(): Promise<number> {
    const client = await this.#pool.connect()
    const begunAt = new Date()
    let broken = true
    try {
      await client.query('begin')
      try {
        const { rows } = await client.query<OutboxRow>(claim)
        if (rows.length > 0) await this.#send(this.#wakesOf(rows))
        await client.query('commit')
        broken = false
        if (rows.length > 0) this.#traces.note('outbox.drain', { wakeUps: rows.length }, { begunAt })
        return rows.length
      } catch (error) {
        await client.query('rollback')
        broken = false
        throw error
      }
    } finally {
      client.release(broken)
    }
  }

  /** What the queue store does not take is looked at here at once, as far as this process serves it; the rows stay for the others. */
  async #send(wakes: readonly WakeUp[]): Promise<void> {
    try {
      await this.#wakeUps.send(wakes)
    } catch (error) {
      this.#wakeUps.wakeHere(wakes)
      throw error
    }
  }

  /** One wake-up per target, lane and delay. A row that can name nothing must not hold up the others, so it is dropped. */
  #wakesOf(rows: readonly OutboxRow[]): WakeUp[] {
    const wakes = new Map<string, WakeUp>()
    for (const { target, lane, delay_ms: delayMs } of rows) {
      if (!isTargetId(target) || !lanes.includes(lane) || !(delayMs >= 0 && delayMs <= delayMsMax)) {
        this.#onError(new QueueFailure('queue.outbox-row-refused'))
        continue
      }
      wakes.set(`${target} ${lane} ${delayMs}`, { target, lane, delayMs })
    }
    return [...wakes.values()]
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Listens on a connection of its own; when that fails or drops, the next round tries again and the poll bridges the gap. */
  async #listen(): Promise<void> {
    const client = new pg.Client({ ...this.#pool.options, password: this.#pool.options.password, keepAlive: true })
    const end = async () => {
      client.removeAllListeners('notification')
      this.#endListener = undefined
      await client.end().catch(() => undefined)
    }
    client.on('error', (error) => {
      this.#onError(error)
      if (this.#endListener !== end) return
      void end()
      // Not only at the next poll: what is committed from now on is heard of through the new connection.
      this.#wake()
    })
    client.on('notification', () => this.kick())
    try {
      await client.connect()
      await client.query('listen gatehouse_outbox')
      this.#endListener = end
      // What was committed before we listened.
      this.kick()
    } catch (error) {
      this.#onError(error)
      await end()
    } finally {
      this.#listener = undefined
    }
  }
}
