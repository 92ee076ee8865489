/** What matches hold of people who are gone: it goes with them, whether a match has ended, broke off, or goes on and ends later. */
import type pg from 'pg'
import type { MatchRunId, PersonId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { type MatchRunRow, matchRunGuard } from './guards.ts'
import type { Leads, Settled } from './match-leads.ts'

/** Clocks of processes differ a little. */
const erasedSince = (at: string) =>
  `exists (select from erasure where deleted_at >= ${at}::timestamptz - interval '1 hour')`

/** Few: a match takes the place of the one before. First of all in a transaction that erases, as in each that ends one. */
export async function lockMatchRuns(client: pg.ClientBase): Promise<readonly MatchRunRow[]> {
  const { rows } = await client.query<MatchRunRow>('select * from match_run order by id for update')
  return rows
}

/** Nothing leads to the person any more, and nothing is kept of any account that may be theirs; `runs` are locked. */
export async function forgetInMatches(
  client: pg.ClientBase,
  vault: Vault,
  runs: readonly MatchRunRow[],
  person: PersonId,
): Promise<void> {
  for (const run of runs.filter(({ leads, settled }) => `${leads}${settled}`.includes(person))) {
    const left = vault.verifyGuard('match_run', matchRunGuard(run), run.guard) ? without(run, person) : null
    // Of one that was changed from outside, nothing is signed.
    const { leads, settled } = left ?? { leads: null, settled: null }
    const guard = left === null ? run.guard : vault.guard('match_run', matchRunGuard({ ...run, leads, settled }))
    await client.query('update match_run set leads = $2, settled = $3, guard = $4 where id = $1', [
      run.id,
      leads,
      settled,
      guard,
    ])
    await forgetFound(client, run.id, left?.places ?? null)
  }
  // Whose the other accounts are that a match found, nobody can tell: one may well be theirs.
  await client.query(
    'update match_row set found = null where person_id is null and class is not null and found is not null',
  )
  // What a match has read that failed, or did not begin again yet, is nobody's so far, and only spares it some requests.
  await client.query(
    `delete from match_row where person_id = $1 or run_id in (select id from match_run where state in ('failed', 'requested'))`,
    [person],
  )
}

function without({ leads, settled }: MatchRunRow, person: PersonId) {
  const { kept, places } = withoutPeople(JSON.parse(leads ?? '[]') as Leads, (each) => each === person)
  const still = (JSON.parse(settled ?? '[]') as Settled[]).filter((each) => each !== person)
  return {
    leads: leads === null ? null : JSON.stringify(kept),
    settled: settled === null ? null : JSON.stringify(still),
    places,
  }
}

/** Leads to the others, and the places of all accounts that led to any of these. */
function withoutPeople(
  leads: Leads,
  isGone: (person: PersonId) => boolean,
): { kept: Leads; places: readonly number[] } {
  const kept = leads.flatMap(([places, people]) => {
    const here = people.filter((person) => !isGone(person))
    return here.length === 0 ? [] : [[places, here] as const]
  })
  return { kept, places: leads.flatMap(([places, people]) => (people.some(isGone) ? places : [])) }
}

/** Of an account that is certainly somebody else's what was found stays. Places null: of all others. */
async function forgetFound(client: pg.ClientBase, run: MatchRunId, places: readonly number[] | null): Promise<void> {
  await client.query(
    `update match_row set found = null where run_id = $1 and ($2::int[] is null or n = any($2)) and class <> 'certain' and found is not null`,
    [run, places],
  )
}

/**
 * Of a match that ends, what it holds of people who were erased while it went on: its row is locked, so that whoever is erased now comes
 * after it. Returns the leads to those who are here.
 */
export async function forgetErasedMeanwhile(
  client: pg.ClientBase,
  { id, requested_at }: Pick<MatchRunRow, 'id' | 'requested_at'>,
  leads: Leads,
): Promise<Leads> {
  const { rows } = await client.query<{ some: boolean }>(`select ${erasedSince('$1')} as some`, [requested_at])
  if (rows[0]?.some !== true) return leads
  const people = await client.query<{ id: PersonId }>('select id from person where id = any($1::uuid[])', [
    [...new Set(leads.flatMap(([, each]) => each))],
  ])
  const here = new Set(people.rows.map((row) => row.id))
  const { kept, places } = withoutPeople(leads, (person) => !here.has(person))
  await forgetFound(client, id, places)
  await client.query(
    'update match_row set found = null where run_id = $1 and person_id is null and found is not null',
    [id],
  )
  await client.query(
    'delete from match_row r where run_id = $1 and person_id is not null and not exists (select from person p where p.id = r.person_id)',
    [id],
  )
  return kept
}

/** What a match has read that failed is forgotten, if anybody was erased meanwhile: some of it may be theirs. */
export async function forgetReadMeanwhile(
  client: pg.ClientBase,
  { id, requested_at }: Pick<MatchRunRow, 'id' | 'requested_at'>,
): Promise<void> {
  await client.query(`delete from match_row where run_id = $1 and ${erasedSince('$2')}`, [id, requested_at])
}
