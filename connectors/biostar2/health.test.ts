/** Proves what `gatehouse check` says about a server, and what the settings refuse. */
import { expect, test } from 'vitest'
import { isRefusedByReader } from './reader-refusals.ts'
import { settings } from './settings.ts'
import { connected, desiredAccount, never } from './testing.ts'

const codesOf = async (server: Awaited<ReturnType<typeof connected>>) =>
  (await server.health(never)).problems.map(({ code }) => code)

test.each([
  ['biostar2', 'BioStar 2'],
  ['biostarx', 'BioStar X'],
] as const)('%s names its product and version', async (product, name) => {
  await using server = await connected({ product })
  const health = await server.health(never)
  expect(health).toMatchObject({ product: name, reach: 'read-back' })
  expect(health.version).toMatch(/^\d+\.\d+/)
  expect(health.problems).toMatchObject([{ severity: 'warning', code: 'biostar2.administrator-login' }])
})

test('a server that is not set to reach its readers is told, and no proof claims more', async () => {
  await using server = await connected()
  server.simulator.changeSettings({ user_sync_method: '0', user_by_device_sync_method: '0' })
  expect(await codesOf(server)).toContain('biostar2.manual-sync')
  expect((await server.health(never)).reach).toBe('accepted')
  server.simulator.changeSettings({ user_sync_method: '3', user_by_device_sync_method: '0' })
  expect((await server.health(never)).reach).toBe('read-back')
})

test('user ids of the wrong kind and a single allowed login are told', async () => {
  await using server = await connected()
  server.simulator.changeSettings({ use_alphanumeric: 'true' })
  expect(await codesOf(server)).toContain('biostar2.user-id-format')
  expect(await codesOf(server)).not.toContain('biostar2.single-login')
  server.simulator.changeSettings({ system_security: { use_allow_simultaneous_connection: 'false' } })
  expect(await codesOf(server)).toContain('biostar2.single-login')
  await using alphanumeric = await connected({}, { user_id_format: 'alphanumeric' })
  expect(await codesOf(alphanumeric)).toContain('biostar2.user-id-format')
  alphanumeric.simulator.changeSettings({ use_alphanumeric: 'true' })
  expect(await codesOf(alphanumeric)).not.toContain('biostar2.user-id-format')
})

test('a server that works longer on a request than is waited for is told', async () => {
  await using server = await connected()
  expect(await codesOf(server)).not.toContain('biostar2.slow-requests')
  server.simulator.changeSettings({ web_request_timeout: '90' })
  expect(await codesOf(server)).toContain('biostar2.slow-requests')
})

test('settings that the login may not read are told, and no proof claims more', async () => {
  await using server = await connected()
  server.simulator.faults.add({ kind: 'http', status: 403, code: '20', path: '^/api/setting/biostar$' })
  expect(await codesOf(server)).toContain('biostar2.settings-unreadable')
  expect((await server.health(never)).reach).toBe('accepted')
})

test('readers that are away or did not take everybody are counted, and no proof claims more', async () => {
  await using server = await connected({ levels: [{ name: 'All', doors: ['a', 'b', 'c', 'd'] }] })
  expect(await codesOf(server)).not.toContain('biostar2.readers-behind')
  for (const [door, condition] of [
    ['a', 'offline'],
    ['b', 'failing'],
    ['c', 'full'],
  ] as const)
    server.simulator.setDevice(door, condition)
  const { problems, reach } = await server.health(never)
  const told = problems.find(({ code }) => code === 'biostar2.readers-behind')
  expect(told?.message).toContain('3 of 4 readers')
  expect(reach).toBe('accepted')
})

test.each(['offline', 'failing', 'full'] as const)('one %s reader is enough', async (condition) => {
  await using server = await connected({ levels: [{ name: 'All', doors: ['a', 'b'] }] })
  expect((await server.health(never)).reach).toBe('read-back')
  server.simulator.setDevice('b', condition)
  expect((await server.health(never)).reach).toBe('accepted')
})

test('a login that may not see the readers is told, and no proof claims more', async () => {
  await using server = await connected()
  server.simulator.faults.add({ kind: 'http', status: 403, code: '20', path: '^/api/v2/devices/search$' })
  expect(await codesOf(server)).toContain('biostar2.readers-unreadable')
  expect((await server.health(never)).reach).toBe('accepted')
})

test('readers that refuse what the server took are told for an hour, and no proof claims more', async () => {
  let now = new Date('2026-11-23T12:00:00Z')
  await using server = await connected({}, {}, () => now)
  await server.put('42', desiredAccount())
  const lock = async () => {
    const { parts, reach } = await server.accounts.apply(
      { kind: 'lock', externalId: '42', known: null, at: now },
      never,
    )
    expect(parts).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }])
    return reach
  }
  expect([await lock(), (await server.health(never)).reach]).toEqual([undefined, 'read-back'])
  server.simulator.quirks.deviceResponseFalse = true
  expect(await lock()).toBe('accepted')
  server.simulator.quirks.deviceResponseFalse = false
  // The next one may have gone the same way, though nobody says so.
  expect(await lock()).toBe('accepted')
  expect(await codesOf(server)).toContain('biostar2.readers-refused')
  expect((await server.health(never)).reach).toBe('accepted')
  now = new Date(now.getTime() + 3_600_000)
  expect(await codesOf(server)).not.toContain('biostar2.readers-refused')
  expect([await lock(), (await server.health(never)).reach]).toEqual([undefined, 'read-back'])
})

test.each([
  [{ result: 'false', rows: '' }, true],
  [{ result: false }, true],
  [{ result: 'true', rows: [{ id: '1', code: '1003' }] }, true],
  [{ rows: { id: 1, code: 1001 } }, true],
  [
    {
      result: 'true',
      rows: [
        { id: '1', code: '0' },
        { id: 1, code: 0 },
      ],
    },
    false,
  ],
  [{ rows: [{ id: '1' }] }, false],
  [undefined, false],
  ['', false],
])('DeviceResponse %j tells of a reader that refused: %s', (DeviceResponse, is) => {
  expect(isRefusedByReader({ DeviceResponse })).toBe(is)
})

test('a refused login and a server that is away are failures', async () => {
  await using wrong = await connected({}, { password: 'wrong-made-up' })
  await expect(wrong.health(never)).rejects.toMatchObject({ kind: 'unauthenticated', code: 'biostar2.login-refused' })
  await using away = await connected()
  away.simulator.faults.add({ kind: 'down' })
  await expect(away.health(never)).rejects.toMatchObject({ kind: 'transient', code: 'http.connection' })
})

const minimal = { url: 'https://door.example', login_id: 'gate', password: 'made-up' }

test('three settings are enough, and the others have defaults', () => {
  expect(settings.parse(minimal)).toMatchObject({
    user_group: 1,
    user_id_format: 'numeric',
    unbounded_until: '2037-12-31',
  })
})

test.each([
  [{ url: 'https://door.example/api' }],
  [{ url: 'ftp://door.example' }],
  [{ url: 'door' }],
  [{ ca: 'no certificate' }],
  [{ fingerprint256: 'AA:BB' }],
  [{ ca: '-----BEGIN CERTIFICATE-----', fingerprint256: 'AA'.repeat(32) }],
  [{ unbounded_until: '2038-01-01' }],
  [{ user_group: 0 }],
  [{ passwort: 'x' }],
])('%j is refused', (wrong) => {
  expect(settings.safeParse({ ...minimal, ...wrong }).success).toBe(false)
})
