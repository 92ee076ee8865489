/** Readers as the server shows them, and the two calls that change what a reader holds. */
import type { Device } from './device.ts'
import { type DeviceRow, deviceResponse } from './device-response.ts'
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { idIn, list, record, splitIds, whole, wholeOr } from './input.ts'
import type { Answer, Call } from './route.ts'

/** `GET /api/devices` */
export function listDevices({ simulation: { sync } }: Call): Answer {
  const rows = [...sync.devices.values()].map(deviceRow)
  return { body: { DeviceCollection: { total: rows.length, rows } } }
}

/** `POST /api/v2/devices/search` */
export function searchDevices({ simulation: { sync }, body }: Call): Answer {
  const limit = wholeOr(record(body).limit, 0)
  const all = [...sync.devices.values()]
  const rows = all.slice(0, limit === 0 ? undefined : limit).map(deviceRow)
  return { body: { DeviceCollection: { total: all.length, rows } } }
}

export function readDevice({ simulation: { sync }, id }: Call): Answer {
  return { body: { Device: deviceRow(sync.device(whole(id))) } }
}

// `status` 0 disconnected, 1 connected, 2 sync error; `user_sync_status` -1 over capacity, else how many errors.
function deviceRow(device: Device): Fields {
  const status = { online: 1, offline: 0, failing: 2, full: 1 }[device.condition]
  return {
    id: device.id,
    name: device.name,
    device_type_id: { id: 30, name: 'Simulated reader' },
    device_group_id: { id: 1, name: 'All Devices' },
    status,
    user_sync_status: device.condition === 'full' ? -1 : device.syncErrors,
  }
}

/** `GET /api/devices/:id/users?limit&page`: who the reader knows. */
export function listUsersOfDevice({ simulation: { sync }, id, query }: Call): Answer {
  const device = sync.device(whole(id))
  if (device.condition === 'offline') throw new Refusal('1001')
  const limit = wholeOr(query.get('limit'), 0)
  const from = limit * Math.max(0, wholeOr(query.get('page'), 1) - 1)
  const known = [...device.users.entries()].slice(from, limit === 0 ? undefined : from + limit)
  const rows = known.map(([userId, { name, cards }]) => ({ user_id: userId, name, card_count: cards.length }))
  return { body: { UserCollection: { total: device.users.size, rows } } }
}

/** `DELETE /api/devices/:id/users?id=*|1+2`: takes people out of the reader, not out of the server. */
export function removeUsersFromDevice({ simulation, id, query, touch }: Call): Answer {
  const device = simulation.sync.device(whole(id))
  const wanted = splitIds(query.get('id'))
  if (wanted.length === 0) throw new Refusal('30')
  const ids = wanted.includes('*') ? [...device.users.keys()] : wanted
  touch(ids)
  const row: DeviceRow = { id: device.id, code: simulation.sync.forget(device, ids) }
  return deviceResponse(simulation, [row])
}

/** `POST /api/devices/sync`: sends these readers everything the server has. `clean` makes no difference here. */
export function syncDevices({ simulation, body }: Call): Answer {
  const wanted = list(record(record(body).DeviceCollection).rows).map((row) => simulation.sync.device(idIn(row)))
  if (wanted.length === 0) throw new Refusal('30')
  const rows = wanted.map((device): DeviceRow => ({ id: device.id, code: simulation.sync.sendAll(device) }))
  return deviceResponse(simulation, rows)
}

/** `DELETE /api/devices/clear_log?id=*|1+2`, of 2.9.12 and later: wipes the logs of readers, and what they had not reported yet is lost. */
export function clearLogs({ simulation, query }: Call): Answer {
  const { sync } = simulation
  const wanted = splitIds(query.get('id'))
  if (wanted.length === 0) throw new Refusal('30')
  const all = [...sync.devices.values()]
  const devices = wanted.includes('*') ? all : wanted.map((id) => sync.device(whole(id)))
  const rows = devices.map((device): DeviceRow => {
    if (device.condition === 'offline') return { id: device.id, code: '1001' }
    sync.wipeLog(device)
    return { id: device.id, code: '0' }
  })
  return deviceResponse(simulation, rows)
}
