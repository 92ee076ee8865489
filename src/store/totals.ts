/** Counts over whole tables, for whoever looks at the gateway as a whole: grouped by the store, over indexes where the tables are large. */
import type pg from 'pg'
import type { AccessLevelId } from '../model/id.ts'
import type { Lane } from '../model/lane.ts'
import { isDiscarded, isOpen } from './account-sql.ts'

export interface OpenLockoutTotal {
  readonly target: string
  readonly open: number
  readonly oldest: Date
}

export async function openLockoutTotals(pool: pg.Pool): Promise<readonly OpenLockoutTotal[]> {
  const { rows } = await pool.query<OpenLockoutTotal>(
    `select target, count(*)::int as open, min(decided_at) as oldest from lockout
      where proven_at is null and ended_at is null group by target order by oldest`,
  )
  return rows
}

export interface WorkTotal {
  readonly target: string
  readonly lane: Lane
  /** Not as desired yet, or looked at once more; what the target refuses is only tried again. */
  readonly waiting: number
  /** Of those due that nobody works on. */
  readonly oldest_due: Date | null
  readonly dead: number
}

export async function workTotals(pool: pg.Pool): Promise<readonly WorkTotal[]> {
  const { rows } = await pool.query<WorkTotal>(
    `select w.target, w.lane, count(*) filter (where w.dead_at is not null and not ${isDiscarded('a')})::int as dead,
            count(*) filter (where w.dead_at is null and (w.lane = 'urgent' or w.verify_at is not null or a.desired_version > a.applied_version))::int as waiting,
            min(w.due_at) filter (where w.dead_at is null and w.due_at <= now() and (w.lease_until is null or w.lease_until < now())) as oldest_due
       from account_work w join account a on a.id = w.account_id group by w.target, w.lane`,
  )
  return rows
}

export interface AccountTotal {
  readonly target: string
  readonly applied: number
  readonly failing: number
}

/** Reads the whole table of accounts: to be asked seldom where it is large. */
export async function accountTotals(pool: pg.Pool): Promise<readonly AccountTotal[]> {
  const { rows } = await pool.query<AccountTotal>(
    `select target, count(*) filter (where applied_version > 0)::int as applied, count(*) filter (where failures is not null and not ${isDiscarded('account')})::int as failing
       from account group by target`,
  )
  return rows
}

/** Reads the whole table of people: to be asked seldom where it is large. */
export async function peopleTotals(pool: pg.Pool): Promise<Readonly<Record<string, number>>> {
  const { rows } = await pool.query<{ state: string; count: number }>(
    'select state, count(*)::int as count from person group by state',
  )
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

/** To how many people each level is to be given, by rules or by themselves; nobody's is left out. Reads the whole table of accounts. */
export async function levelTotals(pool: pg.Pool): Promise<ReadonlyMap<AccessLevelId, number>> {
  const { rows } = await pool.query<{ level: AccessLevelId; people: number }>(
    `select given.level[1] as level, count(distinct a.person_id)::int as people
       from account a, regexp_matches(substring(a.wanted from '"levels":\\[([^]]*)'), '[0-9a-f-]{36}', 'g') as given(level)
      where ${isOpen('a.wanted')} group by 1`,
  )
  return new Map(rows.map(({ level, people }) => [level, people]))
}

export interface SourceTotal {
  readonly id: string
  readonly delivery_at: Date | null
  readonly complete_at: Date | null
  readonly registered_at: Date
  readonly records: number | null
  readonly outcome: string | null
}

export async function sourceTotals(pool: pg.Pool, ids: readonly string[]): Promise<readonly SourceTotal[]> {
  const { rows } = await pool.query<SourceTotal>(
    `select s.id, s.delivery_at, s.complete_at, s.registered_at, s.complete_records as records,
            (select outcome from pull p where p.source = s.id and finished_at is not null order by finished_at desc limit 1) as outcome
       from source s where s.id = any($1::text[]) order by s.id`,
    [ids],
  )
  return rows
}

export interface TargetTotal {
  readonly id: string
  readonly failures: number
  readonly rest_until: Date | null
  readonly reach: string | null
  readonly swept_at: Date | null
  /** JSON of what the last sweep counted. */
  readonly sweep_counts: string | null
  /** JSON of how far single reads of its accounts are. */
  readonly deep_sweep: string | null
  readonly restored_at: Date | null
  readonly drifts: number
}

export async function targetTotals(pool: pg.Pool, ids: readonly string[]): Promise<readonly TargetTotal[]> {
  const { rows } = await pool.query<TargetTotal>(
    `select id, breaker_failures as failures, rest_until, reach, swept_at, sweep_counts, deep_sweep, restored_at,
            (select count(*)::int from drift d where d.target = t.id and d.accepted_at is null) as drifts
       from target t where id = any($1::text[]) order by id`,
    [ids],
  )
  return rows
}

export interface SmallTotals {
  readonly plans_held: number
  readonly audit_entries: number
  readonly audit_pending: number
  readonly outbox_rows: number
  /** Of the oldest row; null when there is none. */
  readonly outbox_first: string | null
}

/** Of tables that are nearly empty when all is well. */
export async function smallTotals(pool: pg.Pool): Promise<SmallTotals> {
  const { rows } = await pool.query<SmallTotals>(
    `select (select count(*) from plan where state = 'held')::int as plans_held,
            coalesce((select max(seq) from audit), 0)::int as audit_entries,
            (select count(*) from audit_pending)::int as audit_pending,
            (select count(*) from outbox)::int as outbox_rows, (select min(id) from outbox) as outbox_first`,
  )
  return rows[0] as SmallTotals
}

export async function alarmTotals(
  pool: pg.Pool,
): Promise<readonly { readonly code: string; readonly count: number }[]> {
  const { rows } = await pool.query<{ code: string; count: number }>(
    'select code, count(*)::int as count from alarm where cleared_at is null group by code',
  )
  return rows
}

export interface ProofTimes {
  readonly cause: string
  readonly proven: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Of lock-outs proven within a day, from the news to the proof, in ms; by cause, and as cause `all`. */
export async function proofTimes(pool: pg.Pool): Promise<readonly ProofTimes[]> {
  const { rows } = await pool.query<ProofTimes>(
    `select coalesce(cause, 'all') as cause, count(*)::int as proven, round(percentile_cont(0.5) within group (order by ms))::int as p50,
            round(percentile_cont(0.99) within group (order by ms))::int as p99, round(max(ms))::int as max
       from (select cause, extract(epoch from proven_at - arrived_at)::float8 * 1000 as ms from lockout where proven_at > now() - interval '24 hours') l
      group by grouping sets ((cause), ()) having count(*) > 0 order by cause`,
  )
  return rows
}
