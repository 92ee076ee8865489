/** Remembers whom operators locked by what finds them, so that a lock outlives the row of its person: a delivery does not undo it. */
import type pg from 'pg'
import type { PersonId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { type LockMarkRow, lockMarkGuard } from './guards.ts'

/** A keyed digest that a person is found by. */
export interface LockMark {
  readonly purpose: string
  readonly digest: Buffer
}

export async function addLockMarks(
  client: pg.ClientBase,
  vault: Vault,
  person: PersonId,
  marks: readonly LockMark[],
): Promise<void> {
  await client.query(
    `insert into lock_mark (purpose, digest, person_id, guard)
     select distinct v.purpose, v.digest, $1::uuid, v.guard from unnest($2::text[], $3::bytea[], $4::bytea[]) as v(purpose, digest, guard)
     on conflict (purpose, digest, person_id) do update set guard = excluded.guard`,
    [
      person,
      marks.map(({ purpose }) => purpose),
      marks.map(({ digest }) => digest),
      marks.map(({ purpose, digest }) =>
        vault.guard('lock_mark', lockMarkGuard({ purpose, digest, person_id: person })),
      ),
    ],
  )
}

/** Forgets those of this person, and those by which an earlier row of theirs was found. */
export async function removeLockMarks(
  client: pg.ClientBase,
  person: PersonId,
  marks: readonly LockMark[],
): Promise<void> {
  await client.query(
    `delete from lock_mark m where m.person_id = $1
        or exists (select 1 from unnest($2::text[], $3::bytea[]) as v(purpose, digest) where v.purpose = m.purpose and v.digest = m.digest)`,
    [person, marks.map(({ purpose }) => purpose), marks.map(({ digest }) => digest)],
  )
}

export async function anyLockMarks(client: pg.ClientBase): Promise<boolean> {
  return (await client.query('select 1 from lock_mark limit 1')).rowCount === 1
}

/** Those of `marks` that are remembered. `genuine` is false for a row that somebody else made, or changed: it locks all the same. */
export async function findLockMarks(
  client: pg.ClientBase,
  vault: Vault,
  marks: readonly LockMark[],
): Promise<readonly (LockMark & { readonly genuine: boolean })[]> {
  const { rows } = await client.query<LockMarkRow>(
    `select m.* from lock_mark m join unnest($1::text[], $2::bytea[]) as v(purpose, digest) using (purpose, digest)`,
    [marks.map(({ purpose }) => purpose), marks.map(({ digest }) => digest)],
  )
  return rows.map((row) => ({
    purpose: row.purpose,
    digest: row.digest,
    genuine: vault.verifyGuard('lock_mark', lockMarkGuard(row), row.guard),
  }))
}
