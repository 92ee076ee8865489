/**
 * Reads each account of a target singly once in a time, where its list shows too little of them: a steady trickle that leaves the rate of
 * the target to other work, goes on where it was when a process ends, and says so when it can't be done in its time.
 */
import type { Selectable } from 'kysely'
import { withCallScope } from '../../connector/egress/call-scope.ts'
import type { AccountId } from '../../model/id.ts'
import { sleep } from '../../model/sleep.ts'
import { isMade } from '../../store/account-sql.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { deepGuard } from '../../store/guards.ts'
import { openRestore } from '../../store/restores.ts'
import type { TargetTable } from '../../store/schema.ts'
import type { Vault } from '../../vault/vault.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { lookThrough } from '../guard/look-through.ts'
import { stockTaken } from '../restored/gate.ts'
import { modesOf } from '../target-modes.ts'
import { Confirmation, loadItems } from './confirm.ts'
import { isForgetful, markRestored } from './restored.ts'
import { genuineCounts } from './sweep-counts.ts'

/** How far the last one is; kept on the target's row, and signed there: by its times single reads begin anew. */
export interface DeepProgress {
  readonly begunAt: string
  /** Of the one before. */
  readonly lastBegunAt: string | null
  /** Null: it is under way. */
  readonly endedAt: string | null
  /** Accounts of ours when it began, about. */
  readonly total: number
  readonly read: number
  readonly unreadable: number
  /** As `SweepCounts`. */
  readonly changed: number
  /** So fast it goes now. */
  readonly accountsPerHour: number
}

/** As it is kept; null for what is none of ours. */
export function deepProgress(text: string | null): DeepProgress | null {
  try {
    const kept = text === null ? null : (JSON.parse(text) as DeepProgress | null)
    return kept !== null && Number.isFinite(Date.parse(kept.begunAt)) ? kept : null
  } catch {
    // What is no JSON counts for none.
    return null
  }
}

type Row = Pick<
  Selectable<TargetTable>,
  'id' | 'deep_sweep' | 'looked_through' | 'deep_guard' | 'sweep_counts' | 'sweep_guard'
>

function genuineProgress(vault: Vault, row: Row): DeepProgress | null {
  const isGenuine = row.deep_guard !== null && vault.verifyGuard('target_deep', deepGuard(row), row.deep_guard)
  return isGenuine ? deepProgress(row.deep_sweep) : null
}

/** Read in one step, which is noted as a whole: so much is read again after a crash. */
const stepMs = 5_000
const stepMax = 200
/** Done somewhat before its time is over, so that a short rest of the target does not make it late. */
const early = 0.9
/** Of the requests that an account cost lately, the last one counts so much. */
const newest = 0.2

interface Position {
  readonly progress: DeepProgress
  /** The last account that was read. */
  readonly after: AccountId | null
}

export interface DeepSweep {
  /** Reads what is due by now; returns at once when nothing is. @throws ConnectorError of the target as a whole. */
  step(signal: AbortSignal): Promise<void>
}

