/** The search of events: operators, columns, pages, what a row tells, and what older builds do with it. */
import { beforeEach, expect, test } from 'vitest'
import { type Client, startLoggedIn } from './client-for-tests.ts'
import { eventTypes } from './event-types.ts'

const eight = Date.UTC(2026, 0, 5, 8)

let client: Client
beforeEach(async () => {
  client = await startLoggedIn({ nowMs: eight, serverOffsetMinutes: -210 })
  return () => client[Symbol.asyncDispose]()
})

const ask = (query: Record<string, unknown>) => client.send('POST', '/api/events/search', { Query: query })
const rowsOf = async (query: Record<string, unknown>) =>
  (await ask({ limit: 100, ...query })).body.EventCollection.rows as Record<string, unknown>[]
const where = async (column: string, operator: number, ...values: (string | number)[]) =>
  (await rowsOf({ conditions: [{ column, operator, values }] })).map(({ id }) => Number(id))

/** Four events a minute apart: Ada at two doors, an unknown card, a reader's own. */
function fourEvents() {
  const { simulator } = client
  simulator.seed({ users: [{ id: '5', name: 'Ada Sample' }] })
  simulator.emit({ code: 4102, door: 'Front Door', user: '5', tnaKey: 2 })
  simulator.clock.advance(60_000)
  simulator.emit({ code: 6401, door: 'Server Room', user: '5' })
  simulator.clock.advance(60_000)
  simulator.emit({ code: 4354, door: 'Front Door', unknownCard: '123456' })
  simulator.clock.advance(60_000)
  simulator.emit({ code: 16384, device: 'Loading Dock' })
}

test('seven operators, on numbers by value, on moments, and on what is not there', async () => {
  fourEvents()
  const moment = (minute: number) => new Date(eight + minute * 60_000).toISOString()
  expect(await where('event_type_id.code', 0, '4102')).toEqual([1])
  expect(await where('event_type_id.code', 1, 4102)).toEqual([2, 3, 4])
  expect(await where('event_type_id.code', 2, '4102', '16384', '9')).toEqual([1, 4])
  expect(await where('event_type_id.code', 3, '4354', '6401')).toEqual([2, 3])
  expect(await where('event_type_id.code', 4, '54')).toEqual([3])
  expect(await where('event_type_id.code', 4, '%4')).toEqual([3, 4])
  expect(await where('id', 5, '2')).toEqual([3, 4])
  expect(await where('index', 6, 2)).toEqual([1, 2, 4])
  expect(await where('datetime', 3, moment(1), moment(2))).toEqual([2, 3])
  expect(await where('datetime', 5, moment(1))).toEqual([3, 4])
  // Server time is local, with a Z that is not true.
  expect(await where('server_datetime', 6, '2026-01-05T04:31:00.00Z')).toEqual([1])
  expect(await where('door_id.id', 0, 1)).toEqual([1, 3])
  expect(await where('door_id.id', 1, 1)).toEqual([2, 4])
  expect(await where('device_id.id', 0, '543000003')).toEqual([2])
  expect(await where('device_id', 0, '543000004')).toEqual([4])
  expect(await where('user_id.user_id', 0, '5')).toEqual([1, 2])
  expect(await where('user_id.user_id', 0, '123456')).toEqual([3])
  expect(await where('user_group_id.id', 0, '1')).toEqual([1, 2])
})

test('conditions are joined by AND, orders follow one another, and there is no total', async () => {
  fourEvents()
  const conditions = [
    { column: 'device_id.id', operator: 0, values: ['543000001'] },
    { column: 'datetime', operator: 5, values: ['2026-01-05T08:00:00.000Z'] },
  ]
  const { body } = await ask({ limit: 100, conditions })
  expect(Object.keys(body.EventCollection)).toEqual(['rows'])
  expect(body.EventCollection.rows).toHaveLength(1)
  const orders = [
    { column: 'device_id.id', descending: true },
    { column: 'datetime', descending: false },
  ]
  const shown = await rowsOf({ orders })
  expect(shown.map(({ id }) => id)).toEqual(['4', '2', '1', '3'])
})

test('what is no column, operator or value is refused, and an encrypted column takes three operators', async () => {
  const code = async (condition: unknown) => (await ask({ limit: 1, conditions: [condition] })).code
  expect(await code({ column: 'tna_key', operator: 0, values: ['1'] })).toBe('30')
  expect(await code({ column: 'id', operator: 7, values: ['1'] })).toBe('30')
  expect(await code({ column: 'id', operator: 3, values: ['1'] })).toBe('30')
  expect(await code({ column: 'id', operator: 0, values: [] })).toBe('30')
  expect(await code({ column: 'datetime', operator: 5, values: ['yesterday'] })).toBe('30')
  expect(await code({ column: 'user_id.user_id', operator: 4, values: ['5'] })).toBe('0')
  client.simulator.quirks.personalDataEncrypted = true
  expect(await code({ column: 'user_id.user_id', operator: 4, values: ['5'] })).toBe('30')
  expect(await code({ column: 'user_id.user_id', operator: 2, values: ['5'] })).toBe('0')
})

