/** The scheduler role: one process at a time reads the sources, follows the calendar, sweeps for lost work and chains the audit. */
import pg from 'pg'
import { type AuditFailure, startAuditAppender } from '../audit/appender.ts'
import { expiringTokens } from '../auth/expiring-tokens.ts'
import type { AttendanceContext } from '../events/attendance/context.ts'
import { keepPunches, takePunches } from '../events/attendance/take-punches.ts'
import { openMonthCheck } from '../events/check-months.ts'
import type { EventsContext } from '../events/context.ts'
import { forgetDeliveries, watchSubscriptions } from '../events/deliver/watch.ts'
import { keepMonths } from '../events/keep-months.ts'
import { renewEvents } from '../events/renew.ts'
import { watchEvents } from '../events/watch-events.ts'
import { errorCode } from '../model/error-code.ts'
import { sleep } from '../model/sleep.ts'
import { openTrouble } from '../model/trouble.ts'
import { forgetOldAlarms, raiseAlarm, readAlarms, setAlarms } from '../store/alarms.ts'
import { targetsAwaited } from '../store/targets.ts'
import { tellAlarms } from '../sync/alarms/tell-alarms.ts'
import { watchAudit } from '../sync/alarms/watch-audit.ts'
import { watchDisk } from '../sync/alarms/watch-disk.ts'
import type { AlarmWebhook } from '../sync/alarms/webhook.ts'
import { type InForce, isSuperseded } from '../sync/configuration/in-force.ts'
import { continueErasures } from '../sync/erasure/continue.ts'
import { replayErasures } from '../sync/erasure/replay.ts'
import { watchSuspensions } from '../sync/guard/watch-suspensions.ts'
import { turnEpochs } from '../sync/keys/epochs.ts'
import { watchLockouts } from '../sync/lockout-watch.ts'
import { startPatrol } from '../sync/patrol.ts'
import { finishReleases } from '../sync/plan/release-plan.ts'
import { planThawed } from '../sync/plan/thawed.ts'
import { sweepArchives } from '../sync/pull/archives.ts'
import { type SourceLoop, startSourceLoop } from '../sync/pull/source-loop.ts'
import { settleRestore } from '../sync/restored/settle.ts'
import { watchSuspicions } from '../sync/suspect/suspicion.ts'
import { followCalendar, restoreWork, resumeCalendar, sweepWork, watchTheTime } from '../sync/sweep.ts'
import { carryOutVersion } from './carry-out.ts'
import type { Connected } from './connections.ts'
import { countProposals } from './count-proposal.ts'
import type { Delivery } from './delivery.ts'
import { openEventReader, standingOfSource } from './event-reader.ts'
import type { Opened } from './opened.ts'
import type { Engine } from './sync-context.ts'
import type { FollowedEvents, Role } from './worker-role.ts'

export interface Scheduler extends Role {
  /** Null while another process is the scheduler. */
  loops(): ReadonlyMap<string, SourceLoop> | null
}

const tickMs = 1_000

/**
 * What a new version changes is planned as the policy's, not as the calendar's: so the patrol waits until everybody was resolved for it, but
 * not for ever. Whoever holds a transaction open holds that up, and must not stop the patrol by it.
 */
const patrolWaitsMs = 30 * 60_000

export interface SchedulerParts {
  readonly opened: Opened
  readonly engine: Engine
  readonly delivery: Delivery
  readonly events: EventsContext
  readonly attendance: AttendanceContext
  /** What sources tell of events, which one process at a time reads: this one. */
  readonly followed: FollowedEvents['followed']
  /** What the engine was made of. */
  readonly version: InForce
  readonly sources: ReadonlyMap<string, Connected<'people'>>
  /** Null when nobody outside is told of alarms. */
  readonly webhook: AlarmWebhook | null
  readonly dataFolder: string
}

