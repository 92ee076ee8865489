/** Every row of the documented tables, read as the manual says; the numbers here are copied from the facts sheet, not from the code. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AccessEvent, accessEvent } from '../../../src/model/events/event.ts'
import type { EventRecord } from '../soap/records.ts'
import { decode, keyOf } from './decode.ts'
import { recordOf } from './log-for-tests.ts'

const zone = 'Europe/Amsterdam'
const now = new Date('2026-11-26T09:00:30Z')

function event(some: Partial<EventRecord>, of: { at?: Date; account?: string } = {}): AccessEvent {
  const record = { ...recordOf({ id: 12, at: '2026-11-26T10:00:00' }), ...some }
  const known = { typeName: some.EventTypeName ?? null, account: of.account ?? null, card: null }
  const reported = decode(record, known, zone, of.at ?? now)
  // Whatever comes is a canonical event.
  expect(accessEvent.parse(reported.event)).toEqual(reported.event)
  return reported.event
}

const typed = (type: number, value: number | undefined, more: Partial<EventRecord> = {}) =>
  event({ EventTypeId: String(type), IntValue: value === undefined ? undefined : String(value), ...more })

/** Id, IntValue; type, direction, active. */
const documented: readonly (readonly [
  number,
  number | undefined,
  AccessEvent['type'],
  AccessEvent['direction'],
  boolean | null,
])[] = [
  [5, 0, 'access.granted', null, null],
  [5, 1, 'access.granted', 'in', null],
  [5, 2, 'access.granted', 'out', null],
  [40, 26_113, 'access.denied.other', 'in', null],
  [34, 1, 'access.not_taken', 'in', null],
  [48, 2, 'access.granted.anonymous', 'out', null],
  [182, 2, 'credential.presented', 'out', null],
  [137, 1, 'access.granted', 'in', null],
  [138, 1, 'access.denied.other', 'in', null],
  [180, 1, 'access.granted', null, null],
  [181, 2, 'access.denied.other', null, null],
  [7, 1, 'alarm.door_forced', null, true],
  [7, 0, 'alarm.door_forced', null, false],
  [8, 1, 'alarm.door_held', null, true],
  [8, 0, 'alarm.door_held', null, false],
  [91, 1, 'door.opened', null, null],
  [91, 0, 'door.closed', null, null],
  [1, 3, 'door.locked', null, null],
  [2, 0, 'door.mode_changed', null, null],
  [3, 1, 'door.unlocked', null, null],
  [10, 0x101, 'door.unlocked', 'in', null],
  [10, 0x200, 'door.mode_changed', 'out', null],
  [10, undefined, 'other', null, null],
  [90, 0x001, 'door.unlocked', null, null],
  [90, 0x100, 'door.locked', 'in', null],
  [18, 1, 'door.unlocked', null, null],
  [18, 0, 'door.mode_changed', null, null],
  [20, 1, 'door.unlocked', null, null],
  [20, 0, 'door.mode_changed', null, null],
  [41, 1, 'access.denied.other', 'in', null],
  [42, 2, 'access.denied.other', 'out', null],
  [43, 0, 'access.denied.other', null, null],
  [93, 102, 'access.denied.biometric_mismatch', null, null],
  [93, 104, 'access.denied.other', null, null],
  [14, 1, 'system.communication_restored', null, null],
  [14, 0, 'system.communication_lost', null, null],
  [15, 1, 'system.communication_restored', null, null],
  [15, 0, 'system.communication_lost', null, null],
  [19, 1, 'system.communication_restored', null, null],
  [19, 0, 'system.communication_lost', null, null],
  [24, 1, 'system.communication_restored', null, null],
  [24, 0, 'system.communication_lost', null, null],
  ...[22, 21, 23, 28, 29, 30, 35].map((id) => [id, 1, 'alarm.tamper', null, null] as const),
  [106, 1, 'system.communication_lost', null, null],
  [106, 0, 'system.communication_restored', null, null],
  [115, undefined, 'alarm.duress', null, null],
  [78, 1, 'operator.logged_in', null, null],
  [78, 0, 'operator.logged_out', null, null],
  [79, 1, 'operator.login_failed', null, null],
  // Such as the locker access that the table does not map.
  [236, 1, 'other', null, null],
  [188, 0, 'other', null, null],
  // Numbers that no document has: the coarser type, and the number beside it.
  [5, 7, 'access.granted', null, null],
  [7, 2, 'alarm.door_forced', null, null],
  [7, undefined, 'alarm.door_forced', null, null],
  [14, 2, 'other', null, null],
]