test('a search without limit is refused, and ends the session where it did so', async () => {
  expect((await ask({})).code).toBe('30')
  expect((await client.send('POST', '/api/events/search', {})).code).toBe('30')
  expect((await ask({ limit: 1 })).code).toBe('0')
  client.simulator.quirks.searchEndsSession = true
  const ended = await ask({})
  expect([ended.status, ended.code]).toEqual([401, '10'])
  expect((await ask({ limit: 1 })).status).toBe(401)
})

test('pages by offset and by value, and builds that ignore offset, order or a large limit', async () => {
  const { simulator } = client
  for (let at = 0; at < 10; at++) simulator.emit({ code: 4102, door: 'Front Door' })
  const ids = async (query: Record<string, unknown>) => (await rowsOf(query)).map(({ id }) => Number(id))
  expect(await ids({ limit: 3, offset: 3 })).toEqual([4, 5, 6])
  expect(await ids({ limit: 3, conditions: [{ column: 'id', operator: 5, values: ['8'] }] })).toEqual([9, 10])
  simulator.quirks.ignoreEventOffset = true
  expect(await ids({ limit: 3, offset: 3 })).toEqual([1, 2, 3])
  simulator.quirks.eventPageMax = 2
  expect(await ids({ limit: 0 })).toEqual([1, 2])
  simulator.quirks.ignoreEventOrder = true
  expect(await ids({ limit: 3, orders: [{ column: 'id', descending: false }] })).toEqual([10, 9])
})

test('a row tells what the sheet lists, and an event of nobody or of an unknown card says so in its way', async () => {
  fourEvents()
  const { simulator } = client
  simulator.setDeviceClock('Front Door', { aheadMs: -5000, zoneMinutes: 330, isDst: true })
  const [known, , unknown, device] = await rowsOf({})
  expect(known).toEqual({
    id: '1',
    server_datetime: '2026-01-05T04:30:00.00Z',
    datetime: '2026-01-05T08:00:00.00Z',
    index: '1',
    user_id_name: '5(Ada Sample)',
    user_id: { user_id: '5', name: 'Ada Sample', photo_exists: 'false' },
    user_group_id: { id: '1', name: 'All Users' },
    device_id: { id: '543000001', name: 'Front Door reader' },
    door_id: [{ id: '1', name: 'Front Door' }],
    event_type_id: { code: '4102' },
    tna_key: '2',
    parameter: '-1',
    is_dst: '1',
    timezone: { half: '1', hour: '5', negative: '0' },
    user_update_by_device: 'false',
    temperature: '0',
    hint: `${eight / 1000}05430000010000000001`,
  })
  expect(unknown?.user_id).toEqual({ user_id: '123456' })
  expect(device).not.toHaveProperty('user_id')
  expect(device).not.toHaveProperty('door_id')
  expect(device?.timezone).toEqual({ half: '1', hour: '3', negative: '1' })
  simulator.quirks.failedCard = 'hidden'
  simulator.quirks.eventWithoutUser = 'text'
  expect((await rowsOf({})).map(({ user_id }) => user_id).slice(2)).toEqual(['', ''])
  simulator.quirks.eventWithoutUser = 'object'
  expect((await rowsOf({})).at(3)?.user_id).toEqual({})
  simulator.quirks.failedCard = 'number-named'
  simulator.seed({ users: [{ id: '123456', name: 'Wrongly Named' }] })
  expect((await rowsOf({})).at(2)?.user_id).toEqual({ user_id: '123456', name: 'Wrongly Named' })
})

