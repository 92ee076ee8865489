/** Wrapped keys of people and archives by the epoch that they lie under: counted, read in pages, and replaced. */
import type pg from 'pg'
import type { KeyId } from '../model/id.ts'
import type { Vault, WrappedKey } from '../vault/vault.ts'
import { type ArchiveRow, archiveGuard } from './guards.ts'

/** How many keys lie under one epoch. */
export interface EpochCount {
  readonly epoch: string
  readonly people: number
  readonly archives: number
}

export async function countByEpoch(pool: pg.Pool): Promise<readonly EpochCount[]> {
  const { rows } = await pool.query<EpochCount>(
    `select epoch, count(*) filter (where kind = 'person')::int as people, count(*) filter (where kind = 'archive')::int as archives
       from (select epoch, 'person' as kind from person_key union all select epoch, 'archive' from archive) k group by epoch`,
  )
  return rows
}

/** The epochs that any person's key lies under, without reading every key. */
export async function epochsInUse(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ epoch: string }>(
    `with recursive found as (
       (select epoch from person_key order by epoch limit 1)
       union all
       select (select k.epoch from person_key k where k.epoch > found.epoch order by k.epoch limit 1) from found where found.epoch is not null)
     select epoch from found where epoch is not null`,
  )
  return rows.map(({ epoch }) => epoch)
}

/** The next keys after `after`, by id, that lie under another epoch. Not locked: see `replaceKeys`. */
export async function keysOutside(
  pool: pg.Pool,
  epoch: string,
  after: KeyId | null,
  limit: number,
): Promise<readonly WrappedKey[]> {
  // From below and from above, so that the index answers without reading those that lie where they should.
  const { rows } = await pool.query<WrappedKey>(
    `select id, epoch, wrapped, former from
       ((select * from person_key where epoch < $1 and ($2::uuid is null or id > $2) order by id limit $3)
        union all
        (select * from person_key where epoch > $1 and ($2::uuid is null or id > $2) order by id limit $3)) k
      order by id limit $3`,
    [epoch, after, limit],
  )
  return rows
}

/** Replaces what is still as it was read; a key that was deleted meanwhile stays so. Nothing that a lock-out needs is locked. */
export async function replaceKeys(
  pool: pg.Pool,
  replacements: readonly { readonly old: WrappedKey; readonly now: WrappedKey }[],
): Promise<void> {
  await pool.query(
    `update person_key k set epoch = v.epoch, wrapped = v.wrapped, former = v.former
       from unnest($1::uuid[], $2::bytea[], $3::text[], $4::bytea[], $5::bytea[]) as v(id, old, epoch, wrapped, former)
      where k.id = v.id and k.wrapped = v.old`,
    [
      replacements.map(({ now }) => now.id),
      replacements.map(({ old }) => old.wrapped),
      replacements.map(({ now }) => now.epoch),
      replacements.map(({ now }) => now.wrapped),
      replacements.map(({ now }) => now.former ?? null),
    ],
  )
}

/** As `keysOutside`, for archives; locked, for their guard covers the wrapped key. */
export async function archivesOutside(
  client: pg.ClientBase,
  epoch: string,
  after: KeyId | null,
  limit: number,
): Promise<readonly ArchiveRow[]> {
  const { rows } = await client.query<ArchiveRow>(
    'select * from archive where epoch <> $1 and ($2::uuid is null or id > $2) order by id limit $3 for update',
    [epoch, after, limit],
  )
  return rows
}

/** Signs what replaces archives as they were read under lock. */
export async function replaceArchiveKeys(
  client: pg.ClientBase,
  vault: Vault,
  replacements: readonly { readonly old: ArchiveRow; readonly now: WrappedKey }[],
): Promise<void> {
  await client.query(
    `update archive a set epoch = v.epoch, wrapped = v.wrapped, guard = v.guard
       from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[]) as v(id, epoch, wrapped, guard) where a.id = v.id`,
    [
      replacements.map(({ now }) => now.id),
      replacements.map(({ now }) => now.epoch),
      replacements.map(({ now }) => now.wrapped),
      replacements.map(({ old, now }) => vault.guard('archive', archiveGuard({ ...old, ...now }))),
    ],
  )
}
