/**
 * Looks through all accounts of a target for what changed behind our back. It is reported, and nothing is mended but one thing: who is
 * locked out and found open is shut again at once.
 */
import { recordAuditMany } from '../../audit/record.ts'
import type { ListedAccount } from '../../connector/contract.ts'
import { withCallScope } from '../../connector/egress/call-scope.ts'
import type { AccountId } from '../../model/id.ts'
import { isGone, isMade, isOpen } from '../../store/account-sql.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import { type DriftOf, deleteDrifts, driftsOf, forgetLostDrifts, insertDrifts } from '../../store/drifts.ts'
import { openRestore } from '../../store/restores.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { Brakes, SyncContext, TargetSetup } from '../context.ts'
import { handedOut } from '../handed-out.ts'
import { accountDigest } from '../identifiers.ts'
import { inParallel } from '../in-parallel.ts'
import { oneAhead } from '../one-ahead.ts'
import { partOf } from '../parts.ts'
import { replanTarget } from '../plan/replan.ts'
import { claimsToLookAt, loadWork, type WorkItem } from '../reconcile/work-item.ts'
import { stockTaken } from '../restored/gate.ts'
import { modesOf } from '../target-modes.ts'
import { canTell, driftsBetween, type Found } from './compare-drift.ts'
import { shutAgain, shutAllAgain } from './relock.ts'
import { isForgetful, markRestored } from './restored.ts'
import { Strangers } from './strangers.ts'

/** What one sweep came to; kept on the target's row. */
export interface SweepCounts {
  readonly accounts: number
  readonly linked: number
  /** Accounts with no person: left alone. */
  readonly withoutPerson: number
  readonly untouchable: number
  /** Of linked accounts, those that are missing or were changed since they were last looked at. */
  readonly changed: number
}

/** With the gateway's time at its begin and its end; of what an older version counted there is none. */
type KeptCounts = SweepCounts & { readonly begunAt?: string; readonly endedAt?: string }

/** As they are kept; null for what is none of ours. */
export function sweepCounts(text: string | null): KeptCounts | null {
  try {
    return text === null ? null : (JSON.parse(text) as KeptCounts | null)
  } catch {
    // Not signed, and decides nothing: what is no JSON counts for none.
    return null
  }
}

