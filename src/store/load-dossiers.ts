/** Loads people for a decision: rows locked, guards checked, seals opened; five queries however many people, and one more for torn ones. */
import type pg from 'pg'
import type { Card } from '../model/card.ts'
import type { AccountId, PersonId } from '../model/id.ts'
import type { SourceRecord } from '../model/source-record.ts'
import type { Vault } from '../vault/vault.ts'
import { isRowFault } from '../vault/vault-error.ts'
import type { Dossier } from './dossier.ts'
import {
  type AccountRow,
  accountGuard,
  type CredentialRow,
  credentialGuard,
  type GrantRow,
  grantGuard,
  type PersonRow,
  personGuard,
  type SourceRecordRow,
  sourceRecordGuard,
} from './guards.ts'
import { accountsAmong, isWhole, missingOf } from './holdings.ts'

export interface LoadedDossiers {
  readonly dossiers: Map<PersonId, Dossier>
  /** People with a row whose guard or seal is wrong, or that is not there: nothing may be decided about them; each is alarmed. */
  readonly frozen: readonly PersonId[]
  /** Of these, those whose rows are right as far as they are there: they can be shut out all the same, and must be (`wholeAndTorn`). */
  readonly torn: Map<PersonId, Dossier>
}

/** For whoever only shuts people out, or leaves it to `resolve` to do no more than that for torn ones. */
export function wholeAndTorn({ dossiers, torn }: LoadedDossiers): ReadonlyMap<PersonId, Dossier> {
  return new Map([...dossiers, ...torn])
}

/** Locks and loads these people; unknown ids are left out. Whoever decides nothing need not lock, and is not told of what is missing: it may just have come. */
export async function loadDossiers(
  client: pg.ClientBase,
  vault: Vault,
  ids: readonly PersonId[],
  { lock = true }: { readonly lock?: boolean } = {},
): Promise<LoadedDossiers> {
  const dossiers = new Map<PersonId, Dossier>()
  const torn = new Map<PersonId, Dossier>()
  if (ids.length === 0) return { dossiers, frozen: [], torn }
  const wanted = [...new Set(ids)].sort()
  const frozen = new Set<PersonId>()
  // In id order, so that two transactions that need the same people never wait for each other crosswise.
  const people = await client.query<PersonRow & { epoch: string | null; wrapped: Buffer | null }>(
    `select p.*, k.epoch, k.wrapped from person p left join person_key k on k.id = p.key_id where p.id = any($1::uuid[]) order by p.id${lock ? ' for update of p' : ''}`,
    [wanted],
  )
  for (const { epoch, wrapped, ...person } of people.rows) {
    guarded(frozen, person.id, () => {
      if (!vault.verifyGuard('person', personGuard(person), person.guard)) return false
      // Not signed, and 'infinity' is no date.
      if (!(person.next_change_at instanceof Date)) person.next_change_at = null
      // Nobody is ever without a key: somebody else took it away.
      if (epoch === null || wrapped === null) return false
      const key = vault.unwrap({ id: person.key_id, epoch, wrapped })
      dossiers.set(person.id, {
        mark: 'stored',
        person,
        key,
        newKey: null,
        records: [],
        credentials: [],
        grants: [],
        accounts: [],
        newIndexes: [],
        torn: false,
      })
      return true
    })
  }
  const found = [...dossiers.keys()]
  await loadParts(client, vault, found, dossiers, frozen, lock)
  for (const id of frozen) dossiers.delete(id)
  if (lock) for (const dossier of await tearApart(client, vault, dossiers)) torn.set(dossier.person.id, dossier)
  return { dossiers, frozen: [...frozen, ...torn.keys()], torn }
}

/** Takes out those whose rows are not the ones that their own row names. */
async function tearApart(
  client: pg.ClientBase,
  vault: Vault,
  dossiers: Map<PersonId, Dossier>,
): Promise<readonly Dossier[]> {
  const torn = [...dossiers.values()].flatMap((dossier) => (isWhole(dossier) ? [] : [{ ...dossier, torn: true }]))
  for (const { person } of torn) dossiers.delete(person.id)
  await findMoved(client, vault, torn)
  return torn
}