test.each(documented)('event type %i with IntValue %s is %s', (type, value, canonical, direction, active) => {
  const decoded = typed(type, value)
  expect(decoded).toMatchObject({ type: canonical, direction, active, vendor: { code: String(type) } })
  expect(decoded.vendor.detail.IntValue).toBe(value === undefined ? undefined : String(value))
})

const reasons: readonly (readonly [number, AccessEvent['type']])[] = [
  ...[0, 4, 3, 101, 102, 103, 104, 105, 106, 110, 112, 107].map((reason) => [reason, 'access.denied.other'] as const),
  [109, 'access.denied.biometric_mismatch'],
  ...[200, 201].map((reason) => [reason, 'access.denied.schedule'] as const),
  ...[300, 301, 302, 303, 304, 305, 306].map((reason) => [reason, 'access.denied.antipassback'] as const),
  ...[400, 401, 402, 403, 404, 405].map((reason) => [reason, 'access.denied.occupancy'] as const),
  ...[500, 501, 505, 506, 550, 551, 552, 570, 197, 198, 199, 299, 999].map(
    (reason) => [reason, 'access.denied.other'] as const,
  ),
]

test.each(reasons)('reason %i is %s, with its number', (reason, canonical) => {
  const decoded = typed(40, (reason << 8) + 2, { CarrierId: '7' })
  expect(decoded).toMatchObject({ type: canonical, direction: 'out', verify: ['card'] })
  expect(decoded.vendor.detail.Reason).toBe(String(reason))
})

test.each([
  [undefined, undefined, 'access.denied.unknown_credential'],
  [undefined, 'B<=>Lost', 'access.denied.unknown_credential'],
  ['7', 'P<=>1|||D<=>Suspended', 'access.denied.disabled'],
  ['7', 'P<=>2', 'access.denied.disabled'],
  ['7', 'A<=>1|||B<=>Lost', 'access.denied.disabled'],
  ['7', 'A<=>1', 'access.denied.not_yet_active'],
  ['7', 'X<=>0|||E<=>1', 'access.denied.expired'],
  ['7', 'A<=>0|||E<=>0', 'access.denied.no_permission'],
  ['7', 'nonsense', 'access.denied.no_permission'],
  ['7', undefined, 'access.denied.no_permission'],
])('no authorisation, of carrier %s with %s, is %s', (CarrierId, Attribute, canonical) => {
  const decoded = typed(40, (100 << 8) + 1, { CarrierId, Attribute })
  expect(decoded).toMatchObject({ type: canonical, direction: 'in' })
  expect(decoded.vendor.detail.Attribute).toBe(Attribute)
})

test('a name of the table outweighs the number, since the vendor may change its numbers; any other name does not', () => {
  expect(typed(500, 1, { EventTypeName: 'DirectDoorAlarmEvent' }).type).toBe('alarm.door_forced')
  expect(typed(500, 1, { EventTypeName: 'AEpackInputSabotagedEvent' }).type).toBe('alarm.tamper')
  expect(typed(5, 1, { EventTypeName: 'Access granted' }).type).toBe('access.granted')
})

test('who is let in by command is told with that, named or not', () => {
  expect(typed(48, 1, { CarrierId: '7' })).toMatchObject({ type: 'access.granted', verify: ['operator'] })
  expect(typed(48, 1)).toMatchObject({ type: 'access.granted.anonymous', verify: ['operator'] })
})

