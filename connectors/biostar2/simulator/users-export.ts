/** Writing people to chosen readers by hand, the only way when automatic synchronisation is off. */
import { type DeviceRow, deviceResponse } from './device-response.ts'
import { Refusal } from './envelope.ts'
import { flag, idIn, list, record, splitIds } from './input.ts'
import type { Answer, Call } from './route.ts'
import { seenUser } from './sight.ts'

/** `POST /api/users/export?overwrite=true&id=15+16` with `DeviceCollection`. */
export function exportUsers({ simulation, query, body, touch }: Call): Answer {
  const { sync } = simulation
  const ids = splitIds(query.get('id'))
  touch(ids)
  if (ids.length === 0) throw new Refusal('30')
  const users = ids.map((id) => seenUser(simulation, id))
  const devices = list(record(record(body).DeviceCollection).rows).map((row) => sync.device(idIn(row)))
  if (devices.length === 0) throw new Refusal('30')
  const overwrite = flag(query.get('overwrite') ?? 'false')
  const rows: DeviceRow[] = devices.map((device) => {
    const codes = users.map((user) => sync.push(device, user, overwrite))
    return { id: device.id, code: codes.find((code) => code !== '0') ?? '0' }
  })
  return deviceResponse(simulation, rows)
}
