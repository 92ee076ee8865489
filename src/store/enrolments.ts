/** Times in which enrolling something for a person is expected, since somebody said so by name. */
import type pg from 'pg'
import type { EnrolmentId, PersonId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { type EnrolmentRow, enrolmentGuard } from './guards.ts'

type Client = pg.ClientBase | pg.Pool

export interface FoundEnrolment {
  readonly row: EnrolmentRow
  /** False: somebody else wrote it. It explains nothing. */
  readonly genuine: boolean
}

function checked(vault: Vault, rows: readonly EnrolmentRow[]): readonly FoundEnrolment[] {
  return rows.map((row) => ({ row, genuine: vault.verifyGuard('enrolment', enrolmentGuard(row), row.guard) }))
}

/** Writes the whole row, new or not. */
export async function saveEnrolment(
  client: pg.ClientBase,
  vault: Vault,
  row: Omit<EnrolmentRow, 'guard'>,
): Promise<void> {
  await client.query(
    `insert into enrolment (id, person_id, opened_at, opened_by, until, reason, closed_at, closed_by, guard)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (id) do update set closed_at = excluded.closed_at, closed_by = excluded.closed_by, guard = excluded.guard`,
    [
      ...[row.id, row.person_id, row.opened_at, row.opened_by, row.until, row.reason, row.closed_at, row.closed_by],
      vault.guard('enrolment', enrolmentGuard(row)),
    ],
  )
}

/** Of these people, those that ended after `since`. */
export async function enrolmentsOf(
  client: Client,
  vault: Vault,
  people: readonly PersonId[],
  since: Date,
): Promise<readonly FoundEnrolment[]> {
  const { rows } = await client.query<EnrolmentRow>(
    'select * from enrolment where person_id = any($1::uuid[]) and until > $2 order by opened_at, id',
    [people, since],
  )
  return checked(vault, rows)
}

export async function lockEnrolment(
  client: pg.ClientBase,
  vault: Vault,
  id: EnrolmentId,
): Promise<FoundEnrolment | null> {
  const { rows } = await client.query<EnrolmentRow>('select * from enrolment where id = $1 for update', [id])
  return checked(vault, rows)[0] ?? null
}

/** One page, newest first; without `all`, those that are open. */
export async function listEnrolments(
  pool: pg.Pool,
  vault: Vault,
  page: { readonly all: boolean; readonly now: Date; readonly after: string | null; readonly limit: number },
): Promise<readonly FoundEnrolment[]> {
  const { rows } = await pool.query<EnrolmentRow>(
    `select * from enrolment where ($1 or (closed_at is null and until > $2))
        and ($3::uuid is null or (opened_at, id) < (select opened_at, id from enrolment where id = $3))
      order by opened_at desc, id desc limit $4`,
    [page.all, page.now, page.after, page.limit],
  )
  return checked(vault, rows)
}
