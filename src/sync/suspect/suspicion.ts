/** How a suspicion ends: by a person, by the release of what it held, or by a delivery that wants no more than it may; and how it comes back. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { PlanId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm } from '../../store/alarms.ts'
import {
  lockStanding,
  newStanding,
  readStanding,
  type SourceStanding,
  saveStanding,
} from '../../store/source-standing.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { sourceOrigin } from '../origin.ts'
import { distrust, tellSuspect } from './admit.ts'
import { lockoutLimit } from './lockout-limit.ts'
import { lockoutsOfHour, peopleIn, withMore } from './lockouts-of-hour.ts'
import { passWaiting } from './pass-waiting.ts'
import { countWaiting, isForgotten, sourcesWithWaiting } from './waiting.ts'

/**
 * A person says that the source is right: what was held back runs now, and its hour begins anew. Returns how many people that
 * are. @throws Refusal `source.unknown`, `source.not-suspect`.
 */
export async function clearSource(
  context: SyncContext,
  source: string,
  subject: SubjectId,
  reason: string,
): Promise<number> {
  const { pool } = context.database
  const known = context.sources.has(source) || (await sourcesWithWaiting(context)).includes(source)
  if (!known) throw new Refusal('source.unknown')
  const { ended, waiting } = await inTransaction(pool, async (client) => {
    const stored = await lockStanding(client, context.vault, source)
    const waiting = await countWaiting(client, context, source)
    if (stored !== null && stored.suspect_at === null && waiting === 0) throw new Refusal('source.not-suspect')
    const before = stored ?? { ...newStanding(source), suspect_at: context.now() }
    const details = { reason, waiting, forged: stored === null }
    return { ended: await end(client, context, before, '[]', subject, details), waiting }
  })
  await passWaiting(context, ended, { actor: subject, arrivedAt: context.now() })
  return waiting
}

/** A released plan held the lock-outs that were waiting: its release is the named act. Others that nobody has seen keep the source suspect. */
export async function endByRelease(
  context: SyncContext,
  source: string,
  subject: SubjectId,
  plan: PlanId,
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const standing = await lockStanding(client, context.vault, source)
    if (standing === null || standing.suspect_at === null) return
    if ((await countWaiting(client, context, source, 0)) > 0) return
    await end(client, context, standing, '[]', subject, { plan })
  })
}

/**
 * A delivery came after the one that made the source suspect. When all that waits, and what ran within the hour, is no more than the limit,
 * it runs. Returns whether it does.
 */
export async function endByDelivery(context: SyncContext, source: string): Promise<boolean> {
  const ended = await inTransaction(context.database.pool, async (client) => {
    const standing = await lockStanding(client, context.vault, source)
    if (standing === null || standing.suspect_at === null) return null
    const now = context.now()
    const recent = lockoutsOfHour(standing.lockouts, now)
    const waiting = await countWaiting(client, context, source)
    // Who waits was active as well, until the delivery that made the source suspect.
    const people = { joined: -waiting, activeAtLeast: 0 }
    const limit = await lockoutLimit(client, context, source, waiting, peopleIn(recent), people)
    if (peopleIn(recent) + waiting > limit) return null
    return end(client, context, standing, withMore(recent, waiting, now), sourceOrigin(source), { waiting })
  })
  if (ended === null) return false
  await passWaiting(context, ended, { actor: sourceOrigin(source), arrivedAt: context.now() })
  return true
}

async function end(
  client: pg.ClientBase,
  context: SyncContext,
  standing: SourceStanding,
  lockouts: string,
  actor: string,
  details: Readonly<Record<string, unknown>>,
): Promise<SourceStanding> {
  const { source, suspect_at, cleared_at } = standing
  const ended = { ...standing, lockouts, suspect_at: null, cleared_at: suspect_at ?? cleared_at }
  await saveStanding(client, context.vault, ended)
  await clearAlarm(client, context.vault, 'source.suspect', source)
  await recordAudit(client, context.vault, { actor, action: 'source.cleared', object: source, details })
  context.log('info', 'source.cleared', { source })
  return ended
}

/**
 * Goes on where a process died over letting go, and makes a source suspect again when somebody made its row forget that it was: called
 * by the scheduler, again and again.
 */
export async function watchSuspicions(context: SyncContext): Promise<void> {
  // Whether a change waits is not signed: a lock-out must not be forgotten because somebody says that none does.
  await context.database.pool.query('update account set pending = true where suspect_at is not null and not pending')
  for (const source of await sourcesWithWaiting(context)) {
    const standing = await readStanding(context.database.pool, context.vault, source)
    if (standing === null || standing.suspect_at !== null) continue
    if (await isForgotten(context.database.pool, context, standing)) await suspectAgain(context, source)
    else await passWaiting(context, standing, { actor: sourceOrigin(source), arrivedAt: context.now() })
  }
}

async function suspectAgain(context: SyncContext, source: string): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const standing = await lockStanding(client, context.vault, source)
    if (standing === null || standing.suspect_at !== null) return
    await saveStanding(client, context.vault, { ...standing, suspect_at: context.now() })
    await distrust(client, context, source)
    await tellSuspect(client, context, source, { limit: 0, lockedOut: 0 })
  })
}

export async function isSuspect({ database, vault }: SyncContext, source: string): Promise<boolean> {
  const standing = await readStanding(database.pool, vault, source)
  return standing === null || standing.suspect_at !== null
}
