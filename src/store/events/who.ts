/** Whose an account or a card is, for many at once: only rows that are genuine say so. */
import type pg from 'pg'
import type { KeyId, PersonId } from '../../model/id.ts'
import type { DataKey, Vault } from '../../vault/vault.ts'
import { isRowFault } from '../../vault/vault-error.ts'
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
  const forged: string[] = []
  if (digests.length === 0) return { people, forged }
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
    else if (row.person_id !== null) people.set(row.i, row.person_id)
  }
  return { people, forged }
}

/** Who has, or lost, these cards; whoever only waits for one, or gave it back, does not. */
export async function ownersOfCards(pool: pg.Pool, vault: Vault, digests: readonly Buffer[]): Promise<Owners> {
  const people = new Map<number, PersonId>()
  const forged: string[] = []
  if (digests.length === 0) return { people, forged }
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
  return { people, forged }
}

export interface PeopleKeys {
  readonly keys: ReadonlyMap<PersonId, DataKey>
  /** People whose row or key somebody else wrote, or took away. */
  readonly forged: readonly string[]
}

type Keyed = PersonRow & { readonly epoch: string | null; readonly wrapped: Buffer | null }

/** With what is about these people sealed; whoever is erased meanwhile is left out. */
export async function keysOfPeople(pool: pg.Pool, vault: Vault, ids: readonly PersonId[]): Promise<PeopleKeys> {
  const keys = new Map<PersonId, DataKey>()
  const forged: string[] = []
  if (ids.length === 0) return { keys, forged }
  const { rows } = await pool.query<Keyed>(
    `select p.*, k.epoch, k.wrapped from person p left join person_key k on k.id = p.key_id where p.id = any($1::uuid[])`,
    [ids],
  )
  for (const { epoch, wrapped, ...person } of rows) {
    const key = vault.verifyGuard('person', personGuard(person), person.guard)
      ? keyOf(vault, person.key_id, epoch, wrapped)
      : null
    if (key === null) forged.push(person.id)
    else keys.set(person.id, key)
  }
  return { keys, forged }
}

function keyOf(vault: Vault, id: KeyId, epoch: string | null, wrapped: Buffer | null): DataKey | null {
  if (epoch === null || wrapped === null) return null
  try {
    return vault.unwrap({ id, epoch, wrapped })
  } catch (error) {
    if (!isRowFault(error)) throw error
    return null
  }
}
