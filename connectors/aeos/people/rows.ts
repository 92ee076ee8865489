/** A carrier with all that hangs on it as one row of cells; pure. */
import { cardText, isRandomSerial } from '../../../src/model/card.ts'
import { cardOf } from '../badges.ts'
import { entriesOf, isOfDoors, levelsShown } from '../levels.ts'
import { typeOf, validityOf } from '../mapping.ts'
import type { Settings } from '../settings.ts'
import { fromLocal, toLocalDate } from '../soap/local-time.ts'
import type { PersonRecord, ProfileRecord, Token } from '../soap/records.ts'
import type { Names } from './names.ts'

/** All that AEOS says about one carrier. */
export interface Seen {
  readonly person: PersonRecord
  readonly blocked: boolean
  readonly tokens: readonly Token[]
  readonly profile: ProfileRecord
  /** As the column says it: see `photoText`; absent where photos are not asked for. */
  readonly photo?: string | null
}

export interface Row {
  readonly cells: Readonly<Record<string, string | null>>
  /** When it says something else by the clock alone, in ms since 1970: a start, an end. Null: never. */
  readonly turnsAt: number | null
}

const own = [
  'id',
  'carrier_type',
  'personnel_no',
  'last_name',
  'first_name',
  'title',
  'email',
  'department',
  'arrives',
  'leaves',
  'status',
  'cards',
  'levels',
  'level_ids',
  'rule_levels',
] as const

export function columnsOf({ people }: Settings): readonly string[] {
  return [...own, ...(people.photos ? ['photo'] : []), ...people.free_fields.map(({ column }) => column)]
}

export function rowOf(
  { person, blocked, tokens, profile, photo }: Seen,
  names: Names,
  now: Date,
  settings: Settings,
): Row {
  const { from, until } = validityOf(person, settings)
  const [starts, ends] = [instantOf(from), instantOf(until)]
  const at = now.getTime()
  const held = levelsShown(profile, { from, now, isShut: false, settings })
  const [levels, inheritedLevels] = [held.levels.filter(isOfDoors), held.inheritedLevels.filter(isOfDoors)]
  const date = (instant: number | null) => (instant === null ? null : toLocalDate(instant, settings.server_zone))
  const free = new Map(person.Freefield.map(({ DefinitionId, value }) => [DefinitionId, value]))
  const cells: Record<(typeof own)[number], string | null | undefined> = {
    id: person.Id,
    carrier_type: typeOf(person),
    personnel_no: person.PersonnelNo?.trim() ?? null,
    last_name: person.LastName ?? null,
    first_name: person.FirstName ?? null,
    title: person.Title ?? null,
    email: person.Email ?? null,
    // One that we are not shown is not none.
    department: person.DepartmentId === undefined ? null : names.departments.get(person.DepartmentId),
    arrives: date(starts),
    // Who leaves at midnight is there no longer on the day that begins then.
    leaves: date(ends === null ? null : ends - 1000),
    status: statusOf(starts, ends, blocked, at),
    cards: lines(tokens.flatMap((token) => claimOf(token, settings))),
    levels: lines(namesOf([...levels, ...inheritedLevels], names)),
    level_ids: lines([...levels, ...inheritedLevels]),
    rule_levels: lines(namesOf(inheritedLevels, names)),
  }
  const more = settings.people.free_fields.map(({ definition_id, column }) => [column, free.get(definition_id) ?? null])
  const turns = [starts, ends, ...rightsTurn(profile, settings)].filter((each) => each !== null && each > at)
  return {
    cells: { ...withoutUnknown(cells), ...(photo === undefined ? {} : { photo }), ...Object.fromEntries(more) },
    turnsAt: turns.length === 0 ? null : Math.min(...(turns as number[])),
  }
}

function withoutUnknown(cells: Readonly<Record<string, string | null | undefined>>): Row['cells'] {
  return Object.fromEntries(
    Object.entries(cells).filter((entry): entry is [string, string | null] => entry[1] !== undefined),
  )
}

/** `left` before `blocked`: whoever has left is so for good. */
function statusOf(starts: number | null, ends: number | null, blocked: boolean, at: number): string {
  if (ends !== null && ends <= at) return 'left'
  if (blocked) return 'blocked'
  return starts !== null && starts > at ? 'not-yet' : 'present'
}

/** In use (1), or in use in place of another (4), it opens doors; blocked for a while (3), also while another stands in for it, it may again. */
function claimOf(token: Token, settings: Settings): string[] {
  const state = { '1': 'active', '3': 'suspended', '4': 'active' }[token.Status ?? '']
  const card = cardOf(token, settings)
  // A random serial number names no card, and must not keep the rest of the person out.
  if (state === undefined || card === null || isRandomSerial(card)) return []
  return [state === 'suspended' || token.Blocked ? `${cardText(card)} suspended` : cardText(card)]
}

function namesOf(levels: readonly string[], { levels: names }: Names): readonly string[] {
  return levels.flatMap((level) => names.get(level) ?? [])
}

function rightsTurn(profile: ProfileRecord, settings: Settings): readonly (number | null)[] {
  return entriesOf(profile, settings).flatMap(({ entry: { Enabled, DateFrom, DateUntil } }) =>
    Enabled
      ? [DateFrom, DateUntil].map((text) => (text === undefined ? null : fromLocal(text, settings.server_zone)))
      : [],
  )
}

function instantOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text)
}

/** Sorted, since AEOS gives its lists in no order that it promises; null where there is none. */
function lines(values: readonly string[]): string | null {
  return values.length === 0 ? null : [...new Set(values)].sort().join('\n')
}
