/**
 * Looks through all accounts of a target for what changed behind our back. Who is locked out and found open is shut again at once; what is
 * done about the rest, the configuration says.
 */
import type { ListedAccount } from '../../connector/contract.ts'
import { withCallScope } from '../../connector/egress/call-scope.ts'
import type { AccountId } from '../../model/id.ts'
import { isBusy, isGone, isMade, isOpen } from '../../store/account-sql.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import { driftsOf, forgetLostDrifts } from '../../store/drifts.ts'
import { sweepGuard } from '../../store/guards.ts'
import { accountDigest } from '../../store/identifiers.ts'
import { openRestore } from '../../store/restores.ts'
import { mendTimes } from '../../store/work.ts'
import { certain } from '../certain.ts'
import type { Brakes, SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { hasOtherMarks, lookThrough } from '../guard/look-through.ts'
import { handedOut } from '../handed-out.ts'
import { oneAhead } from '../one-ahead.ts'
import { replanTarget } from '../plan/replan.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { stockTaken } from '../restored/gate.ts'
import { modesOf } from '../target-modes.ts'
import { applyPolicies } from './apply-policy.ts'
import { canTell, isSomebodyElses } from './compare-drift.ts'
import { Confirmation, loadItems } from './confirm.ts'
import { leavesOut } from './leaves.ts'
import { clearUndone, shutAllAgain } from './relock.ts'
import { isForgetful, markRestored } from './restored.ts'
import { fightsOf, isAbout, isSameDrift } from './reverts.ts'
import { lookAt, withCardsOfNobody } from './strange-cards.ts'
import { Strangers } from './strangers.ts'
import { type CountsRow, genuineCounts, type KeptCounts, type SweepCounts } from './sweep-counts.ts'

/** Accounts looked at together. */
const batch = 500

interface Seen {
  readonly id: AccountId
  /** Null: the list does not have it. */
  readonly actual: ListedAccount | null
}

class Sweep {
  readonly context: SyncContext
  readonly target: TargetSetup
  readonly signal: AbortSignal
  readonly strangers: Strangers
  /** Of accounts of ours, those that the list had. */
  readonly listed = new Set<AccountId>()
  readonly begunAt: Date
  accounts = 0
  linked = 0
  withoutPerson = 0
  untouchable = 0
  /** The list shows too little of accounts: single reads make up for it. */
  shallow = false
  readonly confirmation: Confirmation
  restored: boolean
  /** All that are ours, about: as rows say that nobody has verified. */
  total = 0
  /** Of those that the list did not have, how many are really ours. */
  #unlisted = 0
  /** The last sweep that came to its end. What was found since, by others that broke off, is as new as what this one finds. */
  last: { readonly begunAt: Date | null; readonly endedAt: Date | null } = { begunAt: null, endedAt: null }

  constructor(context: SyncContext, target: TargetSetup, restored: boolean, signal: AbortSignal) {
    this.context = context
    this.target = target
    this.restored = restored
    this.signal = signal
    this.strangers = new Strangers(context, target)
    this.begunAt = context.now()
    this.confirmation = new Confirmation(context, target, signal, {
      isRecent: (foundAt) => this.#isRecent(foundAt),
      looked: (looks, when) => lookThrough(context, target, looks, when),
    })
  }

  async run(): Promise<void> {
    await this.#begin()
    const { context, target } = this
    const asked = handedOut(context, target.id)
    for await (const page of oneAhead(target.connection.accounts.list(this.signal, asked))) await this.#lookAt(page)
    await this.#lookForMissing()
    await this.#tellForgetful(this.known)
    await this.strangers.forgetGone()
    await forgetLostDrifts(context.database.pool, target.id)
  }

  async #lookAt(page: readonly ListedAccount[]): Promise<void> {
    const { context, target } = this
    const digests = page.map(({ externalId }) => accountDigest(context.vault, target.id, externalId))
    const { rows } = await context.database.pool.query<{ i: number; id: AccountId; settled: boolean }>(
      forEachDigest(
        '$2',
        16,
        `select a.id, not (${isBusy('a')}) as settled
           from account a where target = $1 and external_digest = d.digest and (${isMade('owned')} or ${isGone('desired')}) and desired is not null`,
      ),
      [target.id, Buffer.concat(digests)],
    )
    const ours = new Map(rows.map((row) => [row.i, row]))
    this.accounts += page.length
    const unknown = page.flatMap((account, i) => (ours.has(i) ? [] : [{ account, digest: digests[i] as Buffer }]))
    this.untouchable += unknown.filter(({ account }) => account.untouchable).length
    this.withoutPerson += unknown.filter(({ account }) => !account.untouchable).length
    await this.strangers.meet(unknown)
    for (const { id } of rows) this.listed.add(id)
    this.shallow ||= page.some(({ told }) => told !== undefined)
    // What a worker is at, or has yet to bring about, is no drift.
    const settled = rows.filter((row) => row.settled)
    await this.#compare(settled.map(({ i, id }) => ({ id, actual: page[i] as ListedAccount })))
    const waiting = rows.filter((row) => !row.settled)
    await this.#lookForCards(waiting.map(({ i, id }) => ({ id, actual: page[i] as ListedAccount })))
  }

  /** Whatever else an account waits for, a freeze may hold it for days: nobody is to get in by such a card meanwhile. */
  async #lookForCards(waiting: readonly (Seen & { readonly actual: ListedAccount })[]): Promise<void> {
    const { context, target } = this
    const carriers = await withCardsOfNobody(context, target.id, waiting)
    if (carriers.length === 0) return
    const actualOf = new Map(carriers.map(({ id, actual }) => [id, actual]))
    const items = await loadItems(context, carriers)
    const seen = items.map((item) => ({ item, actual: actualOf.get(item.row.id) ?? null }))
    await this.confirmation.shutStrange(await lookAt(context, target, seen))
  }

  /** Accounts of ours that should open doors, and that the list did not have. */
  async #lookForMissing(): Promise<void> {
    let after: AccountId | null = null
    for (;;) {
      const { rows }: { rows: { id: AccountId }[] } = await this.context.database.pool.query<{ id: AccountId }>(
        `select id from account a where target = $1 and ${isMade('owned')} and ${isOpen('desired')}
            and not (${isBusy('a')})
            and ($2::uuid is null or id > $2) order by id limit $3`,
        [this.target.id, after, batch],
      )
      if (rows.length === 0) return
      after = certain(rows.at(-1)).id
      this.#unlisted += await this.#compare(
        rows.flatMap(({ id }) => (this.listed.has(id) ? [] : [{ id, actual: null }])),
      )
    }
  }

  /** All that are ours: rows that somebody else put beside them are neither listed nor genuine, and do not count. */
  get known(): number {
    return this.listed.size + this.#unlisted
  }

  /** Returns how many of them are genuine. */
  async #compare(seen: readonly Seen[]): Promise<number> {
    if (seen.length === 0) return 0
    const { context, target } = this
    const items = await loadItems(context, seen)
    this.linked += items.length
    const known = Map.groupBy(
      await driftsOf(context.database.pool, context.vault, [...items.map(({ row }) => row.id)]),
      (row) => row.account_id,
    )
    const actualOf = new Map(seen.map(({ id, actual }) => [id, actual]))
    await this.strangers.meet(
      items.flatMap((item) => {
        const account = actualOf.get(item.row.id) ?? null
        const isNew = account !== null && isSomebodyElses(target, item, account)
        return isNew ? [{ account, digest: item.row.external_digest }] : []
      }),
      true,
    )
    const looks = await lookAt(
      context,
      target,
      items.map((item) => ({ item, actual: actualOf.get(item.row.id) ?? null })),
    )
    // Whoever differs from what is known of them is read singly.
    const doubtful = looks.flatMap(({ item, actual, found, strange }) => {
      const told = (known.get(item.row.id) ?? []).filter((row) => canTell(context, row, actual))
      const accepted = told.filter((row) => row.accepted_at !== null)
      const isNews = found.length !== told.length || found.some((each) => !told.some((row) => isSameDrift(row, each)))
      const isDoubtful =
        isNews ||
        hasOtherMarks(item, actual) ||
        told.some((row) => this.#isRecent(row.found_at)) ||
        found.some((each) => each.class === 'opened' || each.class === 'card-unblocked') ||
        strange.length > 0 ||
        found.some((each) => leavesOut(item.owned, each) && !accepted.some((row) => isSameDrift(row, each))) ||
        [...fightsOf(item.owned), ...(item.owned.leaves ?? [])].some(
          (noted) => canTell(context, noted, actual) && !found.some((each) => isAbout(noted, each)),
        )
      return isDoubtful ? [{ item, isUrgent: item.desired.lock === 'closed' || strange.length > 0 }] : []
    })
    for (let start = 0; start < doubtful.length; start += target.concurrency * 4) {
      const some = doubtful.slice(start, start + target.concurrency * 4)
      // That a target forgot is known by now: what it forgot is not asked for one by one, but who can get in.
      const asked = this.restored ? some.filter(({ isUrgent }) => isUrgent) : some
      await this.#confirm(asked.map(({ item }) => item))
    }
    return items.length
  }

  async #confirm(doubtful: readonly WorkItem[]): Promise<void> {
    await this.confirmation.confirm(doubtful)
    await this.#tellForgetful(this.total)
  }

  async #tellForgetful(of: number): Promise<void> {
    const { context, target, confirmation } = this
    if (this.restored || !isForgetful(confirmation.changed, of)) return
    this.restored = await markRestored(context, target.id, confirmation.changed, this.begunAt, this.last.begunAt)
  }

  #isRecent(foundAt: Date): boolean {
    return this.last.endedAt !== null && foundAt > this.last.endedAt
  }

  /** How many there are, and when the last sweep was. */
  async #begin(): Promise<void> {
    // Nobody of ours writes such: it would keep accounts from being looked at.
    await tellForged(
      this.context.database.pool,
      this.context,
      ...(await mendTimes(this.context.database.pool, this.target.id)),
    )
    const { rows } = await this.context.database.pool.query<{ total: number } & CountsRow>(
      `select (select count(*)::int from account a where target = $1 and ${isMade('owned')} and desired is not null) as total,
              id, sweep_counts, sweep_guard from target where id = $1`,
      [this.target.id],
    )
    const row = certain(rows[0])
    this.total = row.total
    const kept = genuineCounts(this.context.vault, row)
    this.last = { begunAt: timeOf(kept?.begunAt), endedAt: timeOf(kept?.endedAt) }
  }
}

