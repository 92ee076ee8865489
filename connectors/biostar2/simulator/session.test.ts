/** Login, sessions and the envelope, as the vendor documents them. */
import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { newUser, start, startLoggedIn } from './client-for-tests.ts'

test('the certificate is an X.509 v3 certificate that verifies itself and names loopback', async () => {
  await using client = await start()
  const certificate = new X509Certificate(client.simulator.ca)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.checkIP('::1')).toBe('::1')
  expect(certificate.ca).toBe(true)
  expect(certificate.fingerprint256).toBe(client.simulator.fingerprint256)
})

test('a login answers with 32 hex digits in bs-session-id and strings everywhere', async () => {
  await using client = await start()
  const answer = await client.login()
  expect(answer.status).toBe(200)
  expect(answer.headers['bs-session-id']).toMatch(/^[0-9a-f]{32}$/)
  expect(answer.body.Response).toEqual({
    code: '0',
    link: 'https://support.supremainc.com/en/support/home',
    message: 'Success',
  })
  expect(answer.body.User).toMatchObject({ user_id: '1', disabled: 'false', permission: { id: '1' } })
})

test('a wrong password is HTTP 400 with code 101 and closes the connection', async () => {
  await using client = await start()
  const answer = await client.login('wrong')
  expect([answer.status, answer.code]).toEqual([400, '101'])
  expect(answer.headers.connection).toBe('close')
})

test('after too many tries even the right password gets 113 until the wait is over, and event 4001 is raised', async () => {
  await using client = await start({ quirks: { lockout: { tries: 3, minutes: 10 } } })
  for (let tries = 0; tries < 3; tries++) expect((await client.login('wrong')).code).toBe('101')
  expect((await client.login()).code).toBe('113')
  expect(client.simulator.state.events().map(({ code }) => code)).toContain(4001)
  client.simulator.clock.advance(10 * 60_000)
  expect((await client.login()).code).toBe('0')
})

test('an account that may not log in is told so', async () => {
  await using client = await start({ quirks: { loginRefusal: '122' } })
  expect((await client.login()).code).toBe('122')
})

test('a session dies of idleness after session_timeout, not before, and use keeps it alive', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5) })
  expect((await client.send('PUT', '/api/setting/biostar', { Setting: { session_timeout: '60' } })).code).toBe('0')
  client.simulator.clock.advance(60_000)
  expect((await client.send('GET', '/api/users')).status).toBe(200)
  client.simulator.clock.advance(60_000)
  expect((await client.send('GET', '/api/users')).status).toBe(200)
  client.simulator.clock.advance(60_001)
  const answer = await client.send('GET', '/api/users')
  expect([answer.status, answer.code]).toEqual([401, '10'])
})

test('without simultaneous logins a second login ends the first session', async () => {
  await using client = await startLoggedIn()
  const first = client.session
  const setting = { system_security: { use_allow_simultaneous_connection: 'false' } }
  await client.send('PUT', '/api/setting/biostar', { Setting: setting })
  await client.login()
  expect((await client.send('GET', '/api/users')).status).toBe(200)
  client.session = first
  expect((await client.send('GET', '/api/users')).code).toBe('10')
})

test('a logout and a restart end the session', async () => {
  await using client = await startLoggedIn()
  expect((await client.send('POST', '/api/logout')).code).toBe('0')
  expect((await client.send('GET', '/api/users')).status).toBe(401)
  await client.login()
  client.simulator.restart()
  expect((await client.send('GET', '/api/users')).status).toBe(401)
})

test('a trailing slash and a body that is no JSON are refused with an envelope', async () => {
  await using client = await startLoggedIn()
  expect((await client.send('GET', '/api/users/')).body.Response.code).toBe('103')
  const broken = await client.send('POST', '/api/users', '{"User":')
  expect([broken.status, broken.code]).toEqual([400, '700'])
})

test('an operator without rights on people may read but not write', async () => {
  await using client = await startLoggedIn()
  const operator = { permission: { id: 3 }, login_id: 'monitor', password: 'Wq8-rTz-pL4' }
  expect((await client.send('POST', '/api/users', newUser('77', operator))).code).toBe('0')
  await client.login('Wq8-rTz-pL4', 'monitor')
  expect((await client.send('GET', '/api/users')).code).toBe('0')
  const refused = await client.send('DELETE', '/api/users?id=77')
  expect([refused.status, refused.code]).toEqual([403, '20'])
})

test.each([
  [2, { people: '0', newPeople: '0', readers: '20', groups: '20' }],
  [3, { people: '0', newPeople: '20', readers: '0', groups: '0' }],
  [254, { people: '0', newPeople: '20', readers: '20', groups: '20' }],
  [253, { people: '20', newPeople: '20', readers: '20', groups: '20' }],
  [4, { people: '0', newPeople: '0', readers: '0', groups: '0' }],
])('operator level %i may call what the menus of its level hold', async (level, expected) => {
  await using client = await startLoggedIn()
  const operator = { permission: { id: level }, login_id: 'operator', password: 'Wq8-rTz-pL4' }
  await client.send('POST', '/api/users', newUser('77', operator))
  await client.login('Wq8-rTz-pL4', 'operator')
  expect({
    people: (await client.send('POST', '/api/v2/users/search', { limit: 1 })).code,
    newPeople: (await client.send('POST', '/api/users', newUser('78'))).code,
    readers: (await client.send('POST', '/api/v2/devices/search', { limit: 1 })).code,
    groups: (await client.send('GET', '/api/access_groups')).code,
  }).toEqual(expected)
})

test('empty lists come as a list, as an empty string or not at all', async () => {
  await using client = await startLoggedIn()
  const rows = async () => (await client.send('GET', '/api/cards')).body.CardCollection
  expect(await rows()).toEqual({ total: '0', rows: [] })
  client.simulator.quirks.emptyLists = 'string'
  expect(await rows()).toEqual({ total: '0', rows: '' })
  client.simulator.quirks.emptyLists = 'absent'
  expect(await rows()).toEqual({ total: '0' })
})

test('the version page needs no session, and only BioStar X has its own calls', async () => {
  await using biostar2 = await start()
  expect((await biostar2.send('GET', '/js/info.json')).body).toEqual({ product: 'biostar2', version: '2.9.12' })
  await biostar2.login()
  expect((await biostar2.send('POST', '/api/events/import', {})).status).toBe(404)
  await using biostarX = await startLoggedIn({ product: 'biostarx' })
  const licence = await biostarX.send('POST', '/api/events/import', {})
  expect(licence.status).toBe(403)
  expect(licence.body).toMatchObject({ code: '331791', by: 'web' })
  expect(licence.body.Response).toBeUndefined()
})
