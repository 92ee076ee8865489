/** Whose an account or a card is, for many at once: only rows that are genuine say so. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import type { DataKey, Vault, WrappedKey } from '../../vault/vault.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import { forEachDigest } from '../by-digest.ts'
import {
  type AccountRow,
  accountGuard,
  type CredentialRow,
  credentialGuard,
  guardedOfAccount,
  type PersonRow,
  personGuard,
} from '../guards.ts'

/** By place of the digest that was asked for. */
export interface Owners {
  readonly people: ReadonlyMap<number, PersonId>
  /** What signs the row that says so. */
  readonly guards: ReadonlyMap<number, Buffer>
  /** Ids of rows that somebody else wrote. */
  readonly forged: readonly string[]
}

type AccountOwner = Pick<AccountRow, (typeof guardedOfAccount)[number] | 'guard'> & { readonly i: number }

export async function ownersOfAccounts(
  pool: pg.Pool,
  vault: Vault,
  target: string,
  digests: readonly Buffer[],
): Promise<Owners> {
  const people = new Map<number, PersonId>()
  const guards = new Map<number, Buffer>()
  const forged: string[] = []
  if (digests.length === 0) return { people, guards, forged }
  const names = guardedOfAccount.map((name) => `a.${name}`).join(', ')
  const { rows } = await pool.query<AccountOwner>(
    forEachDigest(
      '$1',
      16,
      `select ${names}, a.guard from account a where a.target = $2 and a.external_digest = d.digest`,
    ),
    [Buffer.concat(digests), target],
  )
  for (const row of rows) {
    if (!vault.verifyGuard('account', accountGuard(row), row.guard)) forged.push(row.id)
    else if (row.person_id !== null) {
      people.set(row.i, row.person_id)
      guards.set(row.i, row.guard)
    }
  }
  return { people, guards, forged }
}

/** Who has, or lost, these cards; whoever only waits for one, or gave it back, does not. */
export async function ownersOfCards(pool: pg.Pool, vault: Vault, digests: readonly Buffer[]): Promise<Owners> {
  const people = new Map<number, PersonId>()
  const guards = new Map<number, Buffer>()
  const forged: string[] = []
  if (digests.length === 0) return { people, guards, forged }
  const { rows } = await pool.query<CredentialRow & { i: number }>(
    forEachDigest(
      '$1',
      16,
      `select c.* from credential c where c.digest = d.digest and c.state <> 'returned' and not c.waits`,
    ),
    [Buffer.concat(digests)],
  )
  for (const row of rows) {
    if (vault.verifyGuard('credential', credentialGuard(row), row.guard)) people.set(row.i, row.person_id)
    else forged.push(row.id)
  }
  return { people, guards, forged }
}

export interface PersonKey {
  /** With what is about them sealed. */
  readonly key: DataKey
  readonly row: WrappedKey
  /** What signs their own row. */
  readonly guard: Buffer
}

export interface PeopleKeys {
  readonly keys: ReadonlyMap<PersonId, PersonKey>
  /** People whose row or key somebody else wrote, or took away. */
  readonly forged: readonly string[]
}

type Keyed = PersonRow & { readonly epoch: string | null; readonly wrapped: Buffer | null }

/** Whoever is erased meanwhile is left out. */
export async function keysOfPeople(pool: pg.Pool, vault: Vault, ids: readonly PersonId[]): Promise<PeopleKeys> {
  const keys = new Map<PersonId, PersonKey>()
  const forged: string[] = []
  if (ids.length === 0) return { keys, forged }
  const { rows } = await pool.query<Keyed>(
    `select p.*, k.epoch, k.wrapped from person p left join person_key k on k.id = p.key_id where p.id = any($1::uuid[])`,
    [ids],
  )
  for (const { epoch, wrapped, ...person } of rows) {
    const row = epoch === null || wrapped === null ? null : { id: person.key_id, epoch, wrapped }
    const key = vault.verifyGuard('person', personGuard(person), person.guard) ? keyOf(vault, row) : null
    if (key === null || row === null) forged.push(person.id)
    else keys.set(person.id, { key, row, guard: person.guard })
  }
  return { keys, forged }
}

/** Null when there is none, or when it does not open here. @throws what is not the row's fault. */
export function keyOf(vault: Vault, row: WrappedKey | null): DataKey | null {
  return row === null ? null : unlessRowFault(() => vault.unwrap(row))
}

/** Of an account that somebody has, as it was when its rows were verified. */
export interface KnownOwner {
  /** What the account is found by. */
  readonly digest: Buffer
  readonly accountGuard: Buffer
  readonly personGuard: Buffer
  /** Under what the person's key lies. */
  readonly epoch: string
}

/**
 * Which of them are not so any more, by their place: another row signs for the account or its person, or the key lies under another
 * epoch or is gone. Nothing is sent back for the others, and nothing of theirs verified anew: who has verified a row knows it by what signs it.
 */
export async function changedOwners(
  pool: pg.Pool,
  target: string,
  owners: readonly KnownOwner[],
): Promise<ReadonlySet<number>> {
  const changed = new Set<number>()
  for (const [epoch, ofEpoch] of Map.groupBy(owners.entries(), ([, owner]) => owner.epoch)) {
    const given = ofEpoch.flatMap(([, { digest, accountGuard, personGuard }]) => [digest, accountGuard, personGuard])
    // 16 bytes of digest, 32 of each guard. Its `offset 0` is for what `forEachDigest` has one.
    const { rows } = await pool.query<{ i: number }>(
      `select i from generate_series(0, length($1::bytea) / 80 - 1) as i
        where not exists (
          select from account a join person p on p.id = a.person_id join person_key k on k.id = p.key_id
           where a.target = $2 and a.external_digest = substring($1 from i * 80 + 1 for 16)
             and a.guard = substring($1 from i * 80 + 17 for 32) and p.guard = substring($1 from i * 80 + 49 for 32)
             and k.epoch = $3 offset 0)`,
      [Buffer.concat(given), target, epoch],
    )
    for (const { i } of rows) changed.add(ofEpoch[i]?.[0] ?? -1)
  }
  return changed
}
