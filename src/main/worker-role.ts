/** The worker role: leads targets, one process per target, and works through their lists whenever it is woken. */
import { randomUUID } from 'node:crypto'
import type { Consumer, WakeUps } from '../../queues/wake-ups.ts'
import type { EventsCapability } from '../connector/contract.ts'
import { ConnectorError } from '../connector/errors.ts'
import type { EventsContext } from '../events/context.ts'
import { errorCode } from '../model/error-code.ts'
import type { Lane } from '../model/lane.ts'
import { sleep } from '../model/sleep.ts'
import { openTrouble } from '../model/trouble.ts'
import { leadTarget, noteFailure, yieldTarget } from '../store/targets.ts'
import { urgentlyDue } from '../store/work.ts'
import type { TargetSetup } from '../sync/context.ts'
import { startTargetWorker, type TargetWorker } from '../sync/reconcile/worker.ts'
import { takeStock } from '../sync/restored/take-stock.ts'
import type { Log } from '../telemetry/log.ts'
import { openEventReader, standingOfTarget } from './event-reader.ts'
import { openGuardReader } from './guard-reader.ts'
import type { Engine } from './sync-context.ts'
import { openTargetReach } from './target-reach.ts'
import { openTargetReader } from './target-reader.ts'

/** So long a leader that died keeps its lead; another takes it at its next look after that. */
const leadMs = 3_000
const renewMs = 750
const levelsEveryMs = 600_000
/** A lock-out of which no message tells, since the queue store is away or hangs, waits no longer than this. */
const lookEveryMs = 500
const stopMs = 8_000

export interface Role {
  /** What runs has `withinMs` (8 s by default), then it is handed back. */
  stop(withinMs?: number): Promise<void>
}

interface Led {
  readonly worker: TargetWorker
  readonly consumer: Consumer
}

/** Targets whose events are read, and how. */
export interface FollowedEvents {
  readonly context: EventsContext
  readonly followed: ReadonlyMap<string, EventsCapability>
}

