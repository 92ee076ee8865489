/** Tokens that are about to end while their owner has no other that lives longer, so that nobody is locked out of the gateway unawares. */
import type { Kysely } from 'kysely'
import { tokenGuard } from '../store/guards.ts'
import type { Tables } from '../store/schema.ts'
import type { Vault } from '../vault/vault.ts'
import { isGenuineSubject } from './subjects.ts'

const dayMs = 86_400_000
/** So long before its end somebody is told, or a quarter of its life if that is shorter. */
const noticeMs = 14 * dayMs

/**
 * Ids of tokens, one for each owner at most. The last token of role admin stays among them when it has ended: without one, nobody can make
 * another. A row that was changed from outside opens nothing, and counts for nothing here.
 */
export async function expiringTokens(db: Kysely<Tables>, vault: Vault, now: Date): Promise<readonly string[]> {
  const rows = await db.selectFrom('api_token').selectAll().where('revoked_at', 'is', null).execute()
  const subjects = await db.selectFrom('subject').selectAll().where('disabled_at', 'is', null).execute()
  const owners = new Map(subjects.filter((row) => isGenuineSubject(vault, row)).map((row) => [row.id, row]))
  const tokens = rows
    .flatMap((row) => {
      const owner = owners.get(row.subject_id)
      if (owner === undefined || !vault.verifyGuard('api_token', tokenGuard(row), row.guard)) return []
      return [{ id: row.id, owner, from: row.created_at.getTime(), until: row.expires_at.getTime() }]
    })
    .toSorted((left, right) => right.until - left.until)
  const lasts = [...Map.groupBy(tokens, ({ owner }) => owner.id).values()].flatMap(([last]) => last ?? [])
  const lastAdmin = tokens.find(({ owner }) => owner.role === 'admin')
  const at = now.getTime()
  return lasts
    .filter(({ id, from, until }) => {
      if (until <= at) return id === lastAdmin?.id
      return until - at <= Math.min(noticeMs, (until - from) / 4)
    })
    .map(({ id }) => id)
}
