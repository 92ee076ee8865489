/** The event log and the operators' log, both by polling: what has a greater id than the last that was seen. */
import { type Answer, type Call, type Handlers, request, sees } from './call.ts'
import { fullName } from './carrier-rows.ts'
import { isLike } from './match.ts'
import type { LoggedChange, LoggedEvent } from './model.ts'
import { pageOf } from './page.ts'
import { inner, long, longs, maybeLong, maybeText, type Row, texts } from './row.ts'

export const logFinds: Handlers = { findEvent, findLog }

function findEvent(call: Call): Answer {
  const { world, quirks } = call.simulation
  const search = request(call)
  const wanted = inner(search, 'EventSearch')
  const found = after(world.events, maybeLong(wanted, 'GreaterThanId')).filter((event) => isSought(call, event, wanted))
  const ordered = quirks.eventOrder === 'oldest-first' ? found : found.toReversed()
  const { items, info } = pageOf(call, ordered, search)
  return { Event: items.map((event) => eventRow(call, event)), SearchResultInfo: info }
}

/** Logs grow at their end with rising ids: what follows an id is found without a look at what came before. */
function after<T extends { readonly id: number }>(log: readonly T[], id: number | undefined): readonly T[] {
  if (id === undefined) return log
  const first = log.findLastIndex((entry) => entry.id <= id) + 1
  return first === 0 ? log : log.slice(first)
}

function isSought(call: Call, event: LoggedEvent, wanted: Row): boolean {
  const { world, quirks, clock } = call.simulation
  const carrier = event.carrier === null ? undefined : world.carriers.get(event.carrier)
  if (!sees(call.caller, carrier?.fields.UnitId) || !isEntranceVisible(call, event)) return false
  const among = (name: string, id: number | null) => {
    const ids = longs(wanted, name)
    return ids.length === 0 || (id !== null && ids.includes(id))
  }
  const is = (name: string, value: unknown) => wanted[name] === undefined || wanted[name] === value
  const like = (name: string, value: unknown) => {
    const criterion = maybeText(wanted, name)
    return criterion === undefined || (typeof value === 'string' && isLike(value, criterion, quirks))
  }
  const hosts = texts(wanted, 'HostNamesEqual')
  return (
    event.shownAt <= clock.now() &&
    event.at >= long(wanted, 'FromDateTime') &&
    event.at <= (maybeLong(wanted, 'UntilDateTime') ?? Number.POSITIVE_INFINITY) &&
    among('EventType', event.typeId) &&
    among('EntranceId', event.entrance) &&
    like('EntranceName', nameOf(call, 'Entrance', event.entrance)) &&
    is('IdentifierTypeId', event.token === null ? undefined : world.tokens.get(event.token)?.type) &&
    like('BadgeNumber', event.badge) &&
    is('CarrierId', event.carrier) &&
    is('CarrierType', carrier?.kind) &&
    like('Department', nameOf(call, 'Department', carrier?.fields.DepartmentId)) &&
    like('PersonnelNo', carrier?.fields.PersonnelNo) &&
    is('UnitId', carrier?.fields.UnitId) &&
    like('HostNameLike', hostOf(call, event)) &&
    (hosts.length === 0 || hosts.includes(String(hostOf(call, event)))) &&
    like('Attribute', event.attribute)
  )
}

function isEntranceVisible({ caller }: Call, { entrance }: LoggedEvent): boolean {
  return caller.entrances === null || entrance === null || caller.entrances.includes(entrance)
}

function nameOf({ simulation }: Call, table: 'Entrance' | 'Department' | 'EventType', id: unknown): unknown {
  return typeof id === 'number' ? simulation.world.table(table).rows.get(id)?.Name : undefined
}

function accessPointOf({ simulation }: Call, { entrance }: LoggedEvent): Row | undefined {
  if (entrance === null) return undefined
  return [...simulation.world.table('AccessPoint').rows.values()].find(({ EntranceId }) => EntranceId === entrance)
}

function hostOf(call: Call, event: LoggedEvent): unknown {
  return accessPointOf(call, event)?.HostName
}

function eventRow(call: Call, event: LoggedEvent): Row {
  const { world } = call.simulation
  const carrier = event.carrier === null ? undefined : world.carriers.get(event.carrier)
  const accessPoint = accessPointOf(call, event)
  const typeName = String(nameOf(call, 'EventType', event.typeId) ?? '')
  const entranceName = nameOf(call, 'Entrance', event.entrance)
  return {
    Id: event.id,
    EventTypeId: event.typeId,
    EventTypeName: typeName,
    DateTime: event.at,
    HostName: accessPoint?.HostName,
    AccesspointId: accessPoint?.Id,
    AccesspointName: accessPoint?.Name,
    EntranceId: event.entrance ?? undefined,
    EntranceName: typeof entranceName === 'string' ? entranceName : undefined,
    IdentifierId: event.token ?? undefined,
    Identifier: event.badge ?? undefined,
    CarrierId: event.carrier ?? undefined,
    CarrierFullName: carrier === undefined ? undefined : fullName(carrier),
    IntValue: event.intValue ?? undefined,
    Attribute: event.attribute ?? undefined,
    FormattedData: { ServerTime: event.heardAt, EventType: typeName },
  }
}

function findLog(call: Call): Answer {
  const { world } = call.simulation
  const search = request(call)
  const wanted = inner(search, 'LogSearch')
  const types = longs(wanted, 'LogTypeId')
  const found = after(world.changes, maybeLong(wanted, 'GreaterThanId')).filter(
    (change) =>
      change.at >= long(wanted, 'FromDateTime') &&
      change.at <= (maybeLong(wanted, 'UntilDateTime') ?? Number.POSITIVE_INFINITY) &&
      (types.length === 0 || types.includes(change.typeId)) &&
      (wanted.UserName === undefined || isLike(change.user, String(wanted.UserName), call.simulation.quirks)) &&
      (wanted.CarrierId === undefined || change.carrier === wanted.CarrierId),
  )
  const { items, info } = pageOf(call, found, search)
  return { Log: items.map((change) => changeRow(call, change)), SearchResultInfo: info }
}

function changeRow({ simulation }: Call, change: LoggedChange): Row {
  const type = simulation.world.table('LogType').rows.get(change.typeId)
  return {
    Id: change.id,
    DateTime: change.at,
    UserName: change.user,
    LogTypeId: change.typeId,
    MessageResourceAlias: String(type?.ResourceAlias ?? ''),
    CarrierId: change.carrier ?? undefined,
    CarrierFullName: change.carrierName ?? undefined,
    MessageDetails: [...change.details],
  }
}