test('a clock that is wrong, late events, and a wiped log: time, id and index go their own ways', async () => {
  const { simulator } = client
  simulator.setDeviceClock('Front Door', { aheadMs: 90_000 })
  simulator.emit({ code: 4102, door: 'Front Door' })
  simulator.setDeviceClock('Front Door', { jumpMs: -100_000 })
  simulator.setDevice('Front Door', 'offline')
  simulator.emit({ code: 4102, door: 'Front Door' })
  simulator.clock.advance(3_600_000)
  await client.login()
  simulator.emit({ code: 4102, door: 'Back Door' })
  simulator.setDevice('Front Door', 'online')
  const granted = () => rowsOf({ conditions: [{ column: 'event_type_id.code', operator: 0, values: ['4102'] }] })
  const told = (await granted()).map(({ datetime, server_datetime, index }) => [datetime, server_datetime, index])
  expect(told).toEqual([
    ['2026-01-05T08:01:30.00Z', '2026-01-05T04:30:00.00Z', '1'],
    ['2026-01-05T09:00:00.00Z', '2026-01-05T05:30:00.00Z', '1'],
    // Old by its time, new by id and server time; 2 is the event of the server that lost the reader.
    ['2026-01-05T07:59:50.00Z', '2026-01-05T05:30:00.00Z', '3'],
  ])
  const cleared = await client.send('DELETE', '/api/devices/clear_log?id=543000001')
  expect(cleared.body.DeviceResponse.rows).toEqual([{ id: '543000001', code: '0' }])
  simulator.emit({ code: 4102, door: 'Front Door' })
  const newest = (await rowsOf({ orders: [{ column: 'id', descending: true }], limit: 2 })).map((row) => [
    (row.event_type_id as { code: string }).code,
    row.index,
  ])
  expect(newest).toEqual([
    ['4102', '2'],
    ['16896', '1'],
  ])
})

test('a swipe tells method, key, duress and threat by its code; the reader decides by its own clock', () => {
  const { simulator } = client
  const user = { id: '5', name: 'Ada Sample', cards: ['501'], accessGroups: ['Main Entrance'], fingerprints: 1 }
  simulator.seed({ users: [user, { ...user, id: '6', cards: [], fingerprints: 0, expiry: '2026-01-05T08:00:30Z' }] })
  const door = 'Front Door'
  const swipe = (more: Record<string, unknown>) => simulator.swipe({ door, ...more })
  expect(swipe({ card_id: '501', tnaKey: 3 }).event).toMatchObject({ code: 4102, tnaKey: 3 })
  expect(swipe({ card_id: '501', duress: true })).toMatchObject({ granted: true, code: 4614 })
  expect(swipe({ card_id: '501', method: 'card-pin' }).code).toBe(4103)
  expect(swipe({ user: '5', method: 'fingerprint' })).toMatchObject({ granted: true, code: 4865, userId: '5' })
  expect(swipe({ user: '5', method: 'fingerprint', duress: true }).code).toBe(5377)
  expect(swipe({ user: '6', method: 'fingerprint' })).toMatchObject({ granted: false, code: 5124, userId: null })
  expect(swipe({ user: '5', method: 'face' }).code).toBe(5125)
  expect(swipe({ user: '6', method: 'id-pin' }).code).toBe(4097)
  expect(swipe({ card_id: '999' }).event).toMatchObject({ code: 4354, userId: null, unknownCard: '999' })
  expect(swipe({ card_id: '999', method: 'mobile' }).code).toBe(4360)
  simulator.setDeviceClock(door, { aheadMs: 31_000 })
  expect(swipe({ user: '6', method: 'id-pin' }).code).toBe(6403)
  expect(() => swipe({ card_id: '501', method: 'iris' })).toThrow(TypeError)
  expect(() => swipe({ method: 'face' })).toThrow('user is missing')
})

test('all 456 codes can be had, of the server and of a reader, and of a number that no list knows', async () => {
  const { simulator } = client
  expect(eventTypes).toHaveLength(456)
  for (const { code } of eventTypes) simulator.emit({ code, door: 'Front Door' })
  const server = [simulator.emit({ code: 50177 }), simulator.emit({ code: 4001 })]
  expect(server.map((event) => event && simulator.state.keyOf(event).slice(10))).toEqual([
    '00000000000000000001',
    '00000000000000000002',
  ])
  simulator.emit({ code: 65001, door: 'Front Door' })
  const rows = await rowsOf({ limit: 0 })
  expect(new Set(rows.map(({ event_type_id }) => (event_type_id as { code: string }).code)).size).toBe(457)
  expect(new Set(rows.map(({ hint }) => hint)).size).toBe(459)
  const types = await client.send('GET', '/api/event_types?is_break_glass=false&setting_alert=true&setting_all=true')
  expect(types.body.EventTypeCollection).toMatchObject({ total: '456', rows: expect.any(Array) })
  expect(types.body.EventTypeCollection.rows).toContainEqual(
    expect.objectContaining({ code: '4118', name: 'VERIFY_SUCCESS_MOBLIE_CARD' }),
  )
  expect(() => simulator.emit({ code: 1.5 })).toThrow(TypeError)
  expect(() => simulator.emit({ code: 1, door: 'Nowhere' })).toThrow(TypeError)
  expect(() => simulator.emit({ code: 1, device: 'Nowhere' })).toThrow(TypeError)
  expect(() => simulator.emit({ code: 1, at: 'yesterday' })).toThrow(TypeError)
})
