/**
 * Alarms that are on: raised once, cleared once, and each of both told once; the code says what, the scope says where, neither says
 * whom. Notices, and what says that an alarm is on or over, are signed: a thief can neither silence an alarm, also not by raising it himself, nor have one sent.
 */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { AlarmCode } from '../model/alarm.ts'
import type { Vault } from '../vault/vault.ts'
import { clearedGuard, noticeGuard, raisedGuard } from './guards.ts'

type Client = pg.ClientBase | pg.Pool

/** A change of an alarm that is still to be told. */
export interface Notice {
  /** Random; the same however often it is sent. */
  readonly id: string
  readonly code: string
  readonly scope: string
  readonly is_on: boolean
  /** When it was raised or cleared. */
  readonly at: Date
  /** How many things the alarm was about when it was raised. */
  readonly count: number | null
  readonly guard: Buffer
  readonly attempts: number
  readonly first_try_at: Date | null
}

/** Alarms as they were at some moment, by `key`; their times also as the database writes them, which are compared and never read. */
type Seen = ReadonlyMap<string, SeenAlarm>

interface SeenAlarm {
  readonly code: string
  readonly scope: string
  readonly count: number | null
  readonly raised: string
  readonly cleared: string | null
  readonly raised_at: Date
  readonly raised_guard: Buffer | null
}

/** Since when an alarm is on, as its row says. */
type RaisedRow = Pick<SeenAlarm, 'raised' | 'raised_at' | 'raised_guard'>

function isRaisedByUs(vault: Vault, code: string, scope: string, row: Omit<RaisedRow, 'raised'>): boolean {
  return vault.verifyGuard('alarm_raised', raisedGuard(code, scope, row.raised_at), row.raised_guard ?? Buffer.alloc(0))
}

/**
 * True when the alarm was off until now. One that is on gets the new count, which is not told again; where somebody else put it there, it
 * was never told, and counts as off. With `seen`: not when it was cleared since, for whoever did that knew more.
 */
export async function raiseAlarm(
  client: Client,
  vault: Vault,
  code: AlarmCode,
  scope: string,
  count: number | null = null,
  seen?: Seen,
): Promise<boolean> {
  const at = new Date()
  const notice = newNotice(vault, code, scope, true, at, count)
  const values = [code, scope, at, count, notice.id, notice.guard]
  const guard = vault.guard('alarm_raised', raisedGuard(code, scope, at))
  const { rows } = await client.query<{ isNew: boolean } & Partial<RaisedRow>>(
    `with raised as (
       insert into alarm as a (code, scope, raised_at, count, raised_guard) values ($1, $2, $3, $4, $9)
       on conflict (code, scope) do update set raised_at = $3, cleared_at = null, cleared_guard = null, count = $4, raised_guard = $9
        where a.cleared_at is not null and ($7 or a.cleared_at::text = $8)
       returning 1),
     told as (insert into alarm_notice (id, code, scope, is_on, at, count, guard) select $5, $1, $2, true, $3, $4, $6 from raised)
     select exists (select from raised) as "isNew", a.raised_at::text as raised, a.raised_at, a.raised_guard
       from (values (1)) as one left join alarm a on a.code = $1 and a.scope = $2 and a.cleared_at is null`,
    [...values, seen === undefined, seen?.get(key(code, scope))?.cleared ?? null, guard],
  )
  const { isNew = false, raised, raised_at, raised_guard = null } = rows[0] ?? {}
  if (isNew) return true
  if (raised_at != null && !isRaisedByUs(vault, code, scope, { raised_at, raised_guard })) {
    const { rowCount } = await client.query(
      `with raised as (
         update alarm set raised_at = $3, count = $4, raised_guard = $7 where code = $1 and scope = $2 and cleared_at is null
            and raised_at::text = $8 and raised_guard is not distinct from $9 returning 1)
       insert into alarm_notice (id, code, scope, is_on, at, count, guard) select $5, $1, $2, true, $3, $4, $6 from raised`,
      [...values, guard, raised, raised_guard],
    )
    return rowCount === 1
  }
  if (count !== null)
    await client.query(
      'update alarm set count = $3 where code = $1 and scope = $2 and cleared_at is null and count is distinct from $3',
      [code, scope, count],
    )
  return false
}

/** Of the alarms of a code that are on and that Gatehouse raised: how many there are beside one, whose scopes begin so; looks at `most` rows. */
export async function countRaised(
  client: Client,
  vault: Vault,
  code: AlarmCode,
  { beside, among, most }: { readonly beside: string; readonly among: string; readonly most: number },
): Promise<number> {
  const { rows } = await client.query<Omit<RaisedRow, 'raised'> & { readonly scope: string }>(
    `select scope, raised_at, raised_guard from alarm
      where code = $1 and cleared_at is null and scope <> $2 and starts_with(scope, $3) order by raised_guard is null, raised_at desc limit $4`,
    [code, beside, among, most],
  )
  return rows.filter((row) => isRaisedByUs(vault, code, row.scope, row)).length
}

