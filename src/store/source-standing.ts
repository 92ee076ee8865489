/** How far a source is trusted, in one guarded row: read before any effect, and never signed anew when somebody else wrote it. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { type SourceStandingRow, sourceStandingGuard } from './guards.ts'

export type SourceStanding = Omit<SourceStandingRow, 'guard'>

/** Null when somebody changed the row from outside: nothing of it counts, and such a source is trusted with nothing. */
export type ReadStanding = SourceStanding | null

/** What a source has that was never heard of; also what is left when a person overrules a forged row. */
export function newStanding(source: string): SourceStanding {
  return {
    source,
    lockouts: '[]',
    suspect_at: null,
    cleared_at: null,
    records: null,
    shape: null,
    columns_full: null,
    columns_delta: null,
    offered_full: null,
    offered_delta: null,
    reading: null,
    altered: 0,
    lost: 0,
    braked: null,
    cursor: null,
  }
}

/** Whether a lock-out was held back by a suspicion that has ended. */
export function isLetGo({ cleared_at }: SourceStanding, heldAt: Date): boolean {
  return cleared_at !== null && heldAt <= cleared_at
}

export async function readStanding(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  source: string,
): Promise<ReadStanding> {
  const { rows } = await client.query<SourceStandingRow>('select * from source_standing where source = $1', [source])
  return checked(vault, source, rows[0])
}

/** Holds the row to the end of the transaction. People and accounts are locked before it, several sources in the order of their ids. */
export async function lockStanding(client: pg.ClientBase, vault: Vault, source: string): Promise<ReadStanding> {
  const { rows } = await client.query<SourceStandingRow>('select * from source_standing where source = $1 for update', [
    source,
  ])
  if (rows[0] !== undefined) return checked(vault, source, rows[0])
  // So that two who find none wait for each other.
  await writeStanding(client, vault, newStanding(source), 'on conflict do nothing')
  return lockStanding(client, vault, source)
}

function checked(vault: Vault, source: string, row: SourceStandingRow | undefined): ReadStanding {
  if (row === undefined) return newStanding(source)
  const { guard, ...standing } = row
  return vault.verifyGuard('source_standing', sourceStandingGuard(standing), guard) ? standing : null
}

/** The caller holds the row. */
export async function saveStanding(client: pg.ClientBase, vault: Vault, row: SourceStanding): Promise<void> {
  const update = columns.map((name) => `${name} = excluded.${name}`).join(', ')
  await writeStanding(client, vault, row, `on conflict (source) do update set ${update}, guard = excluded.guard`)
}

const columns = [
  'lockouts',
  'suspect_at',
  'cleared_at',
  'records',
  'shape',
  'columns_full',
  'columns_delta',
  'offered_full',
  'offered_delta',
  'reading',
  'altered',
  'lost',
  'braked',
  'cursor',
] as const satisfies readonly (keyof SourceStanding)[]

async function writeStanding(
  client: pg.ClientBase,
  vault: Vault,
  row: SourceStanding,
  conflict: string,
): Promise<void> {
  const values = [
    row.source,
    ...columns.map((name) => row[name]),
    vault.guard('source_standing', sourceStandingGuard(row)),
  ]
  await client.query(
    `insert into source_standing (source, ${columns.join(', ')}, guard) values (${values.map((_, i) => `$${i + 1}`).join(', ')}) ${conflict}`,
    values,
  )
}
