/** From an event of AEOS to the canonical one, without any call: type, direction, reason, time, and who and where. */
import type { ReportedEvent } from '../../../src/connector/contract.ts'
import type { Card } from '../../../src/model/card.ts'
import type { AccessEvent } from '../../../src/model/events/event.ts'
import { endFromLocal, startFromLocal } from '../soap/local-time.ts'
import type { EventRecord } from '../soap/records.ts'
import { type EventTypeRow, eventTypeRow } from './event-types.ts'
import { deniedFor } from './reasons.ts'

/** What an event names by id alone, looked up. */
export interface Known {
  readonly typeName: string | null
  /** External id of the account of the carrier. */
  readonly account: string | null
  readonly card: Card | null
}

/** A text of the canonical event holds so many characters. */
const textMax = 512
/** A controller's clock may be so far ahead of ours. */
const aheadMs = 120_000

/** The same for the same event: a server that was put back from a backup gives the same ids once more, at other times. */
export function keyOf({ Id, DateTime, EventTypeId }: EventRecord): string {
  return `${Id} ${DateTime.slice(0, 40)} ${EventTypeId}`
}

/** `zone`: of the clock that AEOS tells its times by. `now`: for what has no time that can be read. */
export function decode(record: EventRecord, known: Known, zone: string, now: Date): ReportedEvent {
  const { EventTypeId, DateTime, AccesspointId, AccesspointName, EntranceId, EntranceName, Identifier } = record
  const row = eventTypeRow(EventTypeId, known.typeName)
  const recorded = momentShown(record.FormattedData.ServerTime ?? '', zone, now)
  const at = momentShown(DateTime, zone, now)
  return {
    key: keyOf(record),
    event: {
      ...meaningOf(record, row),
      at: iso(at?.at ?? recorded?.at ?? now.getTime()),
      approximate: at?.approximate ?? true,
      recordedAt: recorded === null ? null : iso(recorded.at),
      door: named(EntranceId, EntranceName),
      reader: named(AccesspointId, AccesspointName),
      account: known.account,
      card: known.card,
      cardNumber: known.card !== null || Identifier === undefined ? null : cut(Identifier),
      deviceKey: null,
      vendor: {
        code: EventTypeId,
        name: known.typeName === null ? null : cut(known.typeName),
        detail: detailOf(record, row),
      },
    },
  }
}

/** An event that nobody reported: the log begins later than it was read to, so that what was between is there no more. */
export function lostBetween(last: string, next: EventRecord, zone: string, now: Date): ReportedEvent {
  const at = momentShown(next.DateTime, zone, now)
  return {
    key: `lost ${last} ${next.Id} ${next.DateTime.slice(0, 40)}`,
    event: {
      type: 'system.events_lost',
      at: iso(at?.at ?? now.getTime()),
      approximate: true,
      ...{ recordedAt: null, direction: null, door: null, reader: null, account: null, card: null, cardNumber: null },
      ...{ verify: [], deviceKey: null, active: null },
      vendor: { code: '-', name: null, detail: { GreaterThanId: last, Id: next.Id } },
    },
  }
}

// ---------------------------------------------------------------- what happened

type Meaning = Pick<AccessEvent, 'type' | 'direction' | 'active' | 'verify'>

function meaningOf(record: EventRecord, row: EventTypeRow | undefined): Meaning {
  if (row === undefined) return { type: 'other', direction: null, active: null, verify: [] }
  const value = numberOf(record.IntValue)
  const { intValue, type, verify = [] } = row
  const isDirected = intValue === 'direction' || intValue === 'reason-direction'
  const direction = directionOf(isDirected ? low(value) : intValue === 'active-direction' ? high(value) : null)
  const active = activeOf(intValue === 'active' ? value : intValue === 'active-direction' ? low(value) : null)
  if (type === 'reason') return { type: deniedOf(record, row), direction, active, verify }
  if (typeof type === 'string') return { type: namedType(record, row, type), direction, active, verify }
  // The type says already whether it began or ended; where the number says neither, nobody knows.
  return { type: active === null ? 'other' : active ? type[0] : type[1], direction, active: null, verify }
}

/** Let in by command, and nobody is named. */
function namedType({ CarrierId, Identifier }: EventRecord, { verify }: EventTypeRow, type: AccessEvent['type']) {
  const isAnonymous = type === 'access.granted' && CarrierId === undefined && Identifier === undefined
  return isAnonymous && verify?.includes('operator') ? 'access.granted.anonymous' : type
}

function deniedOf({ CarrierId: carrier, Attribute: attribute, IntValue }: EventRecord, row: EventTypeRow) {
  const isDevice = row.intValue === 'reason'
  return deniedFor(reasonOf(row, IntValue) ?? 0, { carrier, attribute, isDevice })
}

function reasonOf({ intValue }: EventTypeRow, text: string | undefined): number | null {
  if (intValue === 'reason') return numberOf(text)
  return intValue === 'reason-direction' ? high(numberOf(text)) : null
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : null
}

const low = (value: number | null) => (value === null ? null : value & 255)
const high = (value: number | null) => (value === null ? null : value >> 8)

function directionOf(value: number | null): AccessEvent['direction'] {
  return value === 1 ? 'in' : value === 2 ? 'out' : null
}

function activeOf(value: number | null): boolean | null {
  return value === 1 ? true : value === 0 ? false : null
}

// ---------------------------------------------------------------- when

/** Null for what is no time. Where clocks show it twice, or never, it is the later moment that it may mean, unless that is still to come. */
function momentShown(text: string, zone: string, now: Date): { at: number; approximate: boolean } | null {
  const [first, last] = [endFromLocal(text, zone), startFromLocal(text, zone)]
  if (first === null || last === null || first < earliest || last > latest) return null
  return { at: last <= now.getTime() + aheadMs ? last : first, approximate: first !== last }
}

/** What lies before or after has no four digits for its year in every zone. */
const [earliest, latest] = [Date.UTC(1, 0), Date.UTC(9999, 0)]

function iso(instant: number): string {
  return new Date(instant).toISOString()
}

// ---------------------------------------------------------------- where, and what else it said

function named(id: string | undefined, name: string | undefined): AccessEvent['door'] {
  return id === undefined ? null : { id, name: name === undefined ? null : cut(name) }
}

/** By the names of AEOS. Never the name of the carrier, which whoever may know asks the account for. */
function detailOf(record: EventRecord, row: EventTypeRow | undefined): Record<string, string> {
  const { HostName, IdentifierId, CarrierId, IntValue, Attribute, OptionalFieldData } = record
  const reason = row === undefined ? null : reasonOf(row, IntValue)
  const fields = {
    ...{ HostName, IdentifierId, CarrierId, IntValue, Attribute },
    Reason: reason === null ? undefined : String(reason),
  }
  const more = OptionalFieldData.map(({ Key, Value }) => [Key?.slice(0, 64), Value] as const)
  return Object.fromEntries(
    [...more, ...Object.entries(fields)].flatMap(([name, value]) =>
      name === undefined || value === undefined ? [] : [[name, cut(value)]],
    ),
  )
}

function cut(text: string): string {
  return text.slice(0, textMax).toWellFormed()
}
