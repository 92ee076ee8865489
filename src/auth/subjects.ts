/** The people and programs that log in: names sealed, rows guarded, so that nobody gets a role by writing to the database. */
import type { Kysely } from 'kysely'
import { newId, type SubjectId } from '../model/id.ts'
import { type SubjectRow, subjectGuard } from '../store/guards.ts'
import type { Tables } from '../store/schema.ts'
import type { Place, Vault } from '../vault/vault.ts'
import type { Role } from './actor.ts'
import { AuthError } from './auth-error.ts'

export function isGenuineSubject(vault: Vault, row: SubjectRow): boolean {
  return vault.verifyGuard('subject', subjectGuard(row), row.guard)
}

/** @throws VaultError `vault.open-failed` for a name that was moved here from another row. */
export function subjectName(vault: Vault, row: Pick<SubjectRow, 'id' | 'name'>): string {
  return vault.openSystem(placeOfName(row.id), row.name)
}

/** Names of subjects by id; one whose row is forged, or that is not there, has none. */
export async function subjectNames(
  db: Kysely<Tables>,
  vault: Vault,
  ids: readonly SubjectId[],
): Promise<ReadonlyMap<SubjectId, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('subject')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.filter((row) => isGenuineSubject(vault, row)).map((row) => [row.id, subjectName(vault, row)]))
}

/**
 * The enabled subject of this name, made when there is none: names that differ in case or spaces only are the same.
 * @throws AuthError `auth.bad-name`, `auth.role-differs`, `auth.subject-disabled`, `auth.row-forged`.
 */
export async function ensureSubject(
  db: Kysely<Tables>,
  vault: Vault,
  request: { readonly name: string; readonly role: Role },
  now: Date,
): Promise<SubjectId> {
  const name = request.name.trim().normalize('NFC')
  if (!/^[^\p{Cc}\p{Cs}]{1,100}$/u.test(name)) throw new AuthError('auth.bad-name')
  const id = newId<SubjectId>()
  const row = {
    id,
    name: vault.sealSystem(placeOfName(id), name),
    name_digest: vault.digest('subject-name', [name.normalize('NFKC').toLowerCase()]),
    role: request.role,
    created_at: now,
    disabled_at: null,
  }
  await db
    .insertInto('subject')
    .values({ ...row, guard: vault.guard('subject', subjectGuard(row)) })
    .onConflict((conflict) => conflict.column('name_digest').doNothing())
    .execute()
  // Ours or an older one: read back, since another process may have been first.
  const stored = await db
    .selectFrom('subject')
    .selectAll()
    .where('name_digest', '=', row.name_digest)
    .executeTakeFirstOrThrow()
  if (!isGenuineSubject(vault, stored)) throw new AuthError('auth.row-forged')
  if (stored.disabled_at !== null) throw new AuthError('auth.subject-disabled')
  if (stored.role !== request.role) throw new AuthError('auth.role-differs')
  return stored.id
}

/**
 * None of the subject's tokens works afterwards. Doing it twice is the same as once.
 * @throws AuthError `auth.unknown-subject`, `auth.row-forged`.
 */
export async function disableSubject(db: Kysely<Tables>, vault: Vault, id: SubjectId, now = new Date()): Promise<void> {
  const row = await db.selectFrom('subject').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new AuthError('auth.unknown-subject')
  if (!isGenuineSubject(vault, row)) throw new AuthError('auth.row-forged')
  if (row.disabled_at !== null) return
  const disabled = { ...row, disabled_at: now }
  await db
    .updateTable('subject')
    .set({ disabled_at: now, guard: vault.guard('subject', subjectGuard(disabled)) })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .execute()
}

function placeOfName(id: SubjectId): Place {
  return { table: 'subject', column: 'name', row: id, version: 1 }
}
