/** Whose the accounts of a look may be, and what a person has settled by it since: both signed with the look, so that none of it can be taken away unseen. */
import type pg from 'pg'
import type { MatchRunId, PersonId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { type MatchRow, type MatchRunRow, matchRunGuard } from './guards.ts'
import { isGenuineMatchRow } from './match-runs.ts'

/** Accounts, by their places in the look, that may each be any of these people's: one entry for all accounts that lead to the same people. */
export type Leads = readonly (readonly [places: readonly number[], people: readonly PersonId[]])[]

/** A place: the account is none of theirs. A person: none of the accounts is theirs. */
export type Settled = number | PersonId

export interface OpenRun {
  readonly row: MatchRunRow
  readonly leads: Leads
  readonly settled: ReadonlySet<Settled>
}

/** The look that a target was signed with; null when it is gone, `forged` when it is not as it was signed. */
export async function openRun(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  target: string,
  id: MatchRunId,
  lock = false,
): Promise<OpenRun | 'forged' | null> {
  const { rows } = await client.query<MatchRunRow>(
    `select * from match_run where id = $1${lock ? ' for update' : ''}`,
    [id],
  )
  const [row] = rows
  if (row === undefined) return null
  const genuine = vault.verifyGuard('match_run', matchRunGuard(row), row.guard)
  if (!genuine || row.target !== target || row.leads === null) return 'forged'
  const settled = new Set(JSON.parse(row.settled ?? '[]') as Settled[])
  return { row, leads: JSON.parse(row.leads) as Leads, settled }
}

/** A person has settled this, too: of a row that is locked. */
export async function settleMatch(client: pg.ClientBase, vault: Vault, { row, settled }: OpenRun, more: Settled) {
  const text = JSON.stringify([...settled, more])
  await client.query('update match_run set settled = $2, guard = $3 where id = $1', [
    row.id,
    text,
    vault.guard('match_run', matchRunGuard({ ...row, settled: text })),
  ])
}

/** Those of these places whose account was linked by now; what somebody else wrote was not. */
export async function linkedPlaces(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  run: MatchRunId,
  places: readonly number[],
): Promise<ReadonlySet<number>> {
  if (places.length === 0) return new Set()
  const { rows } = await client.query<MatchRow>(
    `select id, run_id, n, external_digest, null as found, class, person_id, reasons, guard
       from match_row where run_id = $1 and class = 'linked' and n = any($2::int[])`,
    [run, places],
  )
  return new Set(rows.filter((row) => isGenuineMatchRow(vault, row)).map(({ n }) => n))
}
