/** The acts of a running gateway, for the API: each checks what it is given, does one thing, and leaves a name in the audit. */
import type { WakeUps } from '../../queues/wake-ups.ts'
import { ActError, type Acts } from '../api/acts.ts'
import { openDetails } from '../audit/details.ts'
import { readAuditPage } from '../audit/read.ts'
import { recordAudit } from '../audit/record.ts'
import { verifyAudit } from '../audit/verify.ts'
import { AuthError } from '../auth/auth-error.ts'
import { createSubjectWithToken, listTokens, revokeToken } from '../auth/tokens.ts'
import type { KeyId, PersonId, PlanId } from '../model/id.ts'
import { standingOf } from '../store/targets.ts'
import { lockPerson, unlockPerson } from '../sync/operator.ts'
import { pauseByHand, resumeByHand } from '../sync/pause.ts'
import { rejectPlan, releasePlan } from '../sync/plan/release-plan.ts'
import { destroyArchive, openArchive } from '../sync/pull/archives.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { archives, onArchive } from './archive-views.ts'
import { checkedCursor } from './cursor.ts'
import { findLockout } from './lockout-views.ts'
import { explainPerson, findPerson, personView } from './person-views.ts'
import { findPlan, planChanges, planError, plans, planView } from './plan-views.ts'
import type { Scheduler } from './scheduler-role.ts'
import { sourceView } from './source-views.ts'
import { type StatusFacts, status } from './status.ts'
import type { Engine } from './sync-context.ts'

export interface ActsParts {
  readonly engine: Engine
  readonly wakeUps: WakeUps
  readonly metrics: Metrics
  readonly scheduler: Scheduler | null
  readonly facts: StatusFacts
}