export async function startWorkerRole(
  engine: Engine,
  wakeUps: WakeUps,
  log: Log,
  events: FollowedEvents,
): Promise<Role> {
  const { context } = engine
  const processId = randomUUID()
  const leading = new Map<string, TargetWorker>()
  const ending = new AbortController()
  const stops = await Promise.all([...context.targets.values()].map((target) => follow(target)))

  async function follow(target: TargetSetup): Promise<(withinMs: number) => Promise<void>> {
    const { pool } = context.database
    const stopping = new AbortController()
    let led: Led | null = null
    let levelsAt = 0
    let stock: Promise<void> | null = null
    let discovering: Promise<void> | null = null
    const troubles = { lead: openTrouble(), health: openTrouble(), stock: openTrouble(), store: openTrouble() }
    const reach = openTargetReach(context, target, log)
    const reader = openTargetReader(engine, target, processId, log, stopping.signal)
    const capability = events.followed.get(target.id)
    const eventReader =
      capability === undefined
        ? null
        : openEventReader({ events: events.context, log }, standingOfTarget(context, target.id), target.id, capability)
    const guardReader =
      capability === undefined
        ? null
        : openGuardReader({ context, events: events.context, log }, target, stopping.signal)

    async function look(): Promise<void> {
      const leads = await leadTarget(pool, target.id, processId, leadMs)
      if (leads && led === null) {
        // Another process may have learnt the levels after this one began.
        await engine.levels.reload()
        const worker = traced(startTargetWorker(context, target, reach.now))
        led = {
          worker,
          consumer: await wakeUps.consume(target.id, (lane) => worker.pump(lane), { urgentSlots: 4, bulkSlots: 1 }),
        }
        leading.set(target.id, worker)
        log.info({ event: 'target.led', target: target.id }, 'leads the target')
      } else if (!leads && led !== null) await letGo(stopMs)
      // Beside this, which takes long: the lead is renewed meanwhile.
      if (leads) reader.look()
      if (leads) eventReader?.look()
      if (leads) guardReader?.look()
      if (leads)
        discovering ??= discover().finally(() => {
          discovering = null
        })
      if (leads) stock ??= lookAgain()
    }

    /** Beside the rest: a target that hangs must not cost the lead of it. */
    async function discover(): Promise<void> {
      try {
        // Neither waits for what the other may lack.
        const [asked] = await Promise.allSettled([reach.ask(stopping.signal)])
        if (Date.now() - levelsAt > levelsEveryMs) {
          await engine.levels.discover(target, stopping.signal)
          levelsAt = Date.now()
        }
        if (asked.status === 'rejected') throw asked.reason
        tellOver('health')
      } catch (error) {
        await report('health', error)
      }
    }

    /** After a restore; beside the rest, since it may take long. */
    async function lookAgain(): Promise<void> {
      try {
        await takeStock(context, target, stopping.signal)
        tellOver('stock')
      } catch (error) {
        await report('stock', error)
      } finally {
        stock = null
      }
    }

    async function report(where: keyof typeof troubles, error: unknown): Promise<void> {
      if (stopping.signal.aborted) return
      const code = errorCode(error)
      if (troubles[where].failed(code))
        log.warn({ event: 'target.not-reached', target: target.id, where, code }, 'target')
      // Also when nothing waits, somebody should know that the target is away.
      if (error instanceof ConnectorError && error.kind === 'transient') await note()
    }

    /** When the store is away, the next look finds out again. */
    async function note(): Promise<void> {
      try {
        await noteFailure(pool, target.id)
        troubles.store.over()
      } catch (error) {
        const code = errorCode(error)
        if (troubles.store.failed(code)) log.warn({ event: 'target.not-noted', target: target.id, code }, 'target')
      }
    }

    function tellOver(where: keyof typeof troubles): void {
      const over = troubles[where].over()
      if (over !== null) log.info({ event: 'target.reached', target: target.id, where, ...over }, 'target')
    }

    function traced(worker: TargetWorker): TargetWorker {
      const { traces } = context
      const pump = (lane: Lane): Promise<void> => {
        const options = { from: null, bulk: lane === 'bulk' }
        return traces.span('wake-up', { target: target.id, lane }, () => worker.pump(lane), options)
      }
      return traces.on ? { ...worker, pump } : worker
    }

    async function letGo(withinMs: number): Promise<void> {
      const mine = led
      led = null
      leading.delete(target.id)
      await Promise.all([mine?.worker.stop(withinMs), eventReader?.letGo()])
      await mine?.consumer.close(1_000)
    }

    const loop = (async () => {
      while (!stopping.signal.aborted) {
        try {
          await look()
          tellOver('lead')
        } catch (error) {
          await report('lead', error)
        }
        await sleep(renewMs, stopping.signal)
      }
    })()
    return async (withinMs) => {
      stopping.abort(new Error('stopping'))
      await loop
      await discovering
      await stock
      await guardReader?.ended()
      await letGo(withinMs)
      await yieldTarget(pool, target.id, processId)
    }
  }

  /** A run that a message begins as well finds the accounts under lease: nothing is done twice. */
  const looking = (async () => {
    const trouble = openTrouble()
    while (!ending.signal.aborted) {
      try {
        if (leading.size > 0) await lookForLockouts()
        trouble.over()
      } catch (error) {
        const code = errorCode(error)
        if (trouble.failed(code)) log.warn({ event: 'work.not-looked-at', code }, 'worker')
      }
      await sleep(lookEveryMs, ending.signal)
    }
  })()

  async function lookForLockouts(): Promise<void> {
    for (const id of await urgentlyDue(context.database.pool, [...leading.keys()]))
      leading
        .get(id)
        ?.pump('urgent')
        .catch((error: unknown) => log.warn({ event: 'work.failed', target: id, code: errorCode(error) }, 'worker'))
  }

  return {
    async stop(withinMs = stopMs) {
      ending.abort(new Error('stopping'))
      await looking
      await Promise.all(stops.map((stop) => stop(withinMs)))
    },
  }
}