/** Accounts that somebody gave to another person, or to nobody: with their own person in it, such a row is as Gatehouse wrote it. Saved, it is theirs again. */
export async function findMoved(client: pg.ClientBase, vault: Vault, dossiers: readonly Dossier[]): Promise<void> {
  const owners = new Map<AccountId, Dossier>()
  for (const dossier of dossiers)
    for (const id of accountsAmong(missingOf(dossier.person.holdings, dossier))) owners.set(id, dossier)
  if (owners.size === 0) return
  const { rows } = await client.query<AccountRow>(
    'select * from account where id = any($1::uuid[]) order by id for update',
    [[...owners.keys()]],
  )
  for (const moved of rows) {
    const dossier = owners.get(moved.id) as Dossier
    const row = { ...moved, person_id: dossier.person.id }
    if (vault.verifyGuard('account', accountGuard(row), row.guard)) dossier.accounts.push({ mark: 'changed', row })
  }
}

async function loadParts(
  client: pg.ClientBase,
  vault: Vault,
  ids: readonly PersonId[],
  dossiers: Map<PersonId, Dossier>,
  frozen: Set<PersonId>,
  lock: boolean,
): Promise<void> {
  if (ids.length === 0) return
  const records = await client.query<SourceRecordRow>('select * from source_record where person_id = any($1::uuid[])', [
    ids,
  ])
  const credentials = await client.query<CredentialRow>('select * from credential where person_id = any($1::uuid[])', [
    ids,
  ])
  const grants = await client.query<GrantRow>(
    'select * from individual_grant where person_id = any($1::uuid[]) and ended_at is null',
    [ids],
  )
  // Locked as a settlement of work locks them: before the work list, and in id order.
  const accounts = await client.query<AccountRow>(
    `select * from account where person_id = any($1::uuid[]) order by id${lock ? ' for update' : ''}`,
    [ids],
  )
  for (const row of records.rows) {
    const dossier = dossiers.get(row.person_id as PersonId) as Dossier
    guarded(frozen, dossier.person.id, () => {
      if (!vault.verifyGuard('source_record', sourceRecordGuard(row), row.guard)) return false
      const text = vault.open(
        dossier.key,
        { table: 'source_record', column: 'record', row: row.id, version: row.version },
        row.record,
      )
      dossier.records.push({ mark: 'stored', row, record: JSON.parse(text) as SourceRecord })
      return true
    })
  }
  for (const row of credentials.rows) {
    const dossier = dossiers.get(row.person_id) as Dossier
    guarded(frozen, row.person_id, () => {
      if (!vault.verifyGuard('credential', credentialGuard(row), row.guard)) return false
      const text = vault.open(dossier.key, { table: 'credential', column: 'card', row: row.id, version: 1 }, row.card)
      dossier.credentials.push({ mark: 'stored', row, card: JSON.parse(text) as Card })
      return true
    })
  }
  for (const row of grants.rows) {
    guarded(frozen, row.person_id, () => {
      if (!vault.verifyGuard('individual_grant', grantGuard(row), row.guard)) return false
      dossiers.get(row.person_id)?.grants.push({ mark: 'stored', row })
      return true
    })
  }
  for (const row of accounts.rows) {
    const person = row.person_id as PersonId
    guarded(frozen, person, () => {
      if (!vault.verifyGuard('account', accountGuard(row), row.guard)) return false
      dossiers.get(person)?.accounts.push({ mark: 'stored', row })
      return true
    })
  }
}

/** One bad row freezes its person and nobody else; a keyring that can't be read now says nothing about the row. */
function guarded(frozen: Set<PersonId>, person: PersonId, check: () => boolean): void {
  try {
    if (!check()) frozen.add(person)
  } catch (error) {
    if (!isRowFault(error)) throw error
    frozen.add(person)
  }
}