test('where it was, what was shown, and what else was said', () => {
  const decoded = event(
    {
      ...{ HostName: 'aepu-1', AccesspointId: '31', AccesspointName: 'Reader A', EntranceId: '4' },
      ...{ EntranceName: 'Front Door', IdentifierId: '40', Identifier: '48213', CarrierId: '7', Attribute: 'X<=>y' },
      OptionalFieldData: [{ Key: 'Zone', Value: '9' }],
    },
    { account: '4711' },
  )
  expect(decoded).toMatchObject({
    door: { id: '4', name: 'Front Door' },
    reader: { id: '31', name: 'Reader A' },
    ...{ account: '4711', card: null, cardNumber: '48213', deviceKey: null },
  })
  expect(decoded.vendor.detail).toEqual({
    ...{ HostName: 'aepu-1', IdentifierId: '40', CarrierId: '7', IntValue: '1', Attribute: 'X<=>y', Zone: '9' },
  })
  expect(event({ Attribute: 'x'.repeat(2000) }).vendor.detail.Attribute).toHaveLength(512)
})

// ---------------------------------------------------------------- times

test('times are those of the server, one with an offset means that, and what is no time is now, and so told', () => {
  const at = (DateTime: string, more: Partial<EventRecord> = {}) => {
    const { at: instant, approximate, recordedAt } = event({ DateTime, ...more })
    return [instant, approximate, recordedAt]
  }
  expect(at('2026-11-26T10:00:00')).toEqual(['2026-11-26T09:00:00.000Z', false, null])
  expect(at('2026-11-26T10:00:00+03:00')).toEqual(['2026-11-26T07:00:00.000Z', false, null])
  expect(at('2026-07-01T10:00:00.250')).toEqual(['2026-07-01T08:00:00.000Z', false, null])
  const recorded = { FormattedData: { ServerTime: '2026-11-26T10:00:07' } }
  expect(at('2026-11-26T10:00:00', recorded)).toEqual(['2026-11-26T09:00:00.000Z', false, '2026-11-26T09:00:07.000Z'])
  expect(at('soon', recorded)).toEqual(['2026-11-26T09:00:07.000Z', true, '2026-11-26T09:00:07.000Z'])
  for (const nothing of ['', 'soon', '0000-01-01T00:00:00'])
    expect(at(nothing)).toEqual(['2026-11-26T09:00:30.000Z', true, null])
})

test('an hour that clocks show twice is the later one unless that is still to come, and approximate; so is one that they skip', () => {
  const read = (DateTime: string, read: string) => {
    const { at, approximate } = event({ DateTime }, { at: new Date(read) })
    return [at, approximate]
  }
  // 2026-10-25 03:00 becomes 02:00.
  expect(read('2026-10-25T02:30:00', '2026-10-25T00:30:10Z')).toEqual(['2026-10-25T00:30:00.000Z', true])
  expect(read('2026-10-25T02:30:00', '2026-10-25T01:30:10Z')).toEqual(['2026-10-25T01:30:00.000Z', true])
  expect(read('2026-10-25T02:30:00', '2026-10-27T01:30:10Z')).toEqual(['2026-10-25T01:30:00.000Z', true])
  expect(read('2026-10-25T01:59:59', '2026-10-25T00:30:10Z')).toEqual(['2026-10-24T23:59:59.000Z', false])
  expect(read('2026-10-25T03:00:00', '2026-10-25T02:30:10Z')).toEqual(['2026-10-25T02:00:00.000Z', false])
  expect(read('2026-03-29T02:30:00', '2026-03-29T02:00:00Z')).toEqual(['2026-03-29T01:30:00.000Z', true])
})

test('whatever a server writes, it is a canonical event with a short key', () => {
  const text = fc.option(fc.string({ maxLength: 700 }), { nil: undefined })
  const number = fc.option(fc.oneof(fc.integer(), fc.bigInt({ min: 0n, max: 2n ** 63n }), fc.string()).map(String), {
    nil: undefined,
  })
  const record = fc.record({
    EventTypeId: fc.integer({ min: 0, max: 300 }).map(String),
    ...{ EventTypeName: text, HostName: text, AccesspointName: text, EntranceName: text, Identifier: text },
    ...{ Attribute: text, IntValue: number, DateTime: fc.oneof(fc.string(), fc.date().map(String)) },
    ...{
      EntranceId: fc.constantFrom(undefined, '4'),
      AccesspointId: fc.constantFrom(undefined, '9223372036854775807'),
    },
  })
  fc.assert(
    fc.property(record, (some) => {
      event(some)
      expect(keyOf({ ...recordOf({ id: 12, at: '' }), ...some }).length).toBeLessThanOrEqual(200)
    }),
  )
})
