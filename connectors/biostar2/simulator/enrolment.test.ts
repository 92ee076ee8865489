/** Fingers and faces: counts, events, records and counters that tell of a change, and the swap that none tells of. */
import { expect, test } from 'vitest'
import { type Client, newUser, startLoggedIn } from './client-for-tests.ts'
import { openStarted } from './socket-for-tests.ts'

const ada = { id: '5', name: 'Ada Sample', cards: ['501'], fingerprints: 2, visualFaces: 1 }

async function rowOf(client: Client) {
  const { body } = await client.send('POST', '/api/v2/users/search', { limit: 1, search_text: 'Ada' })
  const { fingerprint_template_count, face_count, visual_face_count, last_modified, updated_count } =
    body.UserCollection.rows[0]
  return { fingerprint_template_count, face_count, visual_face_count, last_modified, updated_count }
}

const audit = async (client: Client, query: Record<string, unknown> = {}) =>
  (await client.send('POST', '/api/audit/search', { Query: { limit: 0, ...query } })).body.AuditCollection.rows

test('a finger more at the console: the count, the counters, an event of each reader, a record', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5, 8) })
  const { simulator } = client
  simulator.seed({ users: [ada] })
  using socket = await openStarted(client)
  const before = await rowOf(client)
  expect(before).toMatchObject({ fingerprint_template_count: 2, face_count: 0, visual_face_count: 1 })
  simulator.hand({ action: 'enrol', user: '5', credential: 'fingerprint' })
  const after = await rowOf(client)
  expect(after).toMatchObject({ fingerprint_template_count: 3, updated_count: before.updated_count + 1 })
  expect(after.last_modified).toBeGreaterThan(before.last_modified)
  await socket.until(4)
  const told = socket.events().map(({ Event }) => [Event.event_type_id.code, Event.user_id.user_id])
  expect(told).toEqual(Array(4).fill(['8704', '5']))
  expect(await audit(client)).toEqual([
    {
      id: '1',
      datetime: '2026-01-05T08:00:00.00Z',
      user_id: { user_id: '1', name: 'Administrator' },
      ip: '',
      category: 'User',
      action: 'Update',
      target: '5',
      target_name: 'Ada Sample',
      modification: 'fingerprint_templates',
    },
  ])
})

test('a finger is swapped: every count stays, and events, counters and the record tell', async () => {
  await using client = await startLoggedIn({ quirks: { partialUpdates: true } })
  const { simulator } = client
  simulator.seed({ users: [ada] })
  const { last_modified, updated_count, ...counts } = await rowOf(client)
  simulator.hand({ action: 'swap', user: '5', credential: 'fingerprint' })
  const { last_modified: modified, updated_count: updated, ...same } = await rowOf(client)
  expect(same).toEqual(counts)
  expect([modified > last_modified, updated > updated_count]).toEqual([true, true])
  expect(simulator.state.events().map(({ code }) => code)).toEqual(Array(4).fill(10496))
  expect(await audit(client)).toMatchObject([{ modification: 'fingerprint_templates' }])
  expect(simulator.state.user('5')).toMatchObject({ fingerprints: 2, fingerprintVersion: 1 })
  // Through the API as well, by whoever has the password.
  const write = { fingerprint_templates: [{ template0: 'AAAA' }, { template0: 'BBBB' }] }
  await client.send('PUT', '/api/users/5', { User: write })
  expect(simulator.state.user('5')).toMatchObject({ fingerprints: 2, fingerprintVersion: 2 })
  expect((await audit(client)).at(-1)).toMatchObject({ ip: '127.0.0.1', modification: 'fingerprint_templates' })
})

test('where readers keep their successes to themselves, a swap is in counters and record alone; in the database, nowhere', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  simulator.changeSettings({ device_event_log_skip_enroll_success_user: true })
  const before = await rowOf(client)
  simulator.hand({ action: 'swap', user: '5', credential: 'visual-face' })
  expect(simulator.state.events()).toEqual([])
  expect((await rowOf(client)).last_modified).toBeGreaterThan(before.last_modified)
  expect(await audit(client)).toMatchObject([{ modification: 'credentials' }])
  const seen = await rowOf(client)
  simulator.hand({ action: 'swap', user: '5', credential: 'visual-face', unseen: true })
  expect(await rowOf(client)).toEqual(seen)
  expect(await audit(client)).toHaveLength(1)
  expect(simulator.state.user('5')).toMatchObject({ faces: 1, faceVersion: 2 })
})

test('a single record shows templates: the same at each read, and other ones after a swap in the database, where nothing else is other', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed({ users: [ada] })
  const read = async () => (await client.send('GET', '/api/users/5')).body.User
  const before = await read()
  expect(before.fingerprint_templates).toHaveLength(2)
  expect(
    before.credentials.visualFaces[0].templates.map((each: Record<string, string>) => each.template_ex?.length),
  ).toEqual([728, 728])
  const made = before.fingerprint_templates.flatMap((each: Record<string, string>) => [each.template0, each.template1])
  expect(new Set(made).size).toBe(4)
  expect(await read()).toEqual(before)
  client.simulator.hand({ action: 'swap', user: '5', credential: 'fingerprint', unseen: true })
  const { fingerprint_templates: fingers, ...others } = await read()
  expect({ ...others, fingerprint_templates: before.fingerprint_templates }).toEqual(before)
  for (const { template0, template1 } of fingers)
    expect([made.includes(template0), made.includes(template1)]).toEqual([false, false])
})

