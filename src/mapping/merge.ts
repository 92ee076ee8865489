/** Merges what the sources say into one person; the same records give the same person, in whatever order they come. */
import { type CardClaim, type CardState, cardKey } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import type { Employment, Person, PersonFacts, SourcedRecord } from '../model/person.ts'
import { parsePhoto } from '../model/photo.ts'
import type { SourceFieldName, SourceFields, SourceRecord } from '../model/source-record.ts'
import { fieldChecks } from './coerce.ts'

/**
 * Facts come from the primary employment: the one with the latest start among those that `isCurrent` accepts, else among
 * those that no source calls ended, else among all. A fact that it doesn't give is taken from the next in that order, so that of several
 * records that are in force a value outweighs null; but what one of them says there is none of, one that is over does not fill. Null
 * stays null only where nobody hides what would have outweighed it.
 *
 * Without `isCurrent` no clock is asked, and a job that starts next month is already primary. Give `isCurrentAt` of
 * `policy/state.ts` to let facts change on the day the job does.
 */
export function mergePerson(
  id: PersonId,
  records: readonly SourcedRecord[],
  isCurrent: (employment: Employment) => boolean = (employment) => !employment.left,
): Person {
  const entries = records.map((sourced) => entryOf(sourced, isCurrent))
  if (entries.length > 1) entries.sort(byPrimacy)
  const facts = factsOf(entries)
  const cards = unionOf(records)
  if (entries.length > 1) entries.sort(byStart)
  return { id, facts, kind: facts.kind ?? null, employments: entries.map((entry) => entry.employment), cards }
}

interface Entry {
  readonly employment: Employment
  readonly fields: SourceFields
  readonly rank: 0 | 1 | 2
  readonly sourced: SourcedRecord
}

const fieldNames = Object.keys(fieldChecks) as readonly SourceFieldName[]

function entryOf(sourced: SourcedRecord, isCurrent: (employment: Employment) => boolean): Entry {
  const { record, source, gone } = sourced
  const fields = record.hidden.length === 0 ? record.fields : shown(record)
  const employment: Employment = {
    key: record.key,
    source,
    kind: fields.kind ?? null,
    start: fields.start ?? null,
    end: earlier(fields.end ?? null, fields.lastWorkingDay ?? null),
    left: gone || fields.left === true,
    suspended: fields.suspended === true,
    zone: fields.zone ?? sourced.zone,
    title: fields.title ?? null,
    department: fields.department ?? null,
    company: fields.company ?? null,
    site: fields.site ?? null,
    attrs: record.attrs,
    unknown: unknownOf(record, fields),
  }
  return { employment, fields, sourced, rank: isCurrent(employment) ? 0 : employment.left ? 2 : 1 }
}

/** What a source hides is not known, even if a value was left from before. */
function shown(record: SourceRecord): SourceFields {
  const fields = { ...record.fields }
  for (const name of record.hidden) delete fields[name as SourceFieldName]
  return fields
}

function unknownOf(record: SourceRecord, fields: SourceFields): readonly string[] {
  const unknown: string[] = []
  for (const name of fieldNames) if (fields[name] === undefined) unknown.push(name)
  for (const name of record.hidden) if (!unknown.includes(name)) unknown.push(name)
  return unknown
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}

const factNames = [
  'employeeNumber',
  'email',
  'givenName',
  'familyName',
  'preferredName',
  'department',
  'title',
  'kind',
  'company',
] as const satisfies readonly (keyof PersonFacts & SourceFieldName)[]

function factsOf(entries: readonly Entry[]): PersonFacts {
  const facts: { -readonly [Name in keyof PersonFacts]: PersonFacts[Name] } = {}
  for (const name of factNames) {
    const said = sayingOf(entries, name, ({ fields }) => fields[name])
    if (said !== undefined) facts[name] = said
  }
  const photo = photoOf(entries)
  if (photo !== undefined) facts.photo = photo
  const attrs = attrsOf(entries)
  return attrs.length === 0 ? facts : { ...facts, attrs: Object.fromEntries(attrs) }
}

/** Those that somebody declares and that are no lists. */
function attrsOf(entries: readonly Entry[]): readonly (readonly [string, string | null])[] {
  const names = new Set(entries.flatMap(({ employment }) => Object.keys(employment.attrs)))
  return [...names].flatMap((name) => {
    const path = `attrs.${name}`
    const said = sayingOf(entries, path, ({ employment: { attrs, unknown } }) => {
      const value = Object.hasOwn(attrs, name) && !unknown.includes(path) ? attrs[name] : undefined
      if (value === null || value === undefined) return value
      return typeof value === 'object' ? undefined : String(value)
    })
    return said === undefined ? [] : [[name, said] as const]
  })
}

/** Undefined when nobody speaks of it, or somebody hides what may be a value. */
function sayingOf(
  entries: readonly Entry[],
  name: string,
  read: (entry: Entry) => string | null | undefined,
): string | null | undefined {
  let none: Entry | undefined
  let isHidden = false
  for (const entry of entries) {
    // The number names the person, as long as any record gives it.
    if (none !== undefined && entry.rank > none.rank && name !== 'employeeNumber') break
    const value = read(entry)
    if (value !== undefined && value !== null) return value
    if (value === null) none ??= entry
    else if (entry.sourced.record.hidden.includes(name)) isHidden = true
  }
  return none === undefined || isHidden ? undefined : null
}

/** The digest alone. Whoever can't tell which picture it is outweighs what others say: a person is not to be shown with two in turn. */
function photoOf(entries: readonly Entry[]): string | null | undefined {
  let none: Entry | undefined
  for (const entry of entries) {
    if (none !== undefined && entry.rank > none.rank) break
    const { photo } = entry.fields
    if (typeof photo === 'string') return parsePhoto(photo)?.sha256
    if (photo === null) none ??= entry
    else if (entry.sourced.record.hidden.includes('photo')) return undefined
  }
  return none === undefined ? undefined : null
}

function byPrimacy(a: Entry, b: Entry): number {
  return a.rank - b.rank || byStart(b, a)
}

/** An unknown start is before all others. Ties end with the whole record, so that no order of input shines through. */
function byStart(a: Entry, b: Entry): number {
  return (
    compare(a.employment.start ?? '', b.employment.start ?? '') ||
    compare(a.employment.key, b.employment.key) ||
    compare(a.employment.source, b.employment.source) ||
    compare(JSON.stringify(a.sourced), JSON.stringify(b.sourced))
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** When two records speak of one card, the state with the higher number wins. */
const restriction: Readonly<Record<CardState, number>> = { issued: 0, active: 1, suspended: 2, returned: 3, lost: 4 }

function unionOf(records: readonly SourcedRecord[]): readonly CardClaim[] {
  const claims = new Map<string, CardClaim>()
  for (const { record } of records) {
    for (const claim of record.cards ?? []) {
      const key = cardKey(claim.card)
      const other = claims.get(key)
      if (!other || restriction[claim.state] > restriction[other.state]) claims.set(key, claim)
    }
  }
  if (claims.size < 2) return [...claims.values()]
  return [...claims].sort(([a], [b]) => compare(a, b)).map(([, claim]) => claim)
}
