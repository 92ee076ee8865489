/** Writes people back in bulk: COPY for new rows, one statement per table for changed ones; guards are made here and nowhere else. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { type CopyValue, copyRows } from './copy.ts'
import { type Dossier, type Mark, touch } from './dossier.ts'
import {
  type AccountRow,
  accountGuard,
  blindIndexGuard,
  type CredentialRow,
  credentialGuard,
  type GrantRow,
  grantGuard,
  intentGuard,
  type PersonRow,
  personGuard,
  type SourceRecordRow,
  sourceRecordGuard,
} from './guards.ts'
import { holdingsOf } from './holdings.ts'

/** A table's columns in writing order, with their PostgreSQL types; `guard` is always the last. */
interface Shape<Row> {
  readonly table: string
  /** Brings what is computed from the row up to date, before it is written. */
  readonly prepare?: (vault: Vault, row: Row) => void
  readonly columns: { readonly [Name in keyof Row & string]?: string }
  readonly guard: (row: Row) => readonly (string | number | boolean | null | Buffer | Date)[]
}

const personShape: Shape<PersonRow> = {
  table: 'person',
  columns: {
    id: 'uuid',
    key_id: 'uuid',
    state: 'text',
    left_at: 'timestamptz',
    next_change_at: 'timestamptz',
    protected: 'boolean',
    locked_at: 'timestamptz',
    unlocked_until: 'timestamptz',
    holdings: 'text',
  },
  guard: personGuard,
}

const recordShape: Shape<SourceRecordRow> = {
  table: 'source_record',
  columns: {
    id: 'uuid',
    source: 'text',
    key_digest: 'bytea',
    row_digest: 'bytea',
    person_id: 'uuid',
    key_id: 'uuid',
    record: 'bytea',
    version: 'int',
    presence: 'text',
    missing_since: 'timestamptz',
  },
  guard: sourceRecordGuard,
}

const credentialShape: Shape<CredentialRow> = {
  table: 'credential',
  columns: {
    id: 'uuid',
    person_id: 'uuid',
    digest: 'bytea',
    card: 'bytea',
    state: 'text',
    source: 'text',
    waits: 'boolean',
    held_at: 'timestamptz',
    issued_over: 'text',
  },
  guard: credentialGuard,
}

const grantShape: Shape<GrantRow> = {
  table: 'individual_grant',
  columns: {
    id: 'uuid',
    person_id: 'uuid',
    access_level_id: 'uuid',
    until: 'timestamptz',
    reason: 'bytea',
    subject_id: 'uuid',
    created_at: 'timestamptz',
    ended_at: 'timestamptz',
    ending: 'text',
  },
  guard: grantGuard,
}

/** What decisions write; what the target showed is written by the settlement of work. What is ours is only begun here: the row is locked. */
const accountShape: Shape<AccountRow> = {
  table: 'account',
  columns: {
    id: 'uuid',
    target: 'text',
    person_id: 'uuid',
    key_id: 'uuid',
    is_primary: 'boolean',
    external_digest: 'bytea',
    external_id: 'bytea',
    wanted: 'text',
    wanted_facts: 'bytea',
    wanted_facts_version: 'int',
    wanted_by: 'text',
    pending: 'boolean',
    desired: 'text',
    desired_facts: 'bytea',
    desired_facts_version: 'int',
    desired_version: 'int',
    desired_mac: 'bytea',
    owned: 'text',
    owned_guard: 'bytea',
    suspect_at: 'timestamptz',
    suspension: 'uuid',
  },
  guard: accountGuard,
  prepare(vault, row) {
    row.desired_mac = row.desired === null ? null : vault.guard('account_intent', intentGuard(row.id, row.desired))
  },
}

/** Saves every marked row of these people and clears the marks. */
export async function saveDossiers(client: pg.ClientBase, vault: Vault, dossiers: Iterable<Dossier>): Promise<void> {
  const all = [...dossiers]
  for (const dossier of all) nameHoldings(dossier)
  const keys = all.flatMap(({ newKey }) => (newKey === null ? [] : [[newKey.id, newKey.epoch, newKey.wrapped]]))
  await copyRows(client, 'person_key', ['id', 'epoch', 'wrapped'], keys)
  await save(
    client,
    vault,
    personShape,
    all.map((dossier) => ({ holder: dossier, row: dossier.person })),
  )
  await save(
    client,
    vault,
    recordShape,
    all.flatMap(({ records }) => records.map((holder) => ({ holder, row: holder.row }))),
  )
  await save(
    client,
    vault,
    credentialShape,
    all.flatMap(({ credentials }) => credentials.map((holder) => ({ holder, row: holder.row }))),
  )
  await save(
    client,
    vault,
    grantShape,
    all.flatMap(({ grants }) => grants.map((holder) => ({ holder, row: holder.row }))),
  )
  await save(
    client,
    vault,
    accountShape,
    all.flatMap(({ accounts }) => accounts.map((holder) => ({ holder, row: holder.row }))),
  )
  await saveIndexes(client, vault, all)
}

/** Of whom a row is missing the signed names stay as they are, so that it stays missing. */
function nameHoldings(dossier: Dossier): void {
  if (dossier.torn) return
  const holdings = holdingsOf(dossier)
  if (holdings === dossier.person.holdings) return
  dossier.person.holdings = holdings
  touch(dossier)
}

async function saveIndexes(client: pg.ClientBase, vault: Vault, all: readonly Dossier[]): Promise<void> {
  const rows = all.flatMap(({ person, newIndexes }) =>
    newIndexes.map(({ purpose, digest }) => [
      purpose,
      digest,
      person.id,
      vault.guard('blind_index', blindIndexGuard(purpose, digest, person.id)),
    ]),
  )
  await copyRows(client, 'blind_index', ['purpose', 'digest', 'person_id', 'guard'], rows)
  for (const { newIndexes } of all) newIndexes.length = 0
}

async function save<Row>(
  client: pg.ClientBase,
  vault: Vault,
  shape: Shape<Row>,
  entries: readonly { readonly holder: { mark: Mark }; readonly row: Row }[],
): Promise<void> {
  const names = Object.keys(shape.columns) as (keyof Row & string)[]
  const values = (row: Row): CopyValue[] => {
    shape.prepare?.(vault, row)
    return [...names.map((name) => row[name] as CopyValue), vault.guard(shape.table, shape.guard(row))]
  }
  const fresh = entries.filter(({ holder }) => holder.mark === 'fresh')
  await copyRows(
    client,
    shape.table,
    [...names, 'guard'],
    fresh.map(({ row }) => values(row)),
  )
  const changed = entries.filter(({ holder }) => holder.mark === 'changed')
  if (changed.length > 0)
    await update(
      client,
      shape,
      names,
      changed.map(({ row }) => values(row)),
    )
  for (const { holder } of [...fresh, ...changed]) holder.mark = 'stored'
}

async function update<Row>(
  client: pg.ClientBase,
  shape: Shape<Row>,
  names: readonly (keyof Row & string)[],
  rows: readonly (readonly CopyValue[])[],
): Promise<void> {
  const columns = [...names, 'guard']
  const types = [...names.map((name) => shape.columns[name] as string), 'bytea']
  const sets = columns.filter((name) => name !== 'id').map((name) => `${name} = v.${name}`)
  await client.query(
    `update ${shape.table} t set ${sets.join(', ')}
       from unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join(', ')}) as v(${columns.join(', ')})
      where t.id = v.id`,
    columns.map((_, column) => rows.map((row) => row[column])),
  )
}
