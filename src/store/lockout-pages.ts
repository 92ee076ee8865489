/** Lock-outs page by page: those that are open first, of each kind the newest first. */
import type pg from 'pg'
import type { LockoutRow } from './guards.ts'
import type { LockoutFilter } from './lockouts.ts'

const stillOpen = 'proven_at is null and ended_at is null'
/** What a row claims that is not open any more. */
const over = {
  proven: 'proven_at is not null',
  'taken-back': 'proven_at is null and ended_at is not null and signed_off_at is null',
  'signed-off': 'proven_at is null and ended_at is not null and signed_off_at is not null',
}
type ListedState = 'open' | keyof typeof over

export interface ListedLockouts extends LockoutFilter {
  readonly state?: ListedState
  readonly target?: string
}

/** Where a page ends: a lock-out, and whether it was among the open ones, which it may not be any more. */
export interface LockoutPlace {
  readonly open: boolean
  readonly id: string
}

/**
 * `state` goes by what the table claims: a row in which somebody else wrote is listed where he put it, until it is opened again, and its
 * reader must say that it proves nothing.
 */
export async function lockoutPage(
  pool: pg.Pool,
  filter: ListedLockouts,
  after: LockoutPlace | null,
  limit: number,
): Promise<{ readonly rows: readonly LockoutRow[]; readonly next: LockoutPlace | null }> {
  const { state } = filter
  const inOpen = after?.open ?? true
  const open =
    inOpen && (state === undefined || state === 'open') ? await section(pool, filter, stillOpen, after, limit) : []
  const left = limit - open.length
  const rest =
    left === 0 || state === 'open'
      ? []
      : await section(
          pool,
          filter,
          state === undefined ? `not (${stillOpen})` : over[state],
          inOpen ? null : after,
          left,
        )
  const last = rest.at(-1) ?? open.at(-1)
  const isWhole = open.length + rest.length < limit || last === undefined
  return { rows: [...open, ...rest], next: isWhole ? null : { open: rest.length === 0, id: last.id } }
}

async function section(
  pool: pg.Pool,
  { since, until, person, target }: ListedLockouts,
  condition: string,
  after: LockoutPlace | null,
  limit: number,
): Promise<readonly LockoutRow[]> {
  const { rows } = await pool.query<LockoutRow>(
    `select * from lockout
      where ${condition} and ($1::timestamptz is null or decided_at >= $1) and ($2::timestamptz is null or decided_at < $2)
        and ($3::uuid is null or person_id = $3) and ($4::text is null or target = $4)
        and ($5::uuid is null or (decided_at, id) < (select decided_at, id from lockout where id = $5))
      order by decided_at desc, id desc limit $6`,
    [since ?? null, until ?? null, person ?? null, target ?? null, after?.id ?? null, limit],
  )
  return rows
}