export function createActs({ engine, wakeUps, metrics, scheduler, facts }: ActsParts): Acts {
  const { context, levels } = engine
  const { database, vault } = context
  let verifying: ReturnType<typeof verifyAudit> | null = null

  /** Rules name levels, and only the process that leads a target learns of new ones by itself. */
  async function withLevels<T>(act: () => Promise<T>): Promise<T> {
    await levels.reload()
    return act()
  }

  return {
    status: () => status(context, wakeUps, facts),
    async sync(_actor, source) {
      const loops = scheduler?.loops() ?? null
      if (loops === null)
        throw new ActError(
          503,
          'sync.elsewhere',
          'This process does not read the sources (yet): ask the one that is the scheduler.',
        )
      const chosen = source === undefined ? [...loops.values()] : [loops.get(source)]
      if (chosen.includes(undefined)) throw new ActError(404, 'source.unknown', 'There is no such source.')
      return (await Promise.all(chosen.map((loop) => loop?.drain() ?? []))).flat()
    },
    source: (id) => sourceView(context, id),
    plans: (filter, page) => plans(context, filter, page),
    plan: async (id) => planView(await findPlan(context, id)),
    planChanges: (id, page) => withLevels(() => planChanges(context, id, page)),
    async releasePlan(actor, id, reason) {
      return withLevels(() => releasePlan(context, id as PlanId, actor.subject, reason)).catch((error: unknown) => {
        throw planError(error)
      })
    },
    async rejectPlan(actor, id, reason) {
      await rejectPlan(context, id as PlanId, actor.subject, reason).catch((error: unknown) => {
        throw planError(error)
      })
    },
    pauseTarget: (actor, target, reason) => onTarget(pauseByHand(context, target, actor.subject, reason)),
    resumeTarget: (actor, target, reason) => onTarget(resumeByHand(context, target, actor.subject, reason)),
    findPerson: (by) => findPerson(context, by),
    person: (id) => withLevels(() => personView(context, levels, id)),
    explain: (id) => withLevels(() => explainPerson(context, id)),
    async lockPerson(actor, id, reason) {
      const lockouts = await onPerson(withLevels(() => lockPerson(context, id as PersonId, actor.subject, reason)))
      const { rows } = await database.pool.query<{ id: string }>(
        'select distinct t.id from target t join lockout l on l.target = t.id where l.id = any($1::uuid[]) and t.paused_at is not null',
        [lockouts],
      )
      return { lockouts, paused: rows.map((row) => row.id) }
    },
    unlockPerson: (actor, id, reason, hours) =>
      onPerson(withLevels(() => unlockPerson(context, id as PersonId, actor.subject, reason, hours))),
    lockout: (id) => findLockout(context, id),
    async levels(target) {
      if (target !== undefined && !context.targets.has(target))
        throw new ActError(404, 'target.unknown', 'There is no such target.')
      await levels.reload()
      const used = new Set(context.policy.levels())
      return levels
        .all()
        .filter((level) => target === undefined || level.target === target)
        .map((level) => ({
          target: level.target,
          id: level.id,
          externalId: level.external_id,
          name: level.name,
          usedByRules: used.has(`${level.target}/${level.name}`),
        }))
    },
    archives: (source, page) => archives(context, source, page),
    openArchive: (actor, id, reason) => onArchive(openArchive(context, id as KeyId, actor.subject, reason)),
    destroyArchive: (actor, id, reason) => onArchive(destroyArchive(context, id as KeyId, actor.subject, reason)),
    async audit({ after, limit }) {
      const entries = await readAuditPage(database.pool, Number(checkedCursor(after, 'number') ?? 0), limit)
      const rows = entries.map((entry) => ({
        seq: entry.seq,
        at: entry.at,
        actor: entry.actor,
        action: entry.action,
        object: entry.object,
        details: openDetails(vault, entry),
        hash: entry.hash.toString('hex'),
      }))
      return { rows, next: rows.length === limit ? String(rows.at(-1)?.seq) : null }
    },
    // One walk at a time, shared by all who ask meanwhile: it costs more the longer the trail is.
    verifyAudit() {
      verifying ??= verifyAudit(database.pool, vault).finally(() => {
        verifying = null
      })
      return verifying
    },
    tokens: () => listTokens(database.db, vault),
    createToken: (actor, request) =>
      onAuth(
        database.db.transaction().execute(async (tx) => {
          const made = await createSubjectWithToken(tx, vault, request)
          await recordAudit(tx, vault, {
            actor: actor.subject,
            action: 'token.created',
            object: made.id,
            details: { subject: made.subject, role: request.role, expiresAt: made.expiresAt },
          })
          return made
        }),
      ),
    revokeToken: (actor, id) =>
      onAuth(
        database.db.transaction().execute(async (tx) => {
          await revokeToken(tx, vault, id)
          await recordAudit(tx, vault, { actor: actor.subject, action: 'token.revoked', object: id, details: {} })
        }),
      ),
    async metrics() {
      await measure(engine, metrics)
      return metrics.text()
    },
    async ready() {
      const queue = await wakeUps.health()
      const store = await database.pool.query('select 1').then(
        () => true,
        () => false,
      )
      const checks = [
        { name: 'database', ok: store },
        {
          name: `queue (${queue.backend})`,
          ok: queue.ok,
          ...(queue.detail === undefined ? {} : { detail: queue.detail }),
        },
      ]
      if (store) {
        for (const id of context.targets.keys()) {
          const { pausedBecause } = await standingOf(database.pool, id)
          checks.push({ name: `target ${id}`, ok: true, ...(pausedBecause === null ? {} : { detail: pausedBecause }) })
        }
      }
      return { ok: checks.every(({ ok }) => ok), checks }
    },
  }
}

async function measure({ context }: Engine, metrics: Metrics): Promise<void> {
  const { pool } = context.database
  const waiting = await pool.query<{ target: string; lane: string; count: number }>(
    'select target, lane, count(*)::int as count from account_work where dead_at is null group by target, lane',
  )
  metrics.workWaiting.reset()
  for (const { target, lane, count } of waiting.rows) metrics.workWaiting.set({ target, lane }, count)
  const held = await pool.query<{ count: number }>(`select count(*)::int as count from plan where state = 'held'`)
  metrics.plansHeld.set(held.rows[0]?.count ?? 0)
  const alarms = await pool.query<{ code: string; count: number }>(
    'select code, count(*)::int as count from alarm where cleared_at is null group by code',
  )
  metrics.alarms.reset()
  for (const { code, count } of alarms.rows) metrics.alarms.set({ code }, count)
}

async function onPerson<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (error instanceof Error && error.message === 'person.unknown')
      throw new ActError(404, 'person.unknown', 'There is no such person.')
    if (error instanceof Error && error.message === 'person.frozen')
      throw new ActError(409, 'person.frozen', 'A row of this person was changed outside Gatehouse.')
    throw error
  })
}

async function onTarget(work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    if (error instanceof Error && error.message === 'target.unknown')
      throw new ActError(404, 'target.unknown', 'There is no such target.')
    throw error
  })
}

async function onAuth<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (!(error instanceof AuthError)) throw error
    throw new ActError(error.code === 'auth.unknown-token' ? 404 : 400, error.code, error.message)
  })
}
