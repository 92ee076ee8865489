/** What changed at targets behind our back, and is still so: found by sweeps, signed, and gone when it is mended. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { AccountId, SubjectId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { copyRows } from './copy.ts'
import { type AccountRow, type DriftRow, driftGuard } from './guards.ts'

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
  /** Who said that it may stay, when; left out, or null: nobody. */
  readonly accepted?: Acceptance | null
}

/** `by` null: the configuration says so. */
export interface Acceptance {
  readonly at: Date
  readonly by: SubjectId | null
}

export function acceptanceOf({ accepted_at: at, accepted_by: by }: DriftRow): Acceptance | null {
  return at === null ? null : { at, by }
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
  const columns = ['id', 'target', 'account_id', 'external_digest', 'external_id', 'class', 'part', 'found_at']
  await copyRows(
    client,
    'drift',
    [...columns, 'accepted_at', 'accepted_by', 'guard'],
    drifts.map(({ target, account, externalDigest, sealId, class: is, part, accepted }) => {
      const id = randomUUID()
      const row = {
        ...{ id, target, account_id: account, external_digest: externalDigest, class: is, part, found_at: at },
        ...{ accepted_at: accepted?.at ?? null, accepted_by: accepted?.by ?? null },
      }
      const sealed = sealId?.(id) ?? null
      const last = [row.accepted_at, row.accepted_by, vault.guard('drift', driftGuard(row))]
      return [id, target, account, externalDigest, sealed, is, part, at, ...last]
    }),
  )
}

export async function deleteDrifts(client: pg.ClientBase | pg.Pool, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await client.query('delete from drift where id = any($1::uuid[])', [ids])
}

/** Says of these rows that they may stay, or (null) that they may not any more. */
export async function acceptDrifts(
  client: pg.ClientBase,
  vault: Vault,
  rows: readonly DriftRow[],
  acceptance: Acceptance | null,
): Promise<void> {
  const changed = rows.map((row) => ({
    ...row,
    accepted_at: acceptance?.at ?? null,
    accepted_by: acceptance?.by ?? null,
  }))
  await client.query(
    `update drift d set accepted_at = $3, accepted_by = $4, guard = v.guard
       from unnest($1::uuid[], $2::bytea[]) as v(id, guard) where d.id = v.id`,
    [
      changed.map(({ id }) => id),
      changed.map((row) => vault.guard('drift', driftGuard(row))),
      acceptance?.at ?? null,
      acceptance?.by ?? null,
    ],
  )
}

/** What was mended just now of accounts of ours, and so is no drift any more. */
export async function forgetMended(
  client: pg.ClientBase,
  mended: readonly (Drift & { readonly account: AccountId })[],
): Promise<void> {
  if (mended.length === 0) return
  await client.query(
    `delete from drift d using unnest($1::uuid[], $2::text[], $3::text[]) as v(account, class, part)
      where d.account_id = v.account and d.class = v.class and d.part = v.part`,
    [mended.map(({ account }) => account), mended.map((each) => each.class), mended.map(({ part }) => part)],
  )
}

export interface DriftFilter {
  readonly classes: readonly string[]
  readonly accepted: boolean
  readonly account?: AccountId | undefined
  readonly id?: string | undefined
}

/** At one target, in the order of ids, after id `after`; a row that Gatehouse did not write is among them. */
export async function driftsAt(
  client: pg.ClientBase | pg.Pool,
  target: string,
  { classes, accepted, account, id }: DriftFilter,
  after: string | null,
  limit: number,
): Promise<readonly DriftRow[]> {
  const { rows } = await client.query<DriftRow>(
    `select * from drift where target = $1 and class = any($2::text[]) and (accepted_at is not null) = $3
        and ($4::uuid is null or account_id = $4) and ($5::uuid is null or id = $5) and ($6::uuid is null or id > $6)
      order by id limit $7`,
    [target, classes, accepted, account ?? null, id ?? null, after, limit],
  )
  return rows
}

/** Of these accounts, what was accepted; a row that Gatehouse did not write is none of it. */
export async function acceptedDrifts(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  accounts: readonly AccountId[],
): Promise<readonly DriftRow[]> {
  const { rows } = await client.query<DriftRow>(
    'select * from drift where account_id = any($1::uuid[]) and accepted_at is not null',
    [accounts],
  )
  return rows.filter((row) => isGenuineDrift(vault, row))
}

/** Accounts that nobody of ours has, as far as they are noted. */
export async function unknownDrifts(client: pg.ClientBase | pg.Pool, target: string): Promise<readonly DriftRow[]> {
  const { rows } = await client.query<DriftRow>('select * from drift where target = $1 and account_id is null', [
    target,
  ])
  return rows
}

/** Of these accounts of nobody, those with a card that nobody is to get in by, as anybody says. */
export async function withUnusableCards(
  client: pg.ClientBase,
  target: string,
  digests: readonly Buffer[],
): Promise<readonly Buffer[]> {
  if (digests.length === 0) return []
  const { rows } = await client.query<{ digest: Buffer }>(
    `select external_digest as digest from drift where target = $1 and class = 'unusable-card' and external_digest = any($2::bytea[])`,
    [target, digests],
  )
  return rows.map(({ digest }) => digest)
}

/** Drops what was noted of accounts that are no rows of ours any more. */
export async function forgetLostDrifts(client: pg.ClientBase | pg.Pool, target: string): Promise<void> {
  await client.query(
    'delete from drift d where target = $1 and account_id is not null and not exists (select from account a where a.id = d.account_id)',
    [target],
  )
}

/** With what is noted of the account, if it is one of ours; of a card on an account of nobody, with whose card it is. */
export interface DriftOnPage extends DriftRow, Pick<AccountRow, 'owned' | 'owned_guard'> {
  readonly person_id: string | null
}

/** Of one target, or of all, in the order of ids, after id `after`. */
export async function driftPage(
  pool: pg.Pool,
  target: string | null,
  after: string | null,
  limit: number,
): Promise<readonly DriftOnPage[]> {
  const { rows } = await pool.query<DriftOnPage>(
    `select d.*, coalesce(a.person_id, c.person_id) as person_id, a.owned, a.owned_guard
       from drift d left join account a on a.id = d.account_id
       left join credential c on d.class = 'unusable-card' and d.part = 'card:' || c.id
      where ($1::text is null or d.target = $1) and ($2::uuid is null or d.id > $2) order by d.id limit $3`,
    [target, after, limit],
  )
  return rows
}

/** How many there are of each class, and how many that may stay. */
export async function driftCounts(
  pool: pg.Pool,
  target: string | null,
): Promise<readonly { target: string; class: string; count: number; accepted: number }[]> {
  const { rows } = await pool.query<{ target: string; class: string; count: number; accepted: number }>(
    `select target, class, count(*) filter (where accepted_at is null)::int as count,
            count(*) filter (where accepted_at is not null)::int as accepted from drift where $1::text is null or target = $1
      group by target, class order by target, class`,
    [target],
  )
  return rows
}
