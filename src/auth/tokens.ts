/** API tokens: shown once, found by HMAC, listed and revoked by id; a row that was tampered with opens nothing. */
import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { SubjectId } from '../model/id.ts'
import { tokenGuard } from '../store/guards.ts'
import type { Tables } from '../store/schema.ts'
import type { Vault } from '../vault/vault.ts'
import type { Role } from './actor.ts'
import { AuthError } from './auth-error.ts'
import { ensureSubject, isGenuineSubject, subjectName } from './subjects.ts'
import { newTokenText } from './token-text.ts'

const dayMs = 24 * 60 * 60 * 1_000
const daysMax = 366

export interface TokenRequest {
  readonly name: string
  readonly role: Role
  /** How long the token lives, in whole days, 366 at most. */
  readonly days: number
}

export interface NewToken {
  readonly id: string
  readonly subject: SubjectId
  /** The secret: shown to its owner once and kept nowhere. */
  readonly token: string
  readonly expiresAt: string
}

/**
 * A token for the subject of this name, who is made when new; an existing one of the same role gets a further token, so that
 * tokens can be replaced before they expire. Give it a transaction when an audit entry must commit with it.
 * @throws AuthError `auth.bad-name`, `auth.bad-days`, `auth.role-differs`, `auth.subject-disabled`, `auth.row-forged`.
 */
export async function createSubjectWithToken(
  db: Kysely<Tables>,
  vault: Vault,
  request: TokenRequest,
  now = new Date(),
): Promise<NewToken> {
  const { days } = request
  if (!Number.isInteger(days) || days < 1 || days > daysMax) throw new AuthError('auth.bad-days')
  const subject = await ensureSubject(db, vault, request, now)
  const token = newTokenText()
  const row = {
    id: randomUUID(),
    subject_id: subject,
    mac: vault.tokenMac(token),
    created_at: now,
    expires_at: new Date(now.getTime() + days * dayMs),
    revoked_at: null,
  }
  await db
    .insertInto('api_token')
    .values({ ...row, guard: vault.guard('api_token', tokenGuard(row)) })
    .execute()
  return { id: row.id, subject, token, expiresAt: row.expires_at.toISOString() }
}

export interface ListedToken {
  readonly id: string
  readonly subject: string
  /** Empty when the row is forged. */
  readonly name: string
  /** `forged`: the row or its subject was changed from outside; it opens nothing, and somebody should ask who did it. */
  readonly role: Role | 'forged'
  readonly createdAt: string
  readonly expiresAt: string
  readonly revokedAt: string | null
}

/** All tokens, newest first, without anything that could be used as one. */
export async function listTokens(db: Kysely<Tables>, vault: Vault): Promise<readonly ListedToken[]> {
  const tokens = await db.selectFrom('api_token').selectAll().orderBy('created_at', 'desc').orderBy('id').execute()
  const subjects = new Map((await db.selectFrom('subject').selectAll().execute()).map((row) => [row.id, row]))
  return tokens.map((row) => {
    const subject = subjects.get(row.subject_id)
    const genuine =
      subject !== undefined &&
      isGenuineSubject(vault, subject) &&
      vault.verifyGuard('api_token', tokenGuard(row), row.guard)
    return {
      id: row.id,
      subject: row.subject_id,
      name: genuine ? subjectName(vault, subject) : '',
      role: genuine ? subject.role : 'forged',
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      revokedAt: row.revoked_at?.toISOString() ?? null,
    }
  })
}

/**
 * The token works no more, at once and in every process. Doing it twice is the same as once.
 * @throws AuthError `auth.unknown-token`, `auth.row-forged`.
 */
export async function revokeToken(db: Kysely<Tables>, vault: Vault, id: string, now = new Date()): Promise<void> {
  const row = await db.selectFrom('api_token').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new AuthError('auth.unknown-token')
  if (!vault.verifyGuard('api_token', tokenGuard(row), row.guard)) throw new AuthError('auth.row-forged')
  if (row.revoked_at !== null) return
  await db
    .updateTable('api_token')
    .set({ revoked_at: now, guard: vault.guard('api_token', tokenGuard({ ...row, revoked_at: now })) })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
}

/**
 * No token that is live now works afterwards. A row that was changed from outside opens nothing, and stays as it is. Returns how many
 * were revoked.
 */
export async function revokeAllTokens(db: Kysely<Tables>, vault: Vault, now = new Date()): Promise<number> {
  const live = await db.selectFrom('api_token').selectAll().where('revoked_at', 'is', null).execute()
  const genuine = live.filter((row) => vault.verifyGuard('api_token', tokenGuard(row), row.guard))
  const guards = genuine.map((row) => vault.guard('api_token', tokenGuard({ ...row, revoked_at: now })))
  await sql`update api_token t set revoked_at = ${now}, guard = v.guard
              from unnest(${genuine.map(({ id }) => id)}::uuid[], ${guards}::bytea[]) as v(id, guard) where t.id = v.id`.execute(
    db,
  )
  return genuine.length
}
