/** Whose the records of a source are, for many keys at once: only rows that are genuine say so. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import type { Vault } from '../../vault/vault.ts'
import { forEachDigest } from '../by-digest.ts'
import { type SourceRecordRow, sourceRecordGuard } from '../guards.ts'
import type { Owners } from './who.ts'

export async function ownersOfRecords(
  pool: pg.Pool,
  vault: Vault,
  source: string,
  digests: readonly Buffer[],
): Promise<Pick<Owners, 'people' | 'forged'>> {
  const people = new Map<number, PersonId>()
  const forged: string[] = []
  if (digests.length === 0) return { people, forged }
  const { rows } = await pool.query<SourceRecordRow & { readonly i: number }>(
    forEachDigest('$1', 16, 'select r.* from source_record r where r.source = $2 and r.key_digest = d.digest'),
    [Buffer.concat(digests), source],
  )
  for (const row of rows) {
    if (!vault.verifyGuard('source_record', sourceRecordGuard(row), row.guard)) forged.push(row.id)
    else if (row.person_id !== null) people.set(row.i, row.person_id)
  }
  return { people, forged }
}