/** What an alarm counts that is on; 0 for one that is off, or that somebody else put there. */
export async function countOfAlarm(client: Client, vault: Vault, code: AlarmCode, scope: string): Promise<number> {
  const { rows } = await client.query<Omit<RaisedRow, 'raised'> & { readonly count: number | null }>(
    'select count, raised_at, raised_guard from alarm where code = $1 and scope = $2 and cleared_at is null',
    [code, scope],
  )
  return rows.reduce((sum, row) => sum + (isRaisedByUs(vault, code, scope, row) ? (row.count ?? 0) : 0), 0)
}

/** True when the alarm was on until now. With `seen`: not when it was raised since, for whoever did that knew more. */
export async function clearAlarm(
  client: Client,
  vault: Vault,
  code: AlarmCode,
  scope: string,
  seen?: Seen,
): Promise<boolean> {
  const at = new Date()
  const notice = newNotice(vault, code, scope, false, at, null)
  const { rowCount } = await client.query(
    `with cleared as (
       update alarm set cleared_at = $3, cleared_guard = $4 where code = $1 and scope = $2 and cleared_at is null
          and ($7 or raised_at::text = $8) returning 1)
     insert into alarm_notice (id, code, scope, is_on, at, guard) select $5, $1, $2, false, $3, $6 from cleared`,
    [
      ...[code, scope, at, vault.guard('alarm', clearedGuard(code, scope, at)), notice.id, notice.guard],
      ...[seen === undefined, seen?.get(key(code, scope))?.raised ?? null],
    ],
  )
  return rowCount === 1
}

/** What is on and what was, of these codes: read before whatever `setAlarms` is told, so that what changes meanwhile shows. */
export async function readAlarms(client: Client, ...codes: readonly AlarmCode[]): Promise<Seen> {
  const { rows } = await client.query<SeenAlarm>(
    `select code, scope, count, raised_at::text as raised, cleared_at::text as cleared, raised_at, raised_guard
       from alarm where code = any($1)`,
    [codes],
  )
  return new Map(rows.map((row) => [key(row.code, row.scope), row]))
}

const key = (code: string, scope: string): string => `${code} ${scope}`

/**
 * Makes exactly these scopes of an alarm be on, with their counts if there are any; returns those that were off until now. The scopes
 * were found after `seen` was read: an act that raised or cleared one of them since, along with its cause, is not undone.
 */
export async function setAlarms(
  client: Client,
  vault: Vault,
  code: AlarmCode,
  scopes: readonly string[] | ReadonlyMap<string, number>,
  seen: Seen,
): Promise<readonly string[]> {
  const wanted = new Map<string, number | null>(
    scopes instanceof Map ? scopes : [...scopes].map((scope) => [scope as string, null] as const),
  )
  for (const was of seen.values())
    if (was.code === code && was.cleared === null && !wanted.has(was.scope))
      await clearAlarm(client, vault, code, was.scope, seen)
  const news: string[] = []
  for (const [scope, count] of wanted) {
    const known = seen.get(key(code, scope))
    if (known?.cleared === null && known.count === count && isRaisedByUs(vault, code, scope, known)) continue
    if (await raiseAlarm(client, vault, code, scope, count, seen)) news.push(scope)
  }
  return news
}

/** Signs those that were on before it was signed that they are: they are taken as they are, once. */
export async function signOlderAlarms(client: Client, vault: Vault): Promise<void> {
  const { rows } = await client.query<{ code: string; scope: string; raised_at: Date }>(
    `select code, scope, date_trunc('milliseconds', raised_at) as raised_at from alarm where raised_guard is null and cleared_at is null`,
  )
  for (const { code, scope, raised_at } of rows)
    await client.query(
      'update alarm set raised_at = $3, raised_guard = $4 where code = $1 and scope = $2 and raised_guard is null and cleared_at is null',
      [code, scope, raised_at, vault.guard('alarm_raised', raisedGuard(code, scope, raised_at))],
    )
}

/** Alarms that somebody marked as over in the database are on again, and told again. Returns how many. */
export async function restoreSilenced(pool: pg.Pool, vault: Vault): Promise<number> {
  const { rows } = await pool.query<{ code: AlarmCode; scope: string; cleared_at: Date; cleared_guard: Buffer | null }>(
    'select code, scope, cleared_at, cleared_guard from alarm where cleared_at is not null',
  )
  let restored = 0
  for (const { code, scope, cleared_at, cleared_guard } of rows) {
    const signed = cleared_guard ?? Buffer.alloc(0)
    if (vault.verifyGuard('alarm', clearedGuard(code, scope, cleared_at), signed)) continue
    if (await raiseAlarm(pool, vault, code, scope)) restored += 1
  }
  return restored
}

