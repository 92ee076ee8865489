/** Proves what is made of an event, with the record of the vendor's documents and the odd ones that clients have seen. */
import { expect, test } from 'vitest'
import { accessEvent } from '../../../src/model/events/event.ts'
import { lostEvents, reportedEvent } from './mapping.ts'
import { eventRecord } from './record.ts'

const now = new Date('2026-08-12T00:00:00Z')
const key = '178641228105437370300000527832'
/** Section 6.2 of the documents put together: the fields are the vendor's, the values are not. */
const sample = {
  ...{ id: '60491', server_datetime: '2026-08-11T10:38:00.00Z', datetime: '2026-08-11T01:38:01.00Z', index: '527832' },
  ...{ user_id_name: '400001(Name)', user_id: { user_id: '400001', name: 'Made-up Name', photo_exists: 'false' } },
  ...{ user_group_id: { id: '1', name: 'All Users' }, device_id: { id: '543737030', name: 'North reader' } },
  ...{ door_id: [{ id: '5', name: 'North' }], event_type_id: { code: '4106' }, tna_key: '0', parameter: '-1' },
  ...{
    is_dst: '0',
    timezone: { half: '0', hour: '9', negative: '0' },
    user_update_by_device: 'false',
    temperature: '36',
  },
  ...{ hint: key, image_id: { image_data: '1786412281_543737030_527832', image_type: 'JPG', photo: 'false' } },
}

function mapped(changed: object, zone?: string, soft_antipassback: 'let-in' | 'refused' = 'let-in') {
  const record = eventRecord({ ...sample, ...changed })
  if (record === null) throw new Error('this event has no key')
  const reported = reportedEvent(record, () => 'in', { server_clock_zone: zone, soft_antipassback }, now)
  expect(accessEvent.parse(reported.event)).toEqual(reported.event)
  return { ...reported, ...reported.event }
}

test('the documented record, and nothing about the person but the account', () => {
  const { key: told, event } = mapped({})
  expect(told).toBe(key)
  expect(event).toEqual({
    type: 'access.granted',
    at: '2026-08-11T01:38:01.000Z',
    approximate: false,
    recordedAt: null,
    direction: 'in',
    door: { id: '5', name: 'North' },
    reader: { id: '543737030', name: 'North reader' },
    account: '400001',
    card: null,
    cardNumber: null,
    verify: ['card', 'face'],
    deviceKey: null,
    active: null,
    vendor: {
      code: '4106',
      name: 'VERIFY_SUCCESS_CARD_FACE',
      detail: {
        ...{ index: '527832', server_datetime: '2026-08-11T10:38:00.00Z' },
        ...{ 'timezone.half': '0', 'timezone.hour': '9', 'timezone.negative': '0' },
      },
    },
  })
})

test('the frame of the live socket is the same event, by the same key', () => {
  const { hint: _, id: __, ...fields } = sample
  const frame = { ...fields, id: key, event_type_id: { code: '4106', name: 'OTHER_NAME', alertable: 'false' } }
  expect(eventRecord(frame, key)).toMatchObject({ key, row: null, code: '4106' })
  expect(eventRecord({ ...frame, id: undefined }, key)?.key).toBe(key)
})

test.each([
  ['with a false Z, in Seoul', '2026-08-11T10:38:00.00Z', 'Asia/Seoul', '2026-08-11T01:38:00.000Z'],
  ['without one', '2026-08-11T10:38:00', 'Asia/Seoul', '2026-08-11T01:38:00.000Z'],
  ['of an unknown zone', '2026-08-11T10:38:00.00Z', undefined, null],
  ['that clocks showed twice', '2026-10-25T02:30:00.00Z', 'Europe/Berlin', null],
  ['that is none', 'yesterday', 'Asia/Seoul', null],
])('the time of the server %s', (_title, server_datetime, zone, recordedAt) => {
  expect(mapped({ server_datetime }, zone).recordedAt).toBe(recordedAt)
})

test.each([
  ['in UTC without a Z', { datetime: '2026-08-11T01:38:01' }, '2026-08-11T01:38:01.000Z', false],
  [
    'that its key denies, which is kept as told',
    { datetime: '2026-08-11T10:38:01.00Z' },
    '2026-08-11T10:38:01.000Z',
    true,
  ],
  [
    'of a clock that is wrong',
    { datetime: '2001-01-01T00:00:07.00Z', hint: '097830720705437370300000527832' },
    '2001-01-01T00:00:07.000Z',
    false,
  ],
  ['that is not told', { datetime: '' }, '2026-08-11T01:38:01.000Z', true],
  ['of which the server knows only its own', { datetime: '', hint: '' }, '2026-08-11T10:38:00.000Z', true],
  ['of which nothing is known', { datetime: '?', hint: '', server_datetime: '' }, now.toISOString(), true],
])('a time %s', (_title, changed, at, approximate) => {
  expect(mapped(changed)).toMatchObject({ at, approximate })
})

test('where the server alone says when, with a false Z, its zone counts once it is known', () => {
  const alone = { datetime: '', hint: '' }
  expect(mapped(alone, 'Asia/Seoul')).toMatchObject({ at: '2026-08-11T01:38:00.000Z', approximate: true })
  // Shown twice that night: an event all the same, at the first of the two.
  const twice = { ...alone, server_datetime: '2026-10-25T02:30:00.00Z' }
  expect(mapped(twice, 'Europe/Berlin')).toMatchObject({ at: '2026-10-25T00:30:00.000Z', recordedAt: null })
})