/** What a list leaves out of an account is read singly once in this time. */
const lookedThroughMs = 24 * 3_600_000
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
  changed = 0
  undone = 0
  restored: boolean
  /** All that are ours, about. */
  total = 0
  /** The last sweep that came to its end. What was found since, by others that broke off, is as new as what this one finds. */
  last: { readonly begunAt: Date | null; readonly endedAt: Date | null } = { begunAt: null, endedAt: null }
  /** Of accounts that a list shows too little of, those whose turn it is to be read singly. */
  due: ReadonlySet<AccountId> = new Set()
  lookedThrough: AccountId | null = null

  constructor(context: SyncContext, target: TargetSetup, restored: boolean, signal: AbortSignal) {
    this.context = context
    this.target = target
    this.restored = restored
    this.signal = signal
    this.strangers = new Strangers(context, target)
    this.begunAt = context.now()
  }

  async run(): Promise<void> {
    await this.#chooseDue()
    const { context, target } = this
    const asked = handedOut(context, target.id)
    for await (const page of oneAhead(target.connection.accounts.list(this.signal, asked))) await this.#lookAt(page)
    await this.#lookForMissing()
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
        `select a.id, a.desired_version = a.applied_version and not exists (select from account_work w where w.account_id = a.id) as settled
           from account a where target = $1 and external_digest = d.digest and (${isMade('owned')} or ${isGone('desired')}) and desired is not null`,
      ),
      [target.id, Buffer.concat(digests)],
    )
    const ours = new Map(rows.map((row) => [row.i, row]))
    this.accounts += page.length
    const unknown = page.flatMap((account, i) => (ours.has(i) ? [] : [{ account, digest: digests[i] as Buffer }]))
    this.untouchable += unknown.filter(({ account }) => account.untouchable).length
    const strangers = unknown.filter(({ account }) => !account.untouchable)
    this.withoutPerson += strangers.length
    await this.strangers.meet(strangers)
    for (const { id } of rows) this.listed.add(id)
    // What a worker is at, or has yet to bring about, is no drift.
    const settled = rows.filter((row) => row.settled)
    await this.#compare(settled.map(({ i, id }) => ({ id, actual: page[i] as ListedAccount })))
  }

  /** Accounts of ours that should open doors, and that the list did not have. */
  async #lookForMissing(): Promise<void> {
    let after: AccountId | null = null
    for (;;) {
      const { rows }: { rows: { id: AccountId }[] } = await this.context.database.pool.query<{ id: AccountId }>(
        `select id from account a where target = $1 and ${isMade('owned')} and ${isOpen('desired')}
            and desired_version = applied_version and not exists (select from account_work w where w.account_id = a.id)
            and ($2::uuid is null or id > $2) order by id limit $3`,
        [this.target.id, after, batch],
      )
      if (rows.length === 0) return
      after = certain(rows.at(-1)).id
      await this.#compare(rows.flatMap(({ id }) => (this.listed.has(id) ? [] : [{ id, actual: null }])))
    }
  }

  async #compare(seen: readonly Seen[]): Promise<void> {
    if (seen.length === 0) return
    const { context, target } = this
    const items = await this.#load(seen.map(({ id }) => id))
    this.linked += items.length
    const known = Map.groupBy(
      await driftsOf(context.database.pool, context.vault, [...items.map(({ row }) => row.id)]),
      (row) => row.account_id,
    )
    const actualOf = new Map(seen.map(({ id, actual }) => [id, actual]))
    // Whoever differs from what is known of them, or has not been read for long, is read singly.
    const doubtful = items.filter((item) => {
      const actual = actualOf.get(item.row.id) ?? null
      const now = driftsBetween(context, target, item, actual)
      const told = (known.get(item.row.id) ?? []).filter((row) => canTell(context, row, actual))
      return (
        now.length !== told.length ||
        now.some((each) => !told.some((row) => isSame(row, each))) ||
        told.some((row) => this.#isRecent(row.found_at)) ||
        (actual?.told !== undefined && this.due.has(item.row.id))
      )
    })
    for (let start = 0; start < doubtful.length; start += target.concurrency * 4) {
      const some = doubtful.slice(start, start + target.concurrency * 4)
      // That a target forgot is known by now: what it forgot is not asked for one by one, but who can get in.
      await this.#confirm(this.restored ? some.filter(({ desired }) => desired.lock === 'closed') : some)
    }
  }

  /** Read anew, and held against what is desired now: of what a worker touched meanwhile nothing is said. */
  async #confirm(doubtful: readonly WorkItem[]): Promise<void> {
    if (doubtful.length === 0) return
    const { context, target, signal } = this
    const reads = await inParallel(doubtful, target.concurrency, async (item) => ({
      id: item.row.id,
      version: item.row.desired_version,
      actual: await target.connection.accounts.read(item.externalId, signal),
    }))
    const fresh = new Map((await this.#load(reads.map(({ id }) => id))).map((item) => [item.row.id, item]))
    const busy = await this.#busy(reads.map(({ id }) => id))
    const sure = reads.flatMap(({ id, version, actual }) => {
      const item = fresh.get(id)
      return item === undefined || busy.has(id) || item.row.desired_version !== version ? [] : [{ item, actual }]
    })
    const opened = await inTransaction(context.database.pool, async (client) => {
      const known = Map.groupBy(
        await driftsOf(
          client,
          context.vault,
          sure.map(({ item }) => item.row.id),
        ),
        (row) => row.account_id,
      )
      const news: (DriftOf & { readonly account: AccountId })[] = []
      const over: string[] = []
      const open: AccountId[] = []
      for (const { item, actual } of sure) {
        const { id, external_digest: externalDigest } = item.row
        const now = driftsBetween(context, target, item, actual)
        const told = known.get(id) ?? []
        over.push(...told.flatMap((row) => (now.some((each) => isSame(row, each)) ? [] : [row.id])))
        const fresh = now.filter((each) => !told.some((row) => isSame(row, each)))
        const recent = now.filter((each) => told.some((row) => isSame(row, each) && this.#isRecent(row.found_at)))
        news.push(...fresh.map((each) => ({ ...each, target: target.id, account: id, externalDigest, sealId: null })))
        if (now.some((each) => each.class === 'opened')) open.push(id)
        if (this.#isChange(item, [...fresh, ...recent])) this.changed += 1
      }
      await deleteDrifts(client, over)
      await insertDrifts(client, context.vault, news, context.now())
      await recordAuditMany(
        client,
        context.vault,
        news.map(({ account, class: is, part }) => ({
          actor: 'engine',
          action: 'account.drifted' as const,
          object: account,
          details: { target: target.id, class: is, part },
        })),
      )
      return open
    })
    this.undone += opened.length
    await shutAgain(context, target.id, opened)
    if (this.restored || !isForgetful(this.changed, this.total)) return
    this.restored = await markRestored(context, target.id, this.changed, this.begunAt, this.last.begunAt)
  }

  #isRecent(foundAt: Date): boolean {
    return this.last.endedAt !== null && foundAt > this.last.endedAt
  }

  /** New since the account was last looked at, and something that only Gatehouse would have undone: no gift by hand. */
  #isChange(item: WorkItem, fresh: readonly Found[]): boolean {
    const { context, target } = this
    const before = item.lastSeen === null ? [] : driftsBetween(context, target, item, item.lastSeen)
    return fresh.some((each) => !before.some((old) => isSame(old, each)) && !isGift(context, each))
  }

  async #load(ids: readonly AccountId[]): Promise<readonly WorkItem[]> {
    const { pool } = this.context.database
    return loadWork(pool, this.context.vault, claimsToLookAt(ids.map((id) => ({ id, intents: [] }))))
  }

  async #busy(ids: readonly AccountId[]): Promise<ReadonlySet<AccountId>> {
    const { rows } = await this.context.database.pool.query<{ id: AccountId }>(
      `select id from account a where id = any($1::uuid[])
          and (desired_version > applied_version or exists (select from account_work w where w.account_id = a.id))`,
      [ids],
    )
    return new Set(rows.map(({ id }) => id))
  }

  /** So many that each account has its turn within a day, in the order of our ids. */
  async #chooseDue(): Promise<void> {
    const { pool } = this.context.database
    const ours = `from account a where target = $1 and ${isMade('owned')} and desired is not null`
    const { rows } = await pool.query<{ total: number; after: AccountId | null; counts: string | null }>(
      `select (select count(*)::int ${ours}) as total, looked_through as after, sweep_counts as counts from target where id = $1`,
      [this.target.id],
    )
    const { total, after, counts } = certain(rows[0])
    this.total = total
    const kept = sweepCounts(counts)
    this.last = { begunAt: timeOf(kept?.begunAt), endedAt: timeOf(kept?.endedAt) }
    const share = Math.min(1, this.target.sweepEveryMs / lookedThroughMs)
    const limit = Math.max(50, Math.ceil(this.total * share))
    const chosen = await pool.query<{ id: AccountId }>(
      `select id ${ours} and ($2::uuid is null or id > $2) order by id limit $3`,
      [this.target.id, after, limit],
    )
    this.due = new Set(chosen.rows.map(({ id }) => id))
    // At the end it begins anew.
    this.lookedThrough = chosen.rows.length < limit ? null : certain(chosen.rows.at(-1)).id
  }
}

