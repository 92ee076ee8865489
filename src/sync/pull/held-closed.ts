/** Finds records of people whose own rows could not be opened when keys were replaced: they stay frozen, and nobody is made anew in their place. */
import type pg from 'pg'
import { olderIdentifiers } from '../../store/identifiers.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Incoming } from './intake.ts'

/** Of these positions, those that lead to such a person. */
export async function closedAmong(
  client: pg.ClientBase,
  vault: Vault,
  source: string,
  incoming: readonly Incoming[],
  positions: readonly number[],
): Promise<ReadonlySet<number>> {
  const traces = positions.flatMap((i) =>
    olderIdentifiers(vault, source, (incoming[i] as Incoming).record).map((trace) => ({ ...trace, i })),
  )
  // Nearly every gateway: its keys were never replaced.
  if (traces.length === 0) return new Set()
  const { rows } = await client.query<{ i: number }>(
    `select distinct v.i from unnest($2::int[], $3::text[], $4::bytea[]) as v(i, purpose, digest)
      where exists (select from source_record r where v.purpose = 'record-key' and r.source = $1 and r.key_digest = v.digest)
         or exists (select from blind_index b where b.purpose = v.purpose and b.digest = v.digest)`,
    [source, traces.map(({ i }) => i), traces.map(({ purpose }) => purpose), traces.map(({ digest }) => digest)],
  )
  return new Set(rows.map(({ i }) => i))
}
