/** From an event of the server to the canonical one, without any call. */
import type { ReportedEvent } from '../../../src/connector/contract.ts'
import { momentOf, momentsOf } from '../../../src/connector/zone.ts'
import type { AccessEvent } from '../../../src/model/events/event.ts'
import type { EventType } from '../../../src/model/events/types.ts'
import type { Settings } from '../settings.ts'
import { type EventCode, eventCode } from './codes.ts'
import type { Direction } from './directions.ts'
import type { EventRecord } from './record.ts'

/** As the vendor delivers them; an organisation may have renamed them (BioStar 2 API, T&A). */
const deviceKeys: Readonly<Record<string, AccessEvent['deviceKey']>> = {
  ...{ '1': 'check_in', '2': 'check_out', '3': 'break_start', '4': 'break_end', '5': 'meal_start', '6': 'meal_end' },
}

/** How far the time of an event may be from what its key says, which holds whole seconds. */
const keyToleranceMs = 1000

type SiteSettings = Partial<Pick<Settings, 'server_clock_zone' | 'soft_antipassback'>>

/**
 * `at` is what the event says, be its clock right or wrong. Where its key says another time, or it says none, it is approximate.
 * The server's own time, in its zone, stands in where there is neither; `now` only for an event that tells no time at all.
 */
export function reportedEvent(
  record: EventRecord,
  direction: (door: string | null, device: string | null) => Direction,
  settings: SiteSettings,
  now: Date,
): ReportedEvent {
  const code = eventCode(record.code)
  const type = typeOn(record.code, code.type, settings)
  const [door = null] = record.doors
  const { at, approximate } = timeOf(record, settings.server_clock_zone, now)
  const isAccess = type.startsWith('access.') || type === 'alarm.duress'
  return {
    key: record.key,
    event: {
      type,
      at: new Date(at).toISOString(),
      approximate,
      recordedAt: recordedAt(record.serverTime, settings.server_clock_zone),
      direction: isAccess ? direction(door?.id ?? null, record.device?.id ?? null) : null,
      door,
      reader: record.device,
      // The kind of a card that was only read is not told, so it is none of a known format.
      card: null,
      ...shown(record, code),
      verify: code.verify,
      deviceKey: deviceKeys[record.tnaKey ?? ''] ?? null,
      active: code.active,
      vendor: { code: record.code, name: record.name ?? code.name, detail: detailOf(record) },
    },
  }
}

/** The log of the server lacks what came after one row and before another: that much is sure, and nothing else. */
export function lostEvents(after: number, before: EventRecord, zone: string | undefined, now: Date): ReportedEvent {
  return {
    key: `lost:${after}:${before.row}`,
    event: {
      ...{ type: 'system.events_lost', approximate: true, recordedAt: null, direction: null, door: null, reader: null },
      at: new Date(timeOf(before, zone, now).at).toISOString(),
      ...{ account: null, card: null, cardNumber: null, verify: [], deviceKey: null, active: null },
      vendor: { code: '', name: null, detail: { after: String(after), before: String(before.row) } },
    },
  }
}

/** Excused by one document, refused by another (BioStar 2 device SDK, event codes 0x1908 and 0x1909; texts of the console). */
function typeOn(code: string, type: EventType, { soft_antipassback }: SiteSettings): EventType {
  const isDisputed = code === '6408' || code === '6409'
  return isDisputed && soft_antipassback === 'refused' ? 'access.denied.antipassback' : type
}

function timeOf(
  { at, keySeconds, serverTime }: EventRecord,
  zone: string | undefined,
  now: Date,
): { at: number; approximate: boolean } {
  if (at !== null) return { at, approximate: keySeconds !== null && Math.abs(at - keySeconds * 1000) > keyToleranceMs }
  if (keySeconds !== null) return { at: keySeconds * 1000, approximate: true }
  // Where the zone of that clock is not known, it is read as if it were UTC, as it says itself.
  const wall = wallOf(serverTime)
  return { at: wall === null ? now.getTime() : zone === undefined ? wall : momentOf(wall, zone), approximate: true }
}

function shown({ userId }: EventRecord, code: EventCode): Pick<AccessEvent, 'account' | 'cardNumber'> {
  return {
    account: code.userId === 'account' ? userId : null,
    cardNumber: code.userId === 'card' ? userId : null,
  }
}

function detailOf({ detail, serverTime, tnaKey, doors, keySeconds, at }: EventRecord): Record<string, string> {
  return {
    ...detail,
    ...(serverTime === null ? {} : { server_datetime: serverTime }),
    ...(tnaKey === null || tnaKey === '0' ? {} : { tna_key: tnaKey }),
    ...(doors.length > 1
      ? {
          door_id: doors
            .map(({ id }) => id)
            .join(' ')
            .slice(0, 512),
        }
      : {}),
    ...(keySeconds === null || at === keySeconds * 1000 ? {} : { key_seconds: String(keySeconds) }),
  }
}

/** Null where the zone of that clock is not known, or it showed this hour twice. */
function recordedAt(serverTime: string | null, zone: string | undefined): string | null {
  const wall = wallOf(serverTime)
  if (wall === null || zone === undefined) return null
  const { first, last } = momentsOf(wall, zone)
  return first === last ? new Date(first).toISOString() : null
}

/** A wall time, in ms as if it were UTC. */
function wallOf(serverTime: string | null): number | null {
  const wall = Date.parse(serverTime === null ? '' : `${serverTime.replace(/Z$/, '')}Z`)
  return Number.isNaN(wall) ? null : wall
}