test('where times disagree, both are kept', () => {
  expect(mapped({ datetime: '2026-08-11T10:38:01.00Z' }).event.vendor.detail.key_seconds).toBe('1786412281')
})

test('the key is worked out where it is missing, told apart where it can not tell, and else the row', () => {
  expect(mapped({ hint: undefined }).key).toBe(key)
  const ofServer = { hint: '178641228100000000000000000000', event_type_id: { code: '51001' }, device_id: '' }
  expect(mapped(ofServer).key).toBe('178641228100000000000000000000:51001')
  expect(mapped({ hint: '', index: '' }).key).toBe('row:60491')
  expect(eventRecord({ ...sample, hint: '', index: '', id: '' })).toBeNull()
  for (const odd of ['', null, 7, [], 'text']) expect(eventRecord(odd)).toBeNull()
})

test.each([
  ['a card that nobody has', { event_type_id: { code: '4354' }, user_id: { user_id: '987654' } }, null, '987654'],
  ['a QR code', { event_type_id: { code: '4364' }, user_id: '987654' }, null, '987654'],
  [
    'an id that somebody typed, which may be a PIN',
    { event_type_id: { code: '4353' }, user_id: { user_id: '4711' } },
    null,
    null,
  ],
  ['a strange refusal, of which nobody knows what was shown', { event_type_id: { code: '4399' } }, null, null],
  ['a known person who is refused', { event_type_id: { code: '6401' } }, '400001', null],
  ['4352, which does not say what was shown', { event_type_id: { code: '4352' }, user_id: '4711' }, null, null],
  ['5120, which does not say what was shown', { event_type_id: { code: '5120' }, user_id: '4711' }, null, null],
  ['6144, which does not say what was shown', { event_type_id: { code: '6144' }, user_id: '4711' }, null, null],
  ['6146, which does not say what was shown', { event_type_id: { code: '6146' }, user_id: '4711' }, null, null],
  ['nobody, by an empty id', { event_type_id: { code: '20992' }, user_id: { user_id: '' } }, null, null],
  ['nobody, by a zero', { event_type_id: { code: '20992' }, user_id: { user_id: '0' } }, null, null],
  ['nobody, by no field', { event_type_id: { code: '20992' }, user_id: undefined }, null, null],
])('the user id of %s', (_title, changed, account, cardNumber) => {
  const found = mapped(changed)
  expect([found.account, found.cardNumber]).toEqual([account, cardNumber])
  if (cardNumber === null && account === null) expect(JSON.stringify(found.event)).not.toMatch(/4711|400001/)
})

test.each(
  ['check_in', 'check_out', 'break_start', 'break_end', 'meal_start', 'meal_end'].map((name, n) => [
    String(n + 1),
    name,
  ]),
)('key %s of the device is %s', (tna_key, name) => {
  const { deviceKey, vendor } = mapped({ tna_key })
  expect([deviceKey, vendor.detail.tna_key]).toEqual([name, tna_key])
})

test('doors come as a list, alone or not at all; of several all ids are kept', () => {
  expect(mapped({ door_id: { id: 7, name: 'Alone' } }).door).toEqual({ id: '7', name: 'Alone' })
  expect(mapped({ door_id: [] }).door).toBeNull()
  expect(mapped({ door_id: '' }).door).toBeNull()
  const several = mapped({ door_id: [{ id: '7' }, { id: '8' }] })
  expect([several.door, several.vendor.detail.door_id]).toEqual([{ id: '7', name: null }, '7 8'])
})

test('who came under duress was let in as well: door, account and direction are there', () => {
  const { event } = mapped({ event_type_id: { code: '4616' } })
  expect(event).toMatchObject({ type: 'alarm.duress', account: '400001', direction: 'in', door: { id: '5' } })
  expect(event.verify).toEqual(['card', 'finger'])
})

test.each(['6408', '6409'])('%s is what the site says that it is, and only that', (code) => {
  const at = (site: 'let-in' | 'refused', of = code) => mapped({ event_type_id: { code: of } }, undefined, site).event
  expect(at('let-in').type).toBe('access.antipassback.soft_violation')
  expect(at('refused')).toMatchObject({ type: 'access.denied.antipassback', account: '400001', direction: 'in' })
  expect(at('refused', '24578').type).toBe('access.antipassback.soft_violation')
})

test('doors and readers have no direction', () => {
  expect(mapped({ event_type_id: { code: '20992' } }).direction).toBeNull()
})

test('texts are cut where they are longer than any event may have', () => {
  expect(mapped({ device_id: { id: '543737030', name: 'x'.repeat(600) } }).reader?.name).toHaveLength(512)
})

test('a user that was changed at a reader says so', () => {
  const { event } = mapped({ event_type_id: { code: '8704' }, user_update_by_device: 'true' })
  expect(event).toMatchObject({ type: 'credential.changed', account: '400001' })
  expect(event.vendor.detail.user_update_by_device).toBe('true')
})

test('a hole in the log is an event of its own, the same each time', () => {
  const record = eventRecord(sample)
  if (record === null) throw new Error('this event has a key')
  const { key: told, event } = lostEvents(12, record, undefined, now)
  expect([told, accessEvent.parse(event).type]).toEqual(['lost:12:60491', 'system.events_lost'])
})
