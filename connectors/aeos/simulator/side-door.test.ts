/** What tests in other processes can do: the same as those in this one, over plain HTTP; and the command line that starts it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { addEmployee, type Client, message, start, text } from './client-for-tests.ts'

async function door(client: Client, method: string, path: string, body?: unknown) {
  const reply = await fetch(`${client.simulator.sideDoorUrl}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
}

test('state, seed, hand, swipe, logs', async () => {
  await using client = await start()
  const seeded = await door(client, 'POST', '/seed', {
    carriers: [{ lastName: 'Sample', personnelNo: '5', badges: ['1', { type: 'Serial number', number: 'AB' }] }],
    count: 2,
  })
  expect(seeded.body).toEqual({ carriers: [1, 2, 3] })
  expect((await door(client, 'POST', '/hand', { action: 'grant', carrier: 1, template: 'Warehouse' })).body).toEqual({
    carrier: 1,
  })
  expect((await door(client, 'GET', '/state?offset=1&limit=1')).body).toMatchObject({
    total: 3,
    carriers: [{ id: 2 }],
    templates: [{}, {}, { entries: 1 }],
  })
  expect((await door(client, 'GET', '/state/open')).body).toEqual({ carriers: [1] })
  expect((await door(client, 'GET', '/state/carriers/1')).body).toMatchObject({
    opens: ['Loading Dock'],
    personnelNo: '5',
  })
  expect((await door(client, 'GET', '/state/personnel/5')).body).toMatchObject({ carriers: [{ id: 1 }] })
  expect((await door(client, 'GET', '/state/badges/AB?type=Serial%20number')).body).toMatchObject({
    carrier: 1,
    status: 1,
  })
  expect((await door(client, 'GET', '/state/badges/99')).status).toBe(404)
  expect((await door(client, 'POST', '/swipe', { badge: '1', entrance: 'Loading Dock' })).body).toMatchObject({
    granted: true,
  })
  expect((await door(client, 'GET', '/events')).body).toMatchObject({ events: [{ id: 1 }] })
  expect((await door(client, 'GET', '/changes')).body).toMatchObject({ changes: [{ user: 'operator' }] })
})

test('faults, requests, clock, users, switches, latency, certificate, backup', async () => {
  await using client = await start()
  const fault = await door(client, 'POST', '/faults', { kind: 'fault', operation: '^getVersion$' })
  expect((await client.send('VersionSearchInfo')).code).toBe(990)
  expect((await door(client, 'GET', '/faults')).body).toMatchObject({ faults: [{ hits: 1 }] })
  await door(client, 'DELETE', `/faults/${String(fault.body.id)}`)
  await door(client, 'DELETE', '/faults')
  expect((await client.send('VersionSearchInfo')).status).toBe(200)
  expect((await door(client, 'GET', '/requests?operation=getVersion')).body).toMatchObject({
    count: 2,
    requests: [{ faultCode: 990 }, { faultCode: null }],
  })
  await door(client, 'DELETE', '/requests')
  expect((await door(client, 'POST', '/clock', { now: '2026-08-01T00:00:00Z', frozen: true })).body).toEqual({
    now: '2026-08-01T00:00:00.000Z',
  })
  await door(client, 'POST', '/clock', { advanceMs: 1000, frozen: false })
  await door(client, 'POST', '/users', { username: 'other', password: 'secret', lacks: ['External calls'] })
  expect((await client.as('other', 'secret').send('VersionSearchInfo')).code).toBe(901)
  await door(client, 'DELETE', '/users/other')
  expect((await client.as('other', 'secret').send('VersionSearchInfo')).status).toBe(401)
  await door(client, 'POST', '/quirks', { unlicensed: ['getVersion'] })
  expect((await client.send('VersionSearchInfo')).code).toBe(902)
  await door(client, 'POST', '/latency', { fixedMs: 1 })
  await door(client, 'POST', '/latency', { medianMs: 1, p99Ms: 2 })
  await door(client, 'POST', '/backup')
  await addEmployee(client)
  await door(client, 'POST', '/restore')
  expect(client.simulator.state.carrierCount).toBe(0)
  expect((await door(client, 'POST', '/certificate')).body).toMatchObject({ fingerprint256: expect.any(String) })
})

test('what is wrong is told', async () => {
  await using client = await start()
  expect((await door(client, 'GET', '/nowhere')).status).toBe(404)
  expect((await door(client, 'POST', '/hand', { action: 'block', carrier: 9 })).body).toEqual({
    error: 'no such carrier: 9',
  })
  expect((await door(client, 'POST', '/hand', { action: 'dance', carrier: 9 })).status).toBe(400)
  expect(
    (
      await door(client, 'POST', '/seed', {
        carriers: [
          { lastName: 'x', badges: ['1'] },
          { lastName: 'y', badges: ['1'] },
        ],
      })
    ).body,
  ).toEqual({ error: 'badge is taken: 1' })
  expect((await door(client, 'POST', '/swipe', { badge: '1', entrance: 'Nowhere' })).status).toBe(400)
})

test('by hand: everything an operator does, seen at once by the service', async () => {
  await using client = await start()
  const { simulator } = client
  simulator.seed({ freeFields: [{ kind: 'Employee', name: 'Gateway id' }] })
  const freeFields = { 'Gateway id': 'g-1' }
  const id = simulator.hand({ action: 'create', carrier: { lastName: 'Sample', department: 'General', freeFields } })
  const seen = () => simulator.state.carrier(id)
  expect(seen()?.freeFields).toEqual(freeFields)
  simulator.hand({ action: 'assign', carrier: id, badge: '1' })
  simulator.hand({ action: 'grant', carrier: id, template: 'Main Entrance' })
  simulator.hand({ action: 'grant-by-rule', carrier: id, template: 'Warehouse' })
  expect(seen()?.authorisations.map(({ name, rule }) => [name, rule])).toEqual([
    ['Main Entrance', null],
    ['Warehouse', 1],
  ])
  simulator.hand({ action: 'revoke', carrier: id, template: 'Main Entrance' })
  simulator.hand({ action: 'block-badge', badge: '1', reason: 'Stolen' })
  expect([seen()?.badges[0]?.blockReason, seen()?.authorisations.length]).toEqual([13, 1])
  simulator.hand({ action: 'unblock-badge', badge: '1' })
  simulator.hand({ action: 'withdraw', carrier: id, badge: '1' })
  expect(seen()?.badges).toEqual([])
  simulator.hand({ action: 'block', carrier: id, reason: 'Out of service' })
  expect([seen()?.blocked, seen()?.blockReason]).toEqual([true, 15])
  simulator.hand({ action: 'unblock', carrier: id })
  simulator.hand({ action: 'change', carrier: id, fields: { LastName: 'Other', DepartmentId: null } })
  const found = await client.send('EmployeeSearchInfo', `<EmployeeInfo><Id>${id}</Id></EmployeeInfo>`)
  expect([
    text(found.body, 'Employee/EmployeeInfo/LastName'),
    text(found.body, 'Employee/EmployeeInfo/DepartmentId'),
  ]).toEqual(['Other', undefined])
  simulator.hand({ action: 'delete', carrier: id })
  expect([seen(), simulator.state.ids()]).toEqual([null, []])
  expect(() => simulator.hand({ action: 'withdraw', carrier: id, badge: '7' })).toThrow(TypeError)
})

test('by hand: a badge is replaced for good, or by a stand-in while it is forgotten, and comes back only with the word for it', async () => {
  await using client = await start()
  const { simulator } = client
  const [id = 0] = simulator.seed({ carriers: [{ lastName: 'Sample', badges: ['1', '2', '3'] }] }).carriers
  const states = () => ['1', '2', '3', '11', '12', '13'].map((badge) => simulator.state.badge(badge)?.status)
  simulator.hand({ action: 'replace', carrier: id, badge: '1', by: '11', reason: 'Lost' })
  simulator.hand({ action: 'replace', carrier: id, badge: '2', by: '12', reason: 'Forgotten' })
  simulator.hand({ action: 'replace', carrier: id, badge: '3', by: '13', reason: 'Forgotten' })
  expect(states()).toEqual([2, 3, 3, 1, 4, 4])
  expect(() => simulator.hand({ action: 'unblock-badge', badge: '2' })).toThrow('it waits')
  expect(() => simulator.hand({ action: 'replace', carrier: id, badge: '2', by: '22', reason: 'Lost' })).toThrow(
    'only a badge in use',
  )
  simulator.hand({ action: 'withdraw', carrier: id, badge: '12', restoreReplaced: true })
  simulator.hand({ action: 'withdraw', carrier: id, badge: '13' })
  expect(states()).toEqual([2, 1, 3, 1, 0, 0])
})

test('messages are kept when the options say so, as they came', async () => {
  await using client = await start({ messagesKept: 2 })
  for (const name of ['One', 'Two', 'Three']) await client.send('EmployeeAdd', `<LastName>${name}</LastName>`)
  const wanted = ['Two', 'Three'].map((name) =>
    message(`<EmployeeAdd xmlns="http://www.nedap.com/aeosws/schema"><LastName>${name}</LastName></EmployeeAdd>`),
  )
  expect(client.simulator.requests.messages()).toEqual(wanted)
  await using silent = await start()
  await silent.send('EmployeeAdd', '<LastName>One</LastName>')
  expect(silent.simulator.requests.messages()).toEqual([])
})

test('the command line starts one, says where it is, and ends when told to', async () => {
  const main = `import('${new URL('./main.ts', import.meta.url).href}').then(({ runSimulator }) => runSimulator(process.argv.slice(1)))`
  const child = spawn(process.execPath, [
    '-e',
    main,
    '--',
    '--json',
    '--latency',
    '0',
    '--people',
    '3',
    '--snapshot',
    '2021-10',
    '--zone',
    'UTC',
  ])
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const { sideDoorUrl, url } = JSON.parse(line.toString()) as { sideDoorUrl: string; url: string }
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/aeosws$/)
    const state = (await (await fetch(`${sideDoorUrl}/state`)).json()) as { total: number }
    expect(state.total).toBe(3)
  } finally {
    child.kill()
  }
  await once(child, 'exit')
})

test.each([
  ['--port', 'x'],
  ['--snapshot', '2020'],
  ['--nonsense', '1'],
])('%s %s is refused', async (...argv) => {
  const { runSimulator } = await import('./main.ts')
  await expect(runSimulator(argv)).rejects.toThrow(TypeError)
})
