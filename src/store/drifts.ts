/** What changed at targets behind our back, and is still so: found by sweeps, signed, and gone when it is mended. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { AccountId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { copyRows } from './copy.ts'
import { type DriftRow, driftGuard } from './guards.ts'

/** One thing that is not as it should be; `part` is '' where it is the account as a whole. */
export interface Drift {
  readonly class: string
  readonly part: string
}

export interface DriftOf extends Drift {
  readonly target: string
  readonly account: AccountId | null
  readonly externalDigest: Buffer
  /** Sealed for the row of that id, by the caller; of an account of ours it is null. */
  readonly sealId: ((row: string) => Buffer) | null
}

/** What is known of these accounts; a row that Gatehouse did not write is not known. */
export async function driftsOf(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  accounts: readonly AccountId[],
): Promise<readonly DriftRow[]> {
  const { rows } = await client.query<DriftRow>('select * from drift where account_id = any($1::uuid[])', [accounts])
  return rows.filter((row) => isGenuineDrift(vault, row))
}

/** Of one class, at accounts of ours, found between two moments; a row that Gatehouse did not write is not known. */
export async function driftsFound(
  client: pg.ClientBase,
  vault: Vault,
  target: string,
  { class: is, after, before }: { readonly class: string; readonly after: Date; readonly before: Date },
): Promise<readonly DriftRow[]> {
  const { rows } = await client.query<DriftRow>(
    `select * from drift where target = $1 and class = $2 and account_id is not null and found_at >= $3 and found_at < $4`,
    [target, is, after, before],
  )
  return rows.filter((row) => isGenuineDrift(vault, row))
}

export function isGenuineDrift(vault: Vault, row: DriftRow): boolean {
  return vault.verifyGuard('drift', driftGuard(row), row.guard)
}

export async function insertDrifts(
  client: pg.ClientBase,
  vault: Vault,
  drifts: readonly DriftOf[],
  at: Date,
): Promise<void> {
  await client.query(
    `delete from drift d using unnest($1::text[], $2::bytea[], $3::text[], $4::text[]) as v(target, digest, class, part)
      where d.target = v.target and d.external_digest = v.digest and d.class = v.class and d.part = v.part`,
    [
      drifts.map(({ target }) => target),
      drifts.map(({ externalDigest }) => externalDigest),
      drifts.map((drift) => drift.class),
      drifts.map(({ part }) => part),
    ],
  )
  const columns = ['id', 'target', 'account_id', 'external_digest', 'external_id', 'class', 'part', 'found_at', 'guard']
  await copyRows(
    client,
    'drift',
    columns,
    drifts.map(({ target, account, externalDigest, sealId, class: is, part }) => {
      const id = randomUUID()
      const row = {
        ...{ id, target, account_id: account, external_digest: externalDigest, class: is, part, found_at: at },
      }
      const sealed = sealId?.(id) ?? null
      return [id, target, account, externalDigest, sealed, is, part, at, vault.guard('drift', driftGuard(row))]
    }),
  )
}

export async function deleteDrifts(client: pg.ClientBase | pg.Pool, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await client.query('delete from drift where id = any($1::uuid[])', [ids])
}

/** Accounts that nobody of ours has, as far as they are noted. */
export async function unknownDrifts(client: pg.ClientBase | pg.Pool, target: string): Promise<readonly DriftRow[]> {
  const { rows } = await client.query<DriftRow>('select * from drift where target = $1 and account_id is null', [
    target,
  ])
  return rows
}

/** Drops what was noted of accounts that are no rows of ours any more. */
export async function forgetLostDrifts(client: pg.ClientBase | pg.Pool, target: string): Promise<void> {
  await client.query(
    'delete from drift d where target = $1 and account_id is not null and not exists (select from account a where a.id = d.account_id)',
    [target],
  )
}

/** Of one target, or of all, in the order of ids, after id `after`. */
export async function driftPage(
  pool: pg.Pool,
  target: string | null,
  after: string | null,
  limit: number,
): Promise<readonly (DriftRow & { readonly person_id: string | null })[]> {
  const { rows } = await pool.query<DriftRow & { person_id: string | null }>(
    `select d.*, a.person_id from drift d left join account a on a.id = d.account_id
      where ($1::text is null or d.target = $1) and ($2::uuid is null or d.id > $2) order by d.id limit $3`,
    [target, after, limit],
  )
  return rows
}

/** How many there are of each class. */
export async function driftCounts(
  pool: pg.Pool,
  target: string | null,
): Promise<readonly { target: string; class: string; count: number }[]> {
  const { rows } = await pool.query<{ target: string; class: string; count: number }>(
    `select target, class, count(*)::int as count from drift where $1::text is null or target = $1
      group by target, class order by target, class`,
    [target],
  )
  return rows
}
