/** Authorisations one by one: what an entry must be to be taken, and which entries a removal means. */
import { type Call, refuse } from './call.ts'
import type { Carrier } from './model.ts'
import { type Cell, type Row, rows } from './row.ts'
import { complexType } from './types.ts'
import type { TableName } from './world.ts'

/** A place where entries lie, such as `AuthorisationOnline` and `TemplateAuthorisation`. */
export interface EntryList {
  readonly block: string
  readonly list: string
}

/** Which UnitOfAuthType a block stands for. */
const technologies: Readonly<Record<string, string>> = {
  AuthorisationOnline: 'OnLine',
  AuthorisationOffline: 'OffLine',
  AuthorisationSoaa: 'Soaa',
  AuthorisationLoXS: 'Loxs',
  AuthorisationLocker: 'Locker',
  AuthorisationKeyCabinet: 'KeyCabinet',
}

export const entryLists: readonly EntryList[] = Object.keys(technologies).flatMap((block) =>
  complexType(block).own.map(({ name }) => ({ block, list: name })),
)

/** The field that says what an entry opens, and the table it is in. */
const subjects: readonly (readonly [string, TableName])[] = [
  ['TemplateId', 'Template'],
  ['EntranceGroupId', 'EntranceGroup'],
  ['EntranceId', 'Entrance'],
]

export function entriesOf({ profile }: Carrier, { block, list }: EntryList): readonly Row[] {
  return profile.blocks[block]?.[list] ?? []
}

export function setEntries({ profile }: Carrier, { block, list }: EntryList, entries: Row[]): void {
  profile.blocks[block] = { ...profile.blocks[block], [list]: entries }
}

/** As it is stored: with an Id of its own, never with a RuleId, which only the rule engine gives. */
export function newEntry(call: Call, place: EntryList, sent: Row): Row {
  const { world, clearMs } = call.simulation
  checkSubject(call, place, sent)
  const { RuleId, DateUntil, ...entry } = sent
  entry.Id = world.next('entry')
  if (DateUntil !== undefined && DateUntil !== clearMs) entry.DateUntil = DateUntil
  return entry
}

/** Types must not be mixed: what is of another technology counts as not there. */
function checkSubject(call: Call, { block }: EntryList, entry: Row): void {
  const { world } = call.simulation
  for (const [field, table] of subjects) {
    const id = entry[field]
    if (typeof id !== 'number') continue
    const row = world.table(table).rows.get(id)
    const visible = table !== 'Entrance' || call.caller.entrances === null || call.caller.entrances.includes(id)
    if (row === undefined || !visible || row.UnitOfAuthType !== technologies[block]) {
      refuse(call, `${table.charAt(0)}${table.slice(1).toLowerCase()} not found`)
    }
  }
  const schedule = entry.DateTimeScheduleId
  if (typeof schedule === 'number' && !world.table('DayTimeSchedule').rows.has(schedule)) {
    refuse(call, 'Schedule not found')
  }
}

export function isByRule({ RuleId }: Row): boolean {
  return RuleId !== undefined
}

/** Whether a removal that names some fields of an entry means this one. */
export function isMeant(entry: Row, named: Row): boolean {
  const same = (name: string, wanted: Cell) => wanted === undefined || entry[name] === wanted
  return !isByRule(entry) && Object.entries(named).every(([name, wanted]) => same(name, wanted))
}

/** What a row sends for a block's list. */
export function sentEntries(sent: Row, { block, list }: EntryList): Row[] {
  const inside = sent[block]
  return typeof inside === 'object' && !Array.isArray(inside) ? rows(inside, list) : []
}