function timeOf(text: string | undefined): Date | null {
  const at = new Date(text ?? Number.NaN)
  return Number.isNaN(at.getTime()) ? null : at
}

/** What somebody adds to many accounts by hand is theirs to give, unless it is a level that Gatehouse hands out. */
function isGift({ levels, policy }: SyncContext, { class: is, part }: Found): boolean {
  if (is === 'card-added') return true
  if (is !== 'level-added') return false
  const named = partOf(part)
  const ref = named.is === 'level' ? levels.nameOf(named.id) : undefined
  return ref === undefined || !policy.levels().includes(ref)
}

export interface SweepOptions {
  /** Also when its time has not come. */
  readonly now: boolean
  readonly brakes: Brakes
}

/** Looks a target through when its time has come; null when it has not. @throws ConnectorError when it could not be read to its end. */
export async function sweepIfDue(
  context: SyncContext,
  target: TargetSetup,
  { now, brakes }: SweepOptions,
  signal: AbortSignal,
): Promise<SweepCounts | null> {
  const { pool } = context.database
  const { rowCount } = await pool.query(
    `select from target where id = $1 and ($3 or swept_at is null or swept_at < now() - $2 * interval '1 ms')`,
    [target.id, target.sweepEveryMs, now],
  )
  if (rowCount === 0) return null
  // Until a store from a backup has let stand what is there, every difference would be its own.
  const restore = await openRestore(pool, context.vault)
  if (restore !== null && !stockTaken(restore).includes(target.id)) return null
  const mode = (await modesOf(pool, context)).get(target.id)
  // A row that can't be trusted is not written anew: it stops all but lock-outs already.
  const sweep = new Sweep(context, target, mode?.waits === 'restored' || mode?.forged === true, signal)
  await withCallScope({ lane: 'bulk' }, () => sweep.run())
  if (sweep.restored) await shutAllAgain(context, target.id, signal)
  const { accounts, linked, withoutPerson, untouchable, changed } = sweep
  const counts: SweepCounts = { accounts, linked, withoutPerson, untouchable, changed }
  const kept: KeptCounts = { ...counts, begunAt: sweep.begunAt.toISOString(), endedAt: context.now().toISOString() }
  await pool.query('update target set swept_at = now(), sweep_counts = $2, looked_through = $3 where id = $1', [
    target.id,
    JSON.stringify(kept),
    sweep.lookedThrough,
  ])
  if (sweep.undone > 0) await raiseAlarm(pool, context.vault, 'lockout.undone', target.id, sweep.undone)
  else await clearAlarm(pool, context.vault, 'lockout.undone', target.id)
  await replanTarget(context, target.id, brakes)
  context.log('info', 'target.swept', { target: target.id, count: accounts })
  return counts
}

function isSame(a: { readonly class: string; readonly part: string }, b: typeof a): boolean {
  return a.class === b.class && a.part === b.part
}