test('at the menu of a reader: its own event says so, and the server takes it over where it does', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  simulator.hand({ action: 'enrol', user: '5', credential: 'visual-face', at: 'Front Door' })
  const events = async () => {
    const conditions = [{ column: 'user_id.user_id', operator: 0, values: ['5'] }]
    const { body } = await client.send('POST', '/api/events/search', { Query: { limit: 0, conditions } })
    return body.EventCollection.rows.map((row: Record<string, { code: string }>) => [
      row.event_type_id?.code,
      row.user_update_by_device,
    ])
  }
  expect(await events()).toEqual([['8704', 'true']])
  expect(await rowOf(client)).toMatchObject({ visual_face_count: 1 })
  simulator.changeSettings({ user_by_device_sync_method: 1 })
  simulator.hand({ action: 'swap', user: '5', credential: 'fingerprint', at: 'Front Door' })
  expect(await rowOf(client)).toMatchObject({ fingerprint_template_count: 2 })
  expect((await events()).slice(1)).toEqual([['8704', 'true'], ...Array(4).fill(['8704', 'false'])])
  const rows = await audit(client)
  expect(rows).toMatchObject([{ device_id: { id: '543000001', name: 'Front Door reader' }, target: '5' }])
  expect(rows[0]).not.toHaveProperty('user_id')
})

test('what cannot be is refused: nothing to swap, no room, nobody the reader knows', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  const hand = (action: 'enrol' | 'swap' | 'withdraw', credential: 'fingerprint' | 'face' | 'visual-face') => () =>
    simulator.hand({ action, user: '5', credential })
  expect(hand('swap', 'face')).toThrow(TypeError)
  expect(hand('withdraw', 'face')).toThrow(TypeError)
  hand('enrol', 'visual-face')()
  expect(hand('enrol', 'visual-face')).toThrow(TypeError)
  hand('withdraw', 'fingerprint')()
  expect(simulator.state.user('5')).toMatchObject({ fingerprints: 1, faces: 2 })
  expect(() => simulator.hand({ action: 'enrol', user: '1', credential: 'face', at: 'Nowhere' })).toThrow(TypeError)
})

test('the record has every change of a person and a card, who made it, and can be searched like events', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  await client.send('POST', '/api/users', newUser('5'))
  await client.send(
    'POST',
    '/api/users',
    newUser('6', { permission: { id: 4 }, login_id: 'op', password: 'Wq8-rTz-pL4' }),
  )
  await client.login('Wq8-rTz-pL4', 'op')
  simulator.seed({ users: [{ id: '7', name: 'Was There', cards: ['700'] }] })
  const { id } = simulator.state.card('700') ?? {}
  await client.send('POST', '/api/cards/blacklist', { Blacklist: { card_id: { id } } })
  await client.send('PUT', '/api/users/5', { User: { name: 'Changed', cards: [], user_group_id: { id: 1 } } })
  await client.send('PUT', '/api/users/5', { User: { name: "O'Refused" } })
  await client.send('DELETE', '/api/users?id=5')
  simulator.hand({ action: 'unblock', card: '700' })
  simulator.hand({ action: 'create', user: { id: '8', name: 'By Hand' } })
  const told = async (query: Record<string, unknown> = {}) =>
    (await audit(client, query)).map(
      (row: { user_id: { user_id: string }; action: string; target: string; modification: string }) =>
        `${row.user_id.user_id} ${row.action} ${row.target} ${row.modification}`.trim(),
    )
  expect(await told()).toEqual([
    '1 Create 5',
    '1 Create 6',
    '6 Block 700',
    '6 Update 5 name, user_group_id, cards',
    '6 Delete 5',
    '1 Unblock 700',
    '1 Create 8',
  ])
  const conditions = [
    { column: 'user_id.user_id', operator: 0, values: ['6'] },
    { column: 'action', operator: 2, values: ['Delete', 'Block'] },
  ]
  const orders = [{ column: 'id', descending: true }]
  expect(await told({ conditions, orders, limit: 1 })).toEqual(['6 Delete 5'])
  expect((await client.send('POST', '/api/audit/search', { Query: {} })).code).toBe('30')
})

test('every request that is about a template is on record, also one that is not simulated', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  await client.send('POST', '/api/v2/users/search', { limit: 0 })
  await client.send('POST', '/api/events/search', { Query: { limit: 0 } })
  expect(simulator.requests.find({ biometric: true })).toEqual([])
  await client.send('GET', '/api/users/5')
  await client.send('PUT', '/api/users/5', { User: { credentials: { faces: [{ raw_image: 'AAAA' }] } } })
  const asking = [
    ['POST', '/api/devices/543000001/scan_fingerprint'],
    ['POST', '/api/devices/543000001/verify_fingerprint'],
    ['GET', '/api/devices/543000001/credentials/face'],
    ['POST', '/api/server_matching/identify_finger'],
    ['PUT', '/api/users/check/upload_picture'],
    ['GET', '/api/events/images/1786412281_543737030_527832'],
  ] as const
  for (const [method, path] of asking) await client.send(method, path)
  const noted = simulator.requests.find({ biometric: true })
  expect(noted.map(({ path }) => path)).toEqual(['/api/users/5', '/api/users/5', ...asking.map(([, path]) => path)])
  expect(noted[0]?.biometricsRead).toEqual(['fingerprint_templates', 'visualFaces'])
  expect(simulator.requests.find({ biometric: false, path: 'search' })).toHaveLength(2)
})
