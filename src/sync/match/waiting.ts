/** Who is made no account at a target, since one that is there already may be theirs and no person has decided it yet. */
import type pg from 'pg'
import type { AccountId, PersonId } from '../../model/id.ts'
import { isGone } from '../../store/account-sql.ts'
import { linkedPlaces, openRun } from '../../store/match-leads.ts'
import type { TargetMode } from '../../store/target-modes.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'

/** An account that is not made yet, or that was deleted. */
export interface Unmade {
  readonly id: AccountId
  readonly target: string
  readonly person_id: PersonId | null
}

/** `desired` holds nothing, or an account that is gone: what is wanted besides would make one. */
export const isUnmade = (account: string) => `(${account}.desired is null or ${isGone(`${account}.desired`)})`

/**
 * Those of these accounts that wait. Of a target that was never matched none does; where the look is gone, or is not as it was signed, all do,
 * until the target is matched once more: it may have led to anybody.
 */
export async function waitingForMatch(
  client: pg.ClientBase | pg.Pool,
  context: SyncContext,
  modes: ReadonlyMap<string, TargetMode>,
  accounts: readonly Unmade[],
): Promise<ReadonlySet<AccountId>> {
  const waiting = new Set<AccountId>()
  for (const [target, same] of Map.groupBy(accounts, (account) => account.target)) {
    const match = modes.get(target)?.match ?? null
    if (match === null) continue
    const run = await openRun(client, context.vault, target, match)
    if (run === 'forged') await tellForged(client, context, match)
    if (run === null || run === 'forged') {
      for (const { id } of same) waiting.add(id)
      continue
    }
    const { leads, settled } = run
    const asked = new Set(same.map(({ person_id }) => person_id))
    const open = leads.flatMap(([places, people]) => {
      const theirs = people.filter((person) => asked.has(person) && !settled.has(person))
      return theirs.length === 0 ? [] : [{ places: places.filter((place) => !settled.has(place)), theirs }]
    })
    const places = open.flatMap((each) => each.places)
    const linked = await linkedPlaces(client, context.vault, match, places)
    const undecided = open.filter((each) => each.places.some((place) => !linked.has(place)))
    const people = new Set<PersonId | null>(undecided.flatMap(({ theirs }) => theirs))
    for (const { id, person_id } of same) if (people.has(person_id)) waiting.add(id)
  }
  return waiting
}

/** How many accounts wait at each target where any does; of one origin, if it is named. For people to read: rows are taken as they are. */
export async function countWaiting(
  client: pg.ClientBase | pg.Pool,
  context: SyncContext,
  modes: ReadonlyMap<string, TargetMode>,
  origin: string | null = null,
): Promise<ReadonlyMap<string, number>> {
  const matched = [...modes].flatMap(([target, { match }]) => (match === null ? [] : [target]))
  if (matched.length === 0) return new Map()
  const { rows } = await client.query<Unmade>(
    `select a.id, a.target, a.person_id from account a
      where a.pending and a.target = any($1::text[]) and ${isUnmade('a')} and ($2::text is null or a.wanted_by = $2)`,
    [matched, origin],
  )
  const waiting = await waitingForMatch(client, context, modes, rows)
  const those = rows.filter(({ id }) => waiting.has(id))
  return new Map([...Map.groupBy(those, ({ target }) => target)].map(([target, { length }]) => [target, length]))
}