export interface AlarmRow {
  readonly code: string
  readonly scope: string
  readonly raised_at: Date
  readonly cleared_at: Date | null
  readonly count: number | null
}

/** Those that are on, or (`all`) those that were as well; newest first, 500 at most. */
export async function listAlarms(pool: pg.Pool, all: boolean): Promise<readonly AlarmRow[]> {
  const { rows } = await pool.query<AlarmRow>(
    `select code, scope, raised_at, cleared_at, count from alarm where cleared_at is null or $1
      order by cleared_at is null desc, raised_at desc, code, scope limit 500`,
    [all],
  )
  return rows
}

/** So long an alarm that is over stays in the list. */
const keptDays = 30

export async function forgetOldAlarms(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from alarm where cleared_at < now() - interval '${keptDays} days'`)
}

/** Notices that are not in the log yet, oldest first; those that Gatehouse never wrote are dropped, with an alarm. */
export async function noticesToLog(pool: pg.Pool, vault: Vault): Promise<readonly Notice[]> {
  const { rows } = await pool.query<Notice>(
    `select ${noticeColumns} from alarm_notice where logged_at is null order by seq limit 100`,
  )
  const genuine: Notice[] = []
  for (const row of rows) if (await isGenuine(pool, vault, row)) genuine.push(row)
  return genuine
}

export async function markLogged(pool: pg.Pool, ids: readonly string[]): Promise<void> {
  await pool.query('update alarm_notice set logged_at = now() where id = any($1::uuid[])', [ids])
}

/** For a gateway that tells nobody else. */
export async function dropLogged(pool: pg.Pool): Promise<void> {
  await pool.query('delete from alarm_notice where logged_at is not null')
}

export interface TakenNotice {
  /** Null when none is due. */
  readonly notice: Notice | null
  /** When happened what the oldest tells of, if that one waits. */
  readonly waitsSince: Date | null
}

/**
 * Takes the oldest notice, if it is due, for `leaseMs`: they are told in order, so while the oldest waits for its next try all do. It is
 * verified before anybody waits for it, and no wait longer than `longestMs` counts, nor a number of tries that would end all counting:
 * only somebody else can have written those.
 */
export async function takeNotice(
  pool: pg.Pool,
  vault: Vault,
  leaseMs: number,
  longestMs: number,
): Promise<TakenNotice> {
  for (;;) {
    const { rows } = await pool.query<Notice & { due: boolean }>(
      `select ${noticeColumns},
              logged_at is not null and (next_try_at <= now() or next_try_at > now() + $1 * interval '1 ms') as due
         from alarm_notice order by seq limit 1`,
      [longestMs],
    )
    const [oldest] = rows
    if (oldest === undefined) return { notice: null, waitsSince: null }
    if (!(await isGenuine(pool, vault, oldest))) continue
    if (!oldest.due) return { notice: null, waitsSince: oldest.at }
    const taken = await pool.query<Notice>(
      `update alarm_notice set next_try_at = now() + $2 * interval '1 ms', attempts = greatest(least(attempts, 999), 0) + 1,
              first_try_at = coalesce(first_try_at, now()) where id = $1 returning ${noticeColumns}`,
      [oldest.id, leaseMs],
    )
    return { notice: taken.rows[0] ?? null, waitsSince: null }
  }
}

const noticeColumns = 'id, code, scope, is_on, at, count, guard, attempts, first_try_at'

async function isGenuine(pool: pg.Pool, vault: Vault, notice: Notice): Promise<boolean> {
  const { id, code, scope, is_on, at, count, guard } = notice
  if (vault.verifyGuard('alarm_notice', noticeGuard(id, code, scope, is_on, at, count), guard)) return true
  await dropNotice(pool, id)
  await raiseAlarm(pool, vault, 'guard.failed', id)
  return false
}

/** It was told, or is given up. */
export async function dropNotice(pool: Client, id: string): Promise<void> {
  await pool.query('delete from alarm_notice where id = $1', [id])
}

export async function retryNotice(pool: pg.Pool, id: string, inMs: number): Promise<void> {
  await pool.query(`update alarm_notice set next_try_at = now() + $2 * interval '1 ms' where id = $1`, [id, inMs])
}

function newNotice(
  vault: Vault,
  code: string,
  scope: string,
  isOn: boolean,
  at: Date,
  count: number | null,
): { id: string; guard: Buffer } {
  const id = randomUUID()
  return { id, guard: vault.guard('alarm_notice', noticeGuard(id, code, scope, isOn, at, count)) }
}
