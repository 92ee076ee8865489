/** find of each kind of carrier, of persons of any kind, and of their ids. */
import { AeosFault, type Answer, type Call, type Handlers, refuse, request } from './call.ts'
import { infoType, isVisible, rowWithPhoto, typedRow } from './carrier-rows.ts'
import { fits, isLike } from './match.ts'
import type { Carrier, CarrierKind } from './model.ts'
import { pageOf } from './page.ts'
import { inner, longs, maybeInner, maybeText, type Row, rows } from './row.ts'

// Not implemented as criteria at v33 of the manual.
const ignored = new Set(['Gender', 'Title', 'PhoneNo', 'Language', 'MobilePhoneNo', 'Email', 'Guard'])
const ranges = ['ArrivalDateTime', 'LeaveDateTime', 'ModificationDate'] as const

export const carrierFinds: Handlers = {
  findEmployee: (call) => ofKind(call, 'Employee'),
  findContractor: (call) => ofKind(call, 'Contractor'),
  findVisitor: (call) => ofKind(call, 'Visitor'),
  findCar: (call) => ofKind(call, 'Car'),
  findPerson,
  findPersonId,
}

function ofKind(call: Call, kind: CarrierKind): Answer {
  const search = request(call)
  const criteria = inner(search, infoType(kind))
  const found = find(call, criteria, (carrier) => carrier.kind === kind)
  const { items, info } = pageOf(call, sorted(call, found, search), search)
  call.touch(items.length === 1 ? items.map(({ id }) => id) : [])
  return { [kind]: items.map((carrier) => rowWithPhoto(call, carrier)), SearchResultInfo: info }
}

function findPerson(call: Call): Answer {
  const search = request(call)
  const found = find(call, inner(search, 'PersonInfo'), ({ kind }) => kind !== 'Car')
  const { items, info } = pageOf(call, sorted(call, found, search), search)
  const person = (carrier: Carrier): Row => {
    const row = typedRow(call, carrier)
    return call.simulation.quirks.personDatesCut ? datesCut(call, row) : row
  }
  return { Person: items.map(person), SearchResultInfo: info }
}

function findPersonId(call: Call): Answer {
  const search = request(call)
  const criteria: Row = { PersonnelNo: maybeText(search, 'PersonnelNo') }
  const kind = maybeText(search, 'CarrierType')
  const found = find(call, criteria, (carrier) => carrier.kind !== 'Car' && (kind ?? carrier.kind) === carrier.kind)
  const { items } = pageOf(call, found, search)
  return { PersonId: items.map(({ id, kind: CarrierType }) => ({ Id: id, CarrierType })) }
}

/** Those that fit, in the order of their ids. */
function find(call: Call, criteria: Row, wanted: (carrier: Carrier) => boolean): Carrier[] {
  const { world, quirks } = call.simulation
  const { Id, CarrierType, ...others } = criteria
  return [...candidates(call, criteria)].filter(
    (carrier) =>
      wanted(carrier) &&
      isVisible(call.caller, carrier) &&
      (Id === undefined || carrier.id === Id) &&
      (typeof CarrierType !== 'string' || isLike(carrier.kind, CarrierType, quirks)) &&
      fits(carrier.fields, others, quirks, ignored) &&
      fitsLists(call, carrier, criteria),
  )

  /** As few as an index can make them. */
  function candidates({ simulation }: Call, { PersonnelNo }: Row): Iterable<Carrier> {
    if (typeof Id === 'number') {
      const carrier = world.carriers.get(Id)
      return carrier === undefined ? [] : [carrier]
    }
    const wildcards = simulation.quirks.likeWildcards && /[%_]/.test(String(PersonnelNo))
    return typeof PersonnelNo === 'string' && PersonnelNo !== '' && !wildcards
      ? world.byPersonnelNo(PersonnelNo)
      : world.carriers.values()
  }
}

function fitsLists({ simulation, caller }: Call, carrier: Carrier, criteria: Row): boolean {
  const { quirks } = simulation
  for (const { DefinitionId, value } of rows(criteria, 'Freefield')) {
    if (caller.freeFields !== null && !caller.freeFields.includes(Number(DefinitionId))) return false
    const held = rows(carrier.fields, 'Freefield').find((field) => field.DefinitionId === DefinitionId)
    if (held === undefined || !isLike(String(held.value), String(value ?? ''), quirks)) return false
  }
  for (const name of ranges) {
    const range = maybeInner(criteria, `${name}Range`)
    const at = carrier.fields[name]
    if (range === undefined || (name === 'ModificationDate' && !quirks.modifiedSearched)) continue
    if (typeof at !== 'number') return false
    if (typeof range.From === 'number' && at < range.From) return false
    if (typeof range.Until === 'number' && at > range.Until) return false
  }
  const templates = longs(maybeInner(criteria, 'AuthorizationTemplateIdList') ?? {}, 'TemplateId')
  if (templates.length === 0) return true
  const held = carrier.profile.blocks.AuthorisationOnline?.TemplateAuthorisation ?? []
  return held.some(({ TemplateId }) => templates.includes(Number(TemplateId)))
}

function sorted(call: Call, found: readonly Carrier[], search: Row): readonly Carrier[] {
  const orders = rows(search, 'SortOrder').map((order) => ({
    field: maybeText(order, 'FieldName') ?? refuse(call, 'FieldName is missing'),
    direction: maybeText(order, 'Order'),
  }))
  if (new Set(orders.map(({ field }) => field)).size < orders.length) throw new AeosFault(302, 'Duplicate sort field')
  if (orders.some(({ direction }) => direction !== 'A' && direction !== 'D')) {
    throw new AeosFault(303, 'Invalid sort direction')
  }
  const key = ({ fields }: Carrier, field: string) => String(fields[field] ?? '').toLowerCase()
  return [...found].sort((left, right) => {
    for (const { field, direction } of orders) {
      const [one, other] = [key(left, field), key(right, field)]
      if (one !== other) return one < other === (direction === 'A') ? -1 : 1
    }
    return left.id - right.id
  })
}

/** Local midnight of the day, for the two dates of a person. */
function datesCut({ simulation: { zone, quirks } }: Call, row: Row): Row {
  const cut = { ...row }
  for (const name of ['ArrivalDateTime', 'LeaveDateTime']) {
    const at = row[name]
    if (typeof at !== 'number') continue
    cut[name] = zone.moment(`${zone.local(at).slice(0, 10)}T00:00:00`, quirks.ambiguousTime) ?? at
  }
  return cut
}
