/** add, change and remove of each kind of carrier. A change writes only what it names. */
import { type Answer, type Call, carrierOf, type Handler, type Handlers, refuse, request, sees } from './call.ts'
import { carrierRow, infoType } from './carrier-rows.ts'
import { checkFields, checkSigns, references } from './field-rules.ts'
import { type Carrier, type CarrierKind, carrierKinds } from './model.ts'
import { type Cell, long, type Row, rows } from './row.ts'
import { letGo } from './token-links.ts'
import { complexType } from './types.ts'
import { wholeSecond } from './zone.ts'

// What the server says of a carrier, whatever a client sends.
const ownFields = new Set(['Id', 'NetworkId', 'CarrierType', 'NrMovements', 'ReadOnly', 'ModificationDate'])

export const carrierWrites: Handlers = Object.fromEntries(
  carrierKinds.flatMap((kind): [string, Handler][] => [
    [`add${kind}`, (call) => add(call, kind)],
    [`change${kind}`, (call) => change(call, kind)],
    [`remove${kind}`, (call) => remove(call, kind)],
  ]),
)

function add(call: Call, kind: CarrierKind): Answer {
  const { world, clock, quirks } = call.simulation
  const now = wholeSecond(clock.now())
  const fields = merged(call, kind, {}, request(call))
  if (quirks.arrivalDefaulted) fields.ArrivalDateTime ??= now
  fields.UnitId ??= call.caller.units?.[0] ?? 1
  fields.ModificationDate = now
  check(call, kind, fields, null)
  const carrier = world.addCarrier(kind, fields)
  call.touch([carrier.id])
  return carrierRow(call, carrier)
}

function change(call: Call, kind: CarrierKind): Answer {
  const { world, clock } = call.simulation
  const input = request(call)
  const carrier = ofKind(call, kind, long(input, 'Id'))
  const fields = merged(call, kind, carrier.fields, input)
  fields.ModificationDate = wholeSecond(clock.now())
  check(call, kind, fields, carrier)
  world.setFields(carrier, fields)
  return carrierRow(call, carrier)
}

function remove(call: Call, kind: CarrierKind): Answer {
  const { world, quirks, clock } = call.simulation
  const carrier = ofKind(call, kind, Number(call.input))
  if (carrier.tokens.length > 0 && quirks.removeWithBadges === 'refused') {
    return refuse(call, `${kind} still has identifiers`)
  }
  for (const token of carrier.tokens.flatMap((id) => world.tokens.get(id) ?? [])) {
    if (quirks.removeWithBadges === 'freed') letGo(world, token, 0, null)
    else letGo(world, token, 2, { reason: token.blockReason ?? 0, at: clock.now() })
  }
  world.removeCarrier(carrier)
  return 'removed'
}

function ofKind(call: Call, kind: CarrierKind, id: number): Carrier {
  const carrier = carrierOf(call, id)
  if (carrier.kind !== kind) return refuse(call, `${kind} not found`)
  return carrier.readOnly ? refuse(call, `${kind} is read only`) : carrier
}

function check(call: Call, kind: CarrierKind, fields: Row, carrier: Carrier | null): void {
  const { world, quirks } = call.simulation
  checkFields(call, kind, fields)
  if (!sees(call.caller, fields.UnitId)) refuse(call, 'Unit not found')
  const number = fields.PersonnelNo
  if (!quirks.personnelNoUnique || typeof number !== 'string') return
  const same = (other: Carrier) => other !== carrier && other.fields.PersonnelNo === number
  if (world.byPersonnelNo(number).some(same)) refuse(call, 'PersonnelNo is not unique')
}

/** What is there, with what the client sent written over it. */
function merged(call: Call, kind: CarrierKind, held: Row, sent: Row): Row {
  const result: Row = { ...held }
  for (const { name, type } of complexType(infoType(kind)).all) {
    const cell = sent[name]
    if (cell === undefined || ownFields.has(name)) continue
    checkSigns(call, kind, name, cell)
    if (name === 'Freefield') result.Freefield = freeFields(call, rows(held, name), rows(sent, name))
    else if (isCleared(call, name, type, cell)) delete result[name]
    else if (cell !== '' && cell !== call.simulation.clearMs) result[name] = cell
  }
  return result
}

function isCleared({ simulation: { quirks, clearMs } }: Call, name: string, type: string, cell: Cell): boolean {
  if (type === 'dateTime') return cell === clearMs && (name !== 'LeaveDateTime' || quirks.leaveDateClearable)
  if (name in references) return cell === 0
  return cell === '' && quirks.emptyTexts === 'cleared'
}

/** Fields that the caller does not see stay whatever it sends. */
function freeFields({ simulation, caller }: Call, held: readonly Row[], sent: readonly Row[]): Row[] {
  const isSent = ({ DefinitionId }: Row) => sent.some((field) => field.DefinitionId === DefinitionId)
  const isHidden = ({ DefinitionId }: Row) =>
    caller.freeFields !== null && !caller.freeFields.includes(Number(DefinitionId))
  const kept = held.filter((field) => isHidden(field) || (simulation.quirks.freeFields === 'merged' && !isSent(field)))
  const taken = sent.filter((field) => !isHidden(field) && field.value !== undefined && field.value !== '')
  return [...kept, ...taken.map(({ DefinitionId, value }) => ({ DefinitionId, value }))]
}
