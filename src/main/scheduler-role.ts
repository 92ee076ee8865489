/** The scheduler role: one process at a time reads the sources, follows the calendar, sweeps for lost work and chains the audit. */
import { createHash } from 'node:crypto'
import pg from 'pg'
import type { WakeUps } from '../../queues/wake-ups.ts'
import { startAuditAppender } from '../audit/appender.ts'
import { errorCode } from '../sync/error-code.ts'
import { resolveEveryone } from '../sync/re-resolve.ts'
import { sleep } from '../sync/sleep.ts'
import { type SourceLoop, startSourceLoop } from '../sync/source-loop.ts'
import { followCalendar, resumeCalendar, sweepWork, watchTheTime } from '../sync/sweep.ts'
import type { Log } from '../telemetry/log.ts'
import type { Connected } from './connections.ts'
import type { Engine } from './sync-context.ts'
import type { Role } from './worker-role.ts'

export interface Scheduler extends Role {
  /** Null while another process is the scheduler. */
  loops(): ReadonlyMap<string, SourceLoop> | null
}

const everyMs = 1_000

export function startSchedulerRole(
  engine: Engine,
  runtime: pg.PoolConfig,
  wakeUps: WakeUps,
  sources: ReadonlyMap<string, Connected<'people'>>,
  policyDigest: string,
  log: Log,
): Scheduler {
  const { context } = engine
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
      onFailure: (code) => log.error({ event: code }, 'audit'),
    })
    try {
      for (let round = 0; !stopping.signal.aborted && !lost(); round += 1) {
        await engine.levels.reload()
        if (await levelsKnown()) {
          await adoptPolicy()
          if (loops === null) await resumeCalendar(context, engine.brakes)
          startLoops()
          await followCalendar(context, engine.brakes)
        }
        await sweepWork(context)
        if (round % 5 === 0) await watchTheTime(context)
        if (round % 60 === 59) await wakeUps.trim()
        await sleep(everyMs, stopping.signal)
      }
    } finally {
      const running = loops
      loops = null
      await Promise.all([...(running?.values() ?? [])].map((loop) => loop.stop()))
      await appender.stop()
    }
  }

  /** Before a target has told its levels for the first time, nobody can be resolved. */
  async function levelsKnown(): Promise<boolean> {
    const { rows } = await context.database.pool.query<{ id: string }>(
      'select id from target where levels_at is not null',
    )
    const known = new Set(rows.map(({ id }) => id))
    return [...context.targets.keys()].every((id) => known.has(id))
  }

  function startLoops(): void {
    if (loops !== null) return
    loops = new Map()
    for (const [id, connected] of sources) {
      const source = context.sources.get(id)
      if (source !== undefined) loops.set(id, startSourceLoop(context, source, connected.connection.people))
    }
  }

  /** A changed policy, or changed levels, is a plan like any other. */
  async function adoptPolicy(): Promise<void> {
    const levels = engine.levels.all().map(({ id, name }) => `${id}=${name}`)
    const digest = context.vault.digest('policy', [
      policyDigest,
      createHash('sha256').update(levels.join('\n')).digest('hex'),
    ])
    const { rows } = await context.database.pool.query<{ digest: Buffer }>(
      'select digest from config_version order by created_at desc limit 1',
    )
    if (rows[0]?.digest.equals(digest)) return
    if (rows.length > 0) await resolveEveryone(context, engine.brakes)
    const id = crypto.randomUUID()
    const config = context.vault.sealSystem(
      { table: 'config_version', column: 'config', row: id, version: 1 },
      policyDigest,
    )
    await context.database.pool.query(
      'insert into config_version (id, digest, config, guard) values ($1, $2, $3, $4)',
      [id, digest, config, context.vault.guard('config_version', [id, digest])],
    )
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await lead().catch((error: unknown) =>
        log.warn({ event: 'scheduler.failed', code: errorCode(error) }, 'scheduler'),
      )
      await sleep(everyMs, stopping.signal)
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
