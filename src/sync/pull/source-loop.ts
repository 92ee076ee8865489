/** Watches a source and takes in whatever it delivers, one delivery at a time, oldest first. */
import type { Delivery, PeopleCapability } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import { errorCode } from '../../model/error-code.ts'
import { sleep } from '../../model/sleep.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { isSuperseded } from '../configuration/in-force.ts'
import type { SourceSetup, SyncContext } from '../context.ts'
import { cursorOf } from './cursor.ts'
import { newMemory, type PullReport, pull, refuse } from './pull.ts'
import { offersColumns } from './pull-brakes.ts'

export interface SourceLoop {
  /** Takes in everything that waits now; concurrent calls share the same run. */
  drain(): Promise<readonly PullReport[]>
  stop(): Promise<void>
}

/** After a failure the source is looked at again this much later, and later and later when it goes on failing. */
const retryMs = 2_000
const retryMsMax = 32_000
/** So many failures in a row cost no more than the first. */
const patience = 3
/** A login that was refused is not tried like a connection that broke. */
const refusedMs = 60_000

export function startSourceLoop(context: SyncContext, source: SourceSetup, people: PeopleCapability): SourceLoop {
  const stopping = new AbortController()
  const memory = newMemory()
  let current: Promise<readonly PullReport[]> | null = null
  let again = false
  /** The last look at it went well. */
  let reads = false
  let failures = 0

  async function drainOnce(): Promise<readonly PullReport[]> {
    const reports: PullReport[] = []
    while (!stopping.signal.aborted) {
      try {
        if (memory.cursor === undefined) memory.cursor = await cursorOf(context, source)
        const delivery = await people.read(stopping.signal, memory.cursor)
        if (delivery === null) return reports
        reports.push(await traced(delivery))
        // It stays the oldest until a person has accepted its columns, mended the mapping, or taken it away.
        if (memory.waits !== null) return reports
      } catch (error) {
        if (stopping.signal.aborted) return reports
        if (error instanceof ConnectorError && error.kind === 'rejected')
          reports.push(await refuse(context, source.id, error))
        else throw error
      }
    }
    return reports
  }

  /** Whatever follows from a delivery belongs to its trace, lock-outs in other processes included. */
  function traced(delivery: Delivery): Promise<PullReport> {
    const options = { begunAt: delivery.arrivedAt, from: null }
    return context.traces.span(
      'pull',
      { source: source.id },
      async (span) => {
        const report = await pull(context, source, delivery, stopping.signal, memory)
        const { outcome, records, changed, problems, missing } = report
        span.set({ outcome, records, changed, problems, missing })
        return report
      },
      options,
    )
  }

  async function drain(): Promise<readonly PullReport[]> {
    again = true
    current ??= (async () => {
      const all: PullReport[] = []
      try {
        while (again) {
          again = false
          all.push(...(await drainOnce()))
        }
        return all
      } finally {
        current = null
      }
    })()
    return current
  }

  async function guarded(): Promise<void> {
    try {
      await drain()
      reads = true
      failures = 0
    } catch (error) {
      reads = false
      memory.cursor = undefined
      failures += 1
      if (!isSuperseded(error)) await tell('source.failed', error)
      await sleep(restAfter(error, failures), stopping.signal)
      again = true
    }
  }

  /** Said once; while the store is away nobody can know, and it is said each time. */
  async function tell(alarm: 'source.failed' | 'source.watch-failed', error: unknown): Promise<void> {
    const news = await raiseAlarm(context.database.pool, context.vault, alarm, source.id).catch(() => true)
    if (news) context.log('error', alarm, { source: source.id, code: errorCode(error) })
  }

  async function look(): Promise<void> {
    do await guarded()
    while (again && !stopping.signal.aborted)
  }

  /** A watch that fails is begun anew, and the source looked at each time: it would be missed only when it is late. */
  async function watch(): Promise<void> {
    let isWatched = false
    while (!stopping.signal.aborted) {
      try {
        await look()
        for await (const _ of people.watch(stopping.signal)) {
          if (!isWatched) await clearAlarm(context.database.pool, context.vault, 'source.watch-failed', source.id)
          isWatched = true
          await look()
        }
      } catch (error) {
        if (stopping.signal.aborted) return
        isWatched = false
        await tell('source.watch-failed', error)
      }
      await sleep(retryMs, stopping.signal)
    }
  }

  /**
   * What is not urgent enough to keep the next delivery waiting: an alarm about a source that can be read again is over, also one of an
   * earlier process; and whoever accepts columns may do so in another process.
   */
  async function attend(): Promise<void> {
    for (let told = false; !stopping.signal.aborted; ) {
      await sleep(retryMs, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        if (reads && !told) await clearAlarm(context.database.pool, context.vault, 'source.failed', source.id)
        told = reads
        if (memory.waits === 'acceptance' && !(await offersColumns(context, source.id))) await look()
      } catch (error) {
        context.log('warn', 'source.unattended', { source: source.id, code: errorCode(error) })
      }
    }
  }

  const watching = Promise.all([watch(), attend()])

  return {
    drain,
    async stop() {
      stopping.abort(new Error('stopping'))
      await watching
      await current?.catch(() => undefined)
    },
  }
}

/** How long a source is left alone after so many failures in a row, in ms; a source that asked for a pause gets it. */
function restAfter(error: unknown, failures: number): number {
  if (error instanceof ConnectorError && error.kind === 'unauthenticated') return refusedMs
  const asked = error instanceof ConnectorError && error.kind === 'throttled' ? (error.retryAfterMs ?? 0) : 0
  return Math.max(asked, Math.min(retryMsMax, retryMs * 2 ** Math.max(0, failures - patience)))
}
