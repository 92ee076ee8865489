/** find, add, change and remove of the plain things of a site: units, departments, doors, templates, schedules. */
import { AeosFault, type Answer, type Call, type Handler, type Handlers, refuse, request, sees } from './call.ts'
import { fits } from './match.ts'
import { pageOf } from './page.ts'
import { inner, long, longs, maybeInner, type Row, rows } from './row.ts'
import { complexType } from './types.ts'
import type { TableName } from './world.ts'

interface Kind {
  table: TableName
  /** Element of the search that holds the criteria; null when the search is the criteria. */
  criteria: string | null
  /** Element of one item in the list. */
  item: string
  paged: boolean
}

const kinds: readonly Kind[] = [
  { table: 'Department', criteria: 'DepartmentInfo', item: 'Department', paged: true },
  { table: 'Unit', criteria: null, item: 'Unit', paged: false },
  { table: 'Entrance', criteria: 'EntranceInfo', item: 'Entrance', paged: true },
  { table: 'EntranceGroup', criteria: 'EntranceGroupInfo', item: 'EntranceGroup', paged: true },
  { table: 'Template', criteria: 'TemplateInfo', item: 'Template', paged: true },
  { table: 'DayTimeSchedule', criteria: null, item: 'DayTimeSchedule', paged: false },
  { table: 'AccessPoint', criteria: 'AccessPointInfo', item: 'AccessPoint', paged: true },
  { table: 'IdentifierType', criteria: null, item: 'Identifier', paged: false },
  { table: 'BlockReason', criteria: null, item: 'BlockReason', paged: false },
  { table: 'FreeFieldDefinition', criteria: null, item: 'FreeFieldDefinition', paged: false },
  { table: 'FreeFieldCategory', criteria: null, item: 'FreeFieldCategory', paged: false },
  { table: 'EventType', criteria: null, item: 'EventType', paged: false },
  { table: 'LogType', criteria: null, item: 'LogType', paged: false },
]

const changeable = ['Department', 'Unit', 'Entrance', 'EntranceGroup', 'Template', 'DayTimeSchedule'] as const
const texts = new Set(['Name', 'Description', 'Location'])
const unitsOfAuthType = new Set(['OnLine', 'OffLine', 'Soaa', 'SecurityLevel', 'Loxs', 'Locker', 'KeyCabinet'])

export const catalogueHandlers: Handlers = Object.fromEntries([
  ...kinds.map((kind): [string, Handler] => [`find${kind.table}`, (call) => find(call, kind)]),
  ...changeable.flatMap((table): [string, Handler][] => [
    [`add${table}`, (call) => add(call, table)],
    [`change${table}`, (call) => change(call, table)],
    [`remove${table}`, (call) => remove(call, table)],
  ]),
  ['changeAccessPoint', (call: Call) => change(call, 'AccessPoint')],
])

function find(call: Call, { table, criteria, item, paged }: Kind): Answer {
  const { world, quirks } = call.simulation
  const search = request(call)
  const wanted = criteria === null ? search : inner(search, criteria)
  const { Attached, ...plain } = wanted
  checkTechnology(wanted)
  // Block reasons have no name but a description.
  const renamed = table === 'BlockReason' ? { ...plain, Name: undefined, Description: plain.Name } : plain
  const found = [...world.table(table).rows.values()].filter(
    (row) =>
      isVisible(call, table, row) &&
      (Attached === undefined || Attached === (row.EntranceId !== undefined)) &&
      fits(row, renamed, quirks),
  )
  if (!paged) return { [item]: found }
  const { items, info } = pageOf(call, found, search)
  return { [item]: items, SearchResultInfo: info }
}

function isVisible({ caller }: Call, table: TableName, row: Row): boolean {
  if (table === 'Entrance') return caller.entrances === null || caller.entrances.includes(Number(row.Id))
  if (table === 'FreeFieldDefinition') return caller.freeFields === null || caller.freeFields.includes(Number(row.Id))
  if (table === 'Unit') return sees(caller, row.Id)
  return table !== 'Department' || sees(caller, row.UnitId)
}

function checkTechnology({ UnitOfAuthType }: Row): void {
  if (typeof UnitOfAuthType === 'string' && !unitsOfAuthType.has(UnitOfAuthType)) {
    throw new AeosFault(301, 'Unknown UnitOfAuthType')
  }
}

function add(call: Call, table: TableName): Answer {
  const row = merged(call, table, {}, request(call))
  check(call, table, row)
  return call.simulation.world.addRow(table, row)
}

/** Lists that are named take the place of those that were there. */
function change(call: Call, table: TableName): Answer {
  const { world } = call.simulation
  const sent = request(call)
  const id = long(sent, 'Id')
  const held = world.table(table).rows.get(id)
  if (held === undefined || !isVisible(call, table, held)) return refuse(call, `${table} not found`)
  const row = merged(call, table, held, sent)
  check(call, table, row)
  return world.addRow(table, row, id)
}

function merged({ simulation }: Call, table: TableName, held: Row, sent: Row): Row {
  const row: Row = { ...held }
  for (const { name, type } of complexType(`${table}Info`).all) {
    const cell = sent[name]
    if (cell === undefined || name === 'Id') continue
    const isReference = type === 'long' && cell === 0
    if (isReference || (type === 'dateTime' && cell === simulation.clearMs)) delete row[name]
    else if (cell !== '') row[name] = cell
    else if (simulation.quirks.emptyTexts === 'cleared') delete row[name]
  }
  return row
}

function check(call: Call, table: TableName, row: Row): void {
  const { world } = call.simulation
  checkTechnology(row)
  const most = table === 'DayTimeSchedule' || table === 'Unit' || table === 'Department' ? 50 : 150
  for (const name of texts) {
    const value = row[name]
    const limit = name === 'Location' ? 50 : most
    if (typeof value === 'string' && value.length > limit) {
      refuse(call, `${table}.${name.toLowerCase()} size must be between 0 and ${limit}`)
    }
  }
  if (typeof row.Name !== 'string') refuse(call, `${table}.name size must be between 1 and ${most}`)
  const mustBe = (what: TableName, id: number) => {
    const found = world.table(what).rows.get(id)
    const mixed = row.UnitOfAuthType !== undefined && found?.UnitOfAuthType !== row.UnitOfAuthType
    if (found === undefined || mixed) refuse(call, `${what.toLowerCase()} not found`)
  }
  for (const id of longs(maybeInner(row, 'EntranceIdList') ?? {}, 'EntranceId')) mustBe('Entrance', id)
  for (const { AuthorisationType, SubjectId } of rows(row, 'TemplateItem')) {
    if (AuthorisationType === 'Entrance' || AuthorisationType === 'EntranceGroup' || AuthorisationType === 'Template') {
      mustBe(AuthorisationType, Number(SubjectId))
    }
  }
}

function remove(call: Call, table: TableName): Answer {
  const { world } = call.simulation
  const row = world.table(table).rows.get(Number(call.input))
  if (row === undefined || !isVisible(call, table, row)) return refuse(call, `${table} not found`)
  world.table(table).rows.delete(Number(call.input))
  if (table === 'Template') {
    for (const carrier of world.carriers.values()) {
      for (const block of Object.values(carrier.profile.blocks)) {
        for (const [list, entries] of Object.entries(block)) {
          block[list] = entries.filter(({ TemplateId }) => TemplateId !== call.input)
        }
      }
    }
  }
  return 'removed'
}
