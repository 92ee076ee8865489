/** What is decided about a subscription: by a person, on or off, or once more from somewhere; or off by itself. Each leaves a name in the audit. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { FeedName } from '../../model/events/reveal.ts'
import type { SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { writePositions } from '../../store/subscriptions/positions.ts'
import { forgetFailing, type SubscriptionRow, saveSubscription } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { DeliverContext, SubscriptionSetup } from './context.ts'
import { lockStanding, type SubscriptionStanding, standingOf } from './standing.ts'

/** Why one is off that a person turned off. */
export const byHand = 'subscription.by-hand'

/** Whoever asks, and why. */
export interface ByPerson {
  readonly subject: SubjectId
  readonly reason: string
}

/** Goes on where it was; one that fails is tried at once. @throws Refusal `subscription.enabled`, `subscription.forged`. */
export async function enableSubscription(context: DeliverContext, id: string, by: ByPerson): Promise<void> {
  await decide(context, id, by, 'subscription.enabled', async (client, { row, positions }) => {
    if (positions === null) throw new Refusal('subscription.forged')
    if (row.state === 'enabled' && row.attempts === 0) throw new Refusal('subscription.enabled')
    await save(client, context, id, { row, positions }, { state: 'enabled', state_code: null })
  })
}

/** Nothing leaves any more; what happens meanwhile is delivered when it is enabled. @throws Refusal `subscription.disabled`, `subscription.forged`. */
export async function disableSubscription(context: DeliverContext, id: string, by: ByPerson): Promise<void> {
  await decide(context, id, by, 'subscription.disabled', async (client, { row, positions }) => {
    if (positions === null) throw new Refusal('subscription.forged')
    if (row.state === 'disabled') throw new Refusal('subscription.disabled')
    await save(client, context, id, { row, positions }, { state: 'disabled', state_code: byHand })
  })
}

/** From when on, or from which event on of one source. */
export type ReplayFrom = { readonly time: Date } | { readonly source: string; readonly position: number }

export interface Replayed {
  /** Positions that are gone through once more. */
  readonly positions: number
}

/**
 * Delivers once more what was delivered, from there on; what was never delivered is not passed over. One that somebody changed behind our
 * back goes on from there as well. @throws Refusal `subscription.forged`, `subscription.not-delivered`.
 */
export async function replaySubscription(
  context: DeliverContext,
  { id, feed }: SubscriptionSetup,
  from: ReplayFrom,
  by: ByPerson,
): Promise<Replayed> {
  const newest = await feed.newest()
  const wanted = new Map<string, number>()
  if ('time' in from)
    for (const source of newest.keys()) wanted.set(source, await feed.positionBefore(source, from.time))
  else if (newest.has(from.source)) wanted.set(from.source, from.position - 1)
  let again = 0
  await decide(context, id, by, 'subscription.replayed', async (client, standing) => {
    if (standing.positions === null && !('time' in from)) throw new Refusal('subscription.forged')
    const was = standing.positions ?? newest
    const next = new Map(was)
    for (const [source, position] of wanted) next.set(source, Math.min(was.get(source) ?? 0, position))
    for (const [source, position] of next) again += (was.get(source) ?? 0) - position
    if (again === 0 && 'source' in from) throw new Refusal('subscription.not-delivered')
    // Of a row that somebody changed no count may be believed, nor gone on from.
    const row = standing.positions === null ? anew(standing.row, context, feed.name) : standing.row
    await save(client, context, id, { row, positions: next }, { epoch: row.epoch + 1 })
  })
  return { positions: again }
}

/** On, with counts above any that were reached one by one: whatever was signed before shows as older. */
function anew(row: SubscriptionRow, { now }: DeliverContext, feed: FeedName): SubscriptionRow {
  const minutes = Math.floor(now().getTime() / 60_000)
  return { ...row, state: 'enabled', state_at: now(), state_code: null, version: minutes, epoch: minutes, feed }
}

/** What the receiver gave cause to. */
export async function disableByItself(context: DeliverContext, id: string, code: string): Promise<void> {
  const { database, vault, log } = context
  const isDone = await inTransaction(database.pool, async (client) => {
    const standing = await lockStanding(client, context, id)
    // Somebody changed it, or decided meanwhile: it delivers nothing, or is tried once more.
    if (standing?.positions == null || standing.row.state === 'disabled') return false
    const { row, positions } = standing
    await save(client, context, id, { row, positions }, { state: 'disabled', state_code: code })
    await raiseAlarm(client, vault, 'subscription.disabled', id)
    await recordAudit(client, vault, {
      actor: 'engine',
      action: 'subscription.disabled',
      object: id,
      details: { code },
    })
    return true
  })
  if (isDone) log('error', 'subscription.disabled', { subscription: id, code })
  await standingOf(context, id)
}

/** Seen once it is written: an older state that somebody puts back shows here from now on. */
async function decide(
  context: DeliverContext,
  id: string,
  { subject, reason }: ByPerson,
  action: 'subscription.enabled' | 'subscription.disabled' | 'subscription.replayed',
  change: (client: pg.ClientBase, standing: SubscriptionStanding) => Promise<void>,
): Promise<void> {
  const { database, vault } = context
  await inTransaction(database.pool, async (client) => {
    const standing = await lockStanding(client, context, id)
    if (standing === null) throw new Refusal('subscription.unknown')
    await change(client, standing)
    await clearAlarm(client, vault, 'guard.failed', id)
    await recordAudit(client, vault, { actor: subject, action, object: id, details: { reason } })
  })
  await standingOf(context, id)
}

/** Signs it, and forgets how it failed: whoever leads begins anew. */
async function save(
  client: pg.ClientBase,
  { vault, seen, now }: DeliverContext,
  id: string,
  { row, positions }: { readonly row: SubscriptionStanding['row']; readonly positions: ReadonlyMap<string, number> },
  change: Partial<Pick<SubscriptionStanding['row'], 'state' | 'state_code' | 'epoch'>>,
): Promise<void> {
  const version = Math.max(row.version, seen.get(id) ?? 0) + 1
  const next = { ...row, ...change, version, state_at: change.state === undefined ? row.state_at : now() }
  if (change.epoch !== undefined) await writePositions(client, vault, id, next.epoch, positions)
  await saveSubscription(client, vault, id, { ...next, sources: [...positions.keys()] })
  if (next.state === 'enabled') {
    await forgetFailing(client, id)
    await clearAlarm(client, vault, 'subscription.disabled', id)
    await clearAlarm(client, vault, 'subscription.failing', id)
  }
}