function timeOf(text: string | undefined): Date | null {
  const at = new Date(text ?? Number.NaN)
  return Number.isNaN(at.getTime()) ? null : at
}

export interface SweepOptions {
  /** Also when its time has not come. */
  readonly now: boolean
  readonly brakes: Brakes
}

/** Its time is what the last one noted, signed; that it is to be swept before, anybody may say. */
async function isDue({ database, vault, now }: SyncContext, target: TargetSetup): Promise<boolean> {
  const { rows } = await database.pool.query<{ due: boolean } & CountsRow>(
    `select swept_at is null or swept_at < now() - $2 * interval '1 ms' as due, id, sweep_counts, sweep_guard from target where id = $1`,
    [target.id, target.sweepEveryMs],
  )
  const row = certain(rows[0])
  const endedAt = timeOf(genuineCounts(vault, row)?.endedAt)
  return row.due || endedAt === null || endedAt.getTime() < now().getTime() - target.sweepEveryMs
}

/** Looks a target through when its time has come; null when it has not. @throws ConnectorError when it could not be read to its end. */
export async function sweepIfDue(
  context: SyncContext,
  target: TargetSetup,
  { now, brakes }: SweepOptions,
  signal: AbortSignal,
): Promise<SweepCounts | null> {
  const { pool } = context.database
  if (!now && !(await isDue(context, target))) return null
  // Until a store from a backup has let stand what is there, every difference would be its own.
  const restore = await openRestore(pool, context.vault)
  if (restore !== null && !stockTaken(restore).includes(target.id)) return null
  const mode = (await modesOf(pool, context)).get(target.id)
  // A row that can't be trusted is not written anew: it stops all but lock-outs already.
  const sweep = new Sweep(context, target, mode?.waits === 'restored' || mode?.forged === true, signal)
  await withCallScope({ lane: 'bulk' }, () => sweep.run())
  if (sweep.restored) await shutAllAgain(context, target.id, signal)
  const { accounts, linked, withoutPerson, untouchable, shallow } = sweep
  const { changed, undone } = sweep.confirmation
  const counts: SweepCounts = { accounts, linked, withoutPerson, untouchable, changed }
  const times = { begunAt: sweep.begunAt.toISOString(), endedAt: context.now().toISOString() }
  const kept: KeptCounts = { ...counts, ...times, shallow }
  const row = { id: target.id, sweep_counts: JSON.stringify(kept) }
  await pool.query('update target set swept_at = now(), sweep_counts = $2, sweep_guard = $3 where id = $1', [
    target.id,
    row.sweep_counts,
    context.vault.guard('target_sweep', sweepGuard(row)),
  ])
  if (undone > 0) await raiseAlarm(pool, context.vault, 'lockout.undone', target.id, undone)
  else await clearUndone(context, target.id)
  const open = sweep.strangers.cards + sweep.confirmation.left
  if (open > 0) await raiseAlarm(pool, context.vault, 'card.not-shut', target.id, open)
  else await clearAlarm(pool, context.vault, 'card.not-shut', target.id)
  await applyPolicies(context, target, sweep.known)
  await replanTarget(context, target.id, brakes)
  context.log('info', 'target.swept', { target: target.id, count: accounts })
  return counts
}
