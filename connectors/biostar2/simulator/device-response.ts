/** The `DeviceResponse` of calls that touch readers: one row per reader, `result` false if any of them failed. */
import type { Fields } from './dialects.ts'
import type { Answer } from './route.ts'
import type { Simulation } from './simulation.ts'

export interface DeviceRow {
  id: number
  code: string
}

/** Overall code 1 when a reader failed: partly done, still HTTP 200. */
export function deviceResponse({ quirks }: Simulation, rows: readonly DeviceRow[]): Answer {
  const failed = rows.some((row) => row.code !== '0')
  const shown = quirks.doubleDeviceRows ? rows.flatMap((row) => [row, row]) : rows
  return {
    code: failed ? '1' : '0',
    body: { DeviceResponse: { rows: shown.map(({ id, code }) => ({ id, code })), result: !failed } },
  }
}

/** With the quirk `deviceResponseFalse`: every reader refused. Else nothing, since these calls are not known to name readers. */
export function refusedByReaders({ quirks, sync }: Simulation): Fields {
  if (!quirks.deviceResponseFalse) return {}
  const rows = [...sync.devices.values()].map(({ id }) => ({ id, code: '1003' }))
  return { DeviceResponse: { rows, result: false } }
}

/** One row per reader for a change the server is about to send to all of them. */
export function allDevices({ sync }: Simulation): DeviceRow[] {
  return [...sync.devices.values()].map(({ id, condition }) => ({ id, code: condition === 'offline' ? '1001' : '0' }))
}