/** For one process that leads the target. */
export function openDeepSweep(context: SyncContext, target: TargetSetup): DeepSweep {
  const { everyMs, requestsPerSecond } = target.deepSweep
  const { pool } = context.database
  let notBefore = Number.NEGATIVE_INFINITY
  let requestsPerAccount = 1
  /** A process that leads the target knows itself how far it is: what is on the row is for whoever comes after it. */
  let own: Position | null = null

  return {
    async step(signal) {
      const now = context.now()
      if (now.getTime() < notBefore) return
      notBefore = now.getTime() + stepMs
      if (!(await mayRead(context, target))) return
      const at = await begin(now)
      if (at === null) return
      const { progress, after } = at
      const perMs = pace(progress, now)
      const count = Math.min(stepMax, Math.max(1, Math.round(perMs * stepMs)))
      notBefore = now.getTime() + count / perMs
      const ids = await nextAccounts(after, count)
      const confirmation = new Confirmation(context, target, signal, {
        isRecent: () => false,
        looked: (looks, when) => lookThrough(context, target, looks, when),
        between: count === 1 ? async () => undefined : () => sleep(1 / perMs, signal),
      })
      const items = await loadItems(context, ids)
      const { meter } = await withCallScope({ lane: 'bulk' }, () => confirmation.confirm(items))
      if (items.length > 0)
        requestsPerAccount += newest * (Math.max(1, meter.requests / items.length) - requestsPerAccount)
      const isLast = ids.length < count
      const done: DeepProgress = {
        ...progress,
        // Rows that somebody else wrote are none of ours.
        read: progress.read + items.length,
        unreadable: progress.unreadable + confirmation.unreadable,
        changed: progress.changed + confirmation.changed,
        accountsPerHour: Math.round(perMs * 3_600_000),
        endedAt: isLast ? context.now().toISOString() : null,
      }
      own = { progress: done, after: isLast ? null : certain(ids.at(-1)).id }
      const row = { id: target.id, deep_sweep: JSON.stringify(own.progress), looked_through: own.after }
      await pool.query('update target set deep_sweep = $2, looked_through = $3, deep_guard = $4 where id = $1', [
        target.id,
        row.deep_sweep,
        row.looked_through,
        context.vault.guard('target_deep', deepGuard(row)),
      ])
      if (confirmation.undone > 0)
        await raiseAlarm(pool, context.vault, 'lockout.undone', target.id, confirmation.undone)
      if (isForgetful(done.changed, isLast ? done.read : done.total)) {
        const last = done.lastBegunAt === null ? null : new Date(done.lastBegunAt)
        await markRestored(context, target.id, done.changed, new Date(done.begunAt), last)
      }
      await tellLate(done, context.now())
      if (isLast) context.log('info', 'target.read-deep', { target: target.id, count: done.read })
    },
  }

  /** What is under way, or a new one when it is time; null: not now. */
  async function begin(now: Date): Promise<Position | null> {
    const { rows } = await pool.query<Row>(
      'select id, deep_sweep, looked_through, deep_guard, sweep_counts, sweep_guard from target where id = $1',
      [target.id],
    )
    const row = certain(rows[0])
    const progress = genuineProgress(context.vault, row)
    // Before the first sweep nobody knows what a list shows; what somebody else says of it, nobody believes.
    if (row.sweep_counts === null && progress === null && own === null) return null
    if (genuineCounts(context.vault, row)?.shallow === false) {
      await clearAlarm(pool, context.vault, 'drift.late', target.id)
      return null
    }
    // What this process wrote there is gone, or somebody else's.
    if (progress === null && own !== null) await tellForged(pool, context, target.id)
    const at = further(own, progress === null ? null : { progress, after: row.looked_through })
    const last = at?.progress ?? null
    if (last !== null && last.endedAt === null) return { progress: last, after: at?.after ?? null }
    if (last !== null && now.getTime() < Date.parse(last.begunAt) + everyMs) return null
    const { rows: totals } = await pool.query<{ total: number }>(
      `select count(*)::int as total from account a where target = $1 and ${isOurs}`,
      [target.id],
    )
    const { total } = certain(totals[0])
    const counted = { total, read: 0, unreadable: 0, changed: 0, accountsPerHour: 0 }
    const times = { begunAt: now.toISOString(), lastBegunAt: last?.begunAt ?? null, endedAt: null }
    return { progress: { ...times, ...counted }, after: null }
  }

  /** Accounts in a millisecond: as slowly as gets it done in time, and never faster than its share of the rate. */
  function pace({ begunAt, total, read }: DeepProgress, now: Date): number {
    const most = requestsPerSecond / requestsPerAccount / 1_000
    const leftMs = Date.parse(begunAt) + everyMs * early - now.getTime()
    const needed = Math.max(1, total - read) / Math.max(leftMs, 1)
    return Math.min(most, needed)
  }

  async function nextAccounts(after: AccountId | null, count: number): Promise<readonly { readonly id: AccountId }[]> {
    const { rows } = await pool.query<{ id: AccountId }>(
      `select id from account a where target = $1 and ${isOurs} and ($2::uuid is null or id > $2) order by id limit $3`,
      [target.id, after, count],
    )
    return rows
  }

  /** On as long as the one that is under way will end too late; the count says after how many hours. */
  async function tellLate(progress: DeepProgress, now: Date): Promise<void> {
    const hours = hoursOf(progress, now)
    // A whole one, as it goes, against what it may take; rounding is no lateness.
    if (hours * 3_600_000 > everyMs * 1.01)
      await raiseAlarm(pool, context.vault, 'drift.late', target.id, Math.ceil(hours))
    else await clearAlarm(pool, context.vault, 'drift.late', target.id)
  }
}

/** Another process may have gone on meanwhile; an older row says less than this one knows. */
function further(own: Position | null, kept: Position | null): Position | null {
  if (own === null || kept === null) return own ?? kept
  const [a, b] = [own.progress, kept.progress]
  const isLater = a.begunAt === b.begunAt ? a.read >= b.read : Date.parse(a.begunAt) > Date.parse(b.begunAt)
  return isLater ? own : kept
}

const isOurs = `${isMade('owned')} and desired is not null`

/** From its begin to its end, as it goes now. */
export function hoursOf({ begunAt, endedAt, total, read, accountsPerHour }: DeepProgress, now: Date): number {
  const soFar = (Date.parse(endedAt ?? now.toISOString()) - Date.parse(begunAt)) / 3_600_000
  return endedAt === null ? soFar + Math.max(0, total - read) / Math.max(accountsPerHour, 1) : soFar
}

/** Of a target that forgot it is known by now, and what a store from a backup does not know yet says nothing. */
async function mayRead(context: SyncContext, target: TargetSetup): Promise<boolean> {
  const { database, vault } = context
  const restore = await openRestore(database.pool, vault)
  if (restore !== null && !stockTaken(restore).includes(target.id)) return false
  const mode = (await modesOf(database.pool, context)).get(target.id)
  return mode !== undefined && !mode.forged && mode.waits !== 'restored'
}
