/** Everybody, page by page, and what belongs to nobody. */
import type pg from 'pg'
import type { PersonId } from '../model/id.ts'

/** The next people in the order of ids; null begins. */
export async function peopleAfter(pool: pg.Pool, after: PersonId | null, limit: number): Promise<readonly PersonId[]> {
  const { rows } = await pool.query<{ id: PersonId }>(
    'select id from person where $1::uuid is null or id > $1 order by id limit $2',
    [after, limit],
  )
  return rows.map(({ id }) => id)
}

/** Accounts, cards, records and rights without a person: Gatehouse makes none, so that somebody else took them away from theirs. */
export async function ownerless(pool: pg.Pool, limit: number): Promise<readonly string[]> {
  const of = (table: string): string =>
    `select id from ${table} t where not exists (select from person p where p.id = t.person_id)`
  const { rows } = await pool.query<{ id: string }>(
    `${['account', 'credential', 'source_record', 'individual_grant'].map(of).join(' union all ')} limit $1`,
    [limit],
  )
  return rows.map(({ id }) => id)
}