export function startSchedulerRole(parts: SchedulerParts): Scheduler {
  const { opened, engine, events, followed, attendance, version, sources, webhook, dataFolder } = parts
  const { wakeUps, log } = opened
  const { runtime } = opened.store
  const { context } = engine
  const carryOut = carryOutVersion(engine, version)
  let isCarriedOut = false
  const begunAt = Date.now()
  const count = countProposals(opened)
  const stopping = new AbortController()
  let loops: Map<string, SourceLoop> | null = null

  async function lead(): Promise<void> {
    const client = new pg.Client(runtime)
    let lost = false
    client.on('error', () => {
      lost = true
    })
    client.on('end', () => {
      lost = true
    })
    await client.connect()
    try {
      // A session lock: it is gone the moment this process, or its connection, is.
      const { rows } = await client.query<{ mine: boolean }>(
        `select pg_try_advisory_lock(hashtext('gatehouse.scheduler'), 0) as mine`,
      )
      if (rows[0]?.mine !== true) return
      log.info({ event: 'scheduler.leads' }, 'is the scheduler')
      await serve(() => lost)
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async function serve(lost: () => boolean): Promise<void> {
    const appender = startAuditAppender({
      pool: context.database.pool,
      vault: context.vault,
      onFailure: tellAudit,
    })
    const patrol = startPatrol(context, engine.brakes)
    const readers = [...followed].map(([id, capability]) =>
      openEventReader({ events, log }, standingOfSource, id, capability),
    )
    // Side by side: a calendar that is long at work must not keep a lock-out from being tried again.
    const tasks = [
      every(1_000, 'calendar', lost, followTime),
      every(1_000, 'configuration', lost, followConfiguration),
      every(500, 'patrol', lost, async () => {
        if (loops !== null && (isCarriedOut || Date.now() - begunAt > patrolWaitsMs)) await patrol()
      }),
      every(1_000, 'releases', lost, () => finishReleases(context)),
      every(1_000, 'thawed', lost, () => planThawed(context, engine.brakes)),
      every(1_000, 'suspicions', lost, () => watchSuspicions(context)),
      every(1_000, 'sweep', lost, () => sweepWork(context)),
      every(15_000, 'work', lost, () => restoreWork(context)),
      every(1_000, 'alarms', lost, () => watchTheTime(context)),
      every(1_000, 'notices', lost, () => tellAlarms(context, webhook, stopping.signal)),
      every(10_000, 'tokens', lost, watchTokens),
      every(3_600_000, 'old alarms', lost, () => forgetOldAlarms(context.database.pool)),
      every(5_000, 'subscriptions', lost, watchSubscriptions(parts.delivery)),
      every(3_600_000, 'old deliveries', lost, () => forgetDeliveries(parts.delivery)),
      every(60_000, 'audit', lost, watchAudit(context)),
      every(60_000, 'disk', lost, () => watchDisk(context, dataFolder)),
      every(5_000, 'lock-outs', lost, watchLockouts(context)),
      every(5_000, 'restore', lost, () => settleRestore(context)),
      every(60_000, 'queue', lost, () => wakeUps.trim()),
      every(1_000, 'erasures', lost, () => continueErasures(context)),
      every(60_000, 'journal', lost, async () => void (await replayErasures(context))),
      every(5_000, 'keys', lost, () => turnEpochs(context, stopping.signal)),
      every(1_000, 'source events', lost, async () => {
        // Of whom nothing was read yet, no event could be.
        if (loops !== null) for (const reader of readers) reader.look()
      }),
      every(5_000, 'suspensions', lost, () => watchSuspensions(context)),
      every(5_000, 'events', lost, () => watchEvents(events)),
      every(1_000, 'punches', lost, () => takePunches(attendance, stopping.signal)),
      every(3_600_000, 'old punches', lost, () => keepPunches(attendance, stopping.signal)),
      every(60_000, 'event months', lost, () => keepMonths(events, stopping.signal)),
      every(60_000, 'event counts', lost, openMonthCheck(events)),
      every(5_000, 'event keys', lost, async () => void (await renewEvents(events, stopping.signal))),
      every(60_000, 'archives', lost, () => sweepArchives(context, stopping.signal)),
    ]
    try {
      await Promise.all(tasks)
    } finally {
      const running = loops
      loops = null
      await Promise.all([...(running?.values() ?? [])].map((loop) => loop.stop()))
      await Promise.all(readers.map((reader) => reader.letGo()))
      await appender.stop()
    }
  }

  /** Runs `task` again and again while this process leads; one that fails is reported, not each time, and stops no other. */
  async function every(ms: number, name: string, lost: () => boolean, task: () => Promise<void>): Promise<void> {
    const trouble = openTrouble()
    while (!stopping.signal.aborted && !lost()) {
      try {
        await task()
        trouble.over()
      } catch (error) {
        const code = errorCode(error)
        if (!isSuperseded(error) && trouble.failed(code))
          log.warn({ event: 'scheduler.failed', where: name, code }, 'scheduler')
      }
      for (let waited = 0; waited < ms && !stopping.signal.aborted && !lost(); waited += tickMs)
        await sleep(Math.min(tickMs, ms), stopping.signal)
    }
  }

  /** What the appender finds is no trouble of the store but of the trail itself. */
  function tellAudit(code: AuditFailure): void {
    log.error({ event: code }, 'audit')
    if (code === 'audit.append-failed') return
    raiseAlarm(context.database.pool, context.vault, 'audit.broken', code.slice('audit.'.length)).catch(
      (error: unknown) => log.error({ event: 'alarm.not-raised', code: errorCode(error) }, 'audit'),
    )
  }

  async function watchTokens(): Promise<void> {
    const { database, vault, now } = context
    const seen = await readAlarms(database.pool, 'token.expiring')
    const expiring = await expiringTokens(database.db, vault, now())
    await setAlarms(database.pool, vault, 'token.expiring', expiring, seen)
  }

  async function followTime(): Promise<void> {
    await engine.levels.reload()
    if ((await targetsAwaited(context.database.pool, [...context.targets.keys()])).length > 0) return
    if (loops === null) await resumeCalendar(context, engine.brakes)
    startLoops()
    await followCalendar(context, engine.brakes)
  }

  /** Beside the calendar and the sources: a lock-out must not wait until everybody was looked at. */
  async function followConfiguration(): Promise<void> {
    isCarriedOut = await carryOut(stopping.signal)
    await count(stopping.signal)
  }

  function startLoops(): void {
    if (loops !== null) return
    loops = new Map()
    for (const [id, connected] of sources) {
      const source = context.sources.get(id)
      if (source !== undefined) loops.set(id, startSourceLoop(context, source, connected.connection.people))
    }
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await lead().catch((error: unknown) =>
        log.warn({ event: 'scheduler.failed', code: errorCode(error) }, 'scheduler'),
      )
      await sleep(tickMs, stopping.signal)
    }
  })()

  return {
    loops: () => loops,
    async stop() {
      stopping.abort(new Error('stopping'))
      await loop
    },
  }
}
