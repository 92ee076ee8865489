import { expect, test } from 'vitest'
import { archiveId, notHeld, personId, planId, testGateway } from './gateway.fixture.ts'
import { problemDocument } from './problem.ts'

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = problemDocument.parse(await response.json())
  expect(problem.status).toBe(response.status)
  expect(problem.instance).toBe(`urn:uuid:${response.headers.get('x-request-id')}`)
  return problem
}

test('an act that can not be done says why, with its own status and code', async () => {
  const { call, logged } = testGateway({ acts: { releasePlan: () => Promise.reject(notHeld) } })
  const response = await call('POST', `/v1/plans/${planId}/release`, { as: 'operator', body: { reason: 'because' } })
  expect(await problemOf(response)).toMatchObject({ status: 409, code: 'plan.not-held', detail: notHeld.message })
  expect(logged).toEqual([])
})

test.each([
  ['POST', `/v1/plans/${planId}/release`, { reason: 'x' }, 'body', 'reason'],
  ['POST', `/v1/plans/${planId}/release`, {}, 'body', 'reason'],
  ['POST', `/v1/plans/${planId}/release`, { reason: 'fine so far', force: true }, 'body', ''],
  ['POST', `/v1/people/${personId}/unlock`, { reason: 'lost card', hours: 0 }, 'body', 'hours'],
  ['POST', `/v1/people/${personId}/lock`, { reason: 'new\nline' }, 'body', 'reason'],
  ['POST', `/v1/archives/${archiveId}/open`, {}, 'body', 'reason'],
  ['POST', `/v1/archives/${archiveId}/destroy`, { reason: 'x' }, 'body', 'reason'],
  ['POST', '/v1/subscriptions/siem/files/..%2Fkeys.csv.sealed/open', { reason: 'looked for' }, 'param', 'file'],
  ['POST', '/v1/archives/..%2Fkeys/open', { reason: 'looked for' }, 'param', 'id'],
  ['GET', '/v1/plans/4711', undefined, 'param', 'id'],
  ['GET', '/v1/plans?limit=0', undefined, 'query', 'limit'],
  ['GET', '/v1/plans?state=open', undefined, 'query', 'state'],
  ['GET', '/v1/plans?sort=x', undefined, 'query', ''],
  ['POST', '/v1/tokens', { name: 'w', role: 'root', days: 3 }, 'body', 'role'],
  ['POST', '/v1/tokens', { name: 'w', role: 'admin', days: 3_000 }, 'body', 'days'],
])('%s %s with %j names the wrong field', async (method, path, body, where, field) => {
  const gateway = testGateway()
  const problem = await problemOf(await gateway.call(method, path, { as: 'admin', body }))
  expect(problem).toMatchObject({ status: 400, code: 'api.invalid' })
  expect(problem.errors?.map((error) => [error.in, error.path])).toContainEqual([where, field])
  expect(gateway.asked).toEqual([])
})

test('what is refused is not repeated', async () => {
  const { call } = testGateway()
  const body = { by: ['Zelda Samplewoman'] }
  const response = await call('POST', '/v1/people/find', { as: 'operator', body })
  expect(await response.text()).not.toContain('Zelda')
})

test('a body that is no JSON, of another type, or too large is refused', async () => {
  const { call, asked } = testGateway()
  const lock = `/v1/people/${personId}/lock`
  expect(await problemOf(await call('POST', lock, { as: 'operator', body: '{"reason":' }))).toMatchObject({
    status: 400,
    code: 'api.malformed',
  })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expect(
    await problemOf(await call('POST', lock, { as: 'operator', body: 'reason=abc', headers: form })),
  ).toMatchObject({
    status: 415,
    code: 'api.not-json',
  })
  const large = JSON.stringify({ reason: 'x'.repeat(64 * 1024) })
  expect(await problemOf(await call('POST', lock, { as: 'operator', body: large }))).toMatchObject({
    status: 413,
    code: 'api.too-large',
  })
  expect(asked).toEqual([])
})

test('an unknown path is a problem document too', async () => {
  expect(await problemOf(await testGateway().call('GET', '/wp-login.php'))).toMatchObject({ status: 404 })
  expect(await problemOf(await testGateway().call('GET', '/v1/nothing', { as: 'viewer' }))).toMatchObject({
    status: 404,
  })
})

test('an unforeseen error shows no inner text and is found in the log by its instance', async () => {
  const inner = new Error('select from person where name = Zelda Samplewoman')
  const { call, logged } = testGateway({ acts: { status: () => Promise.reject(inner) } })
  const response = await call('GET', '/v1/status', { as: 'viewer' })
  const problem = await problemOf(response)
  expect(problem).toMatchObject({ status: 500, code: 'api.failed' })
  expect(JSON.stringify(problem)).not.toContain('Zelda')
  expect(logged).toHaveLength(1)
  expect(JSON.parse(logged[0] ?? '')).toMatchObject({
    event: 'api.failed',
    error: 'Error',
    request: problem.instance.slice('urn:uuid:'.length),
    where: expect.stringMatching(/^src\/api\/app\.error\.test\.ts:\d+$/),
  })
  expect(logged[0]).not.toContain('Zelda')
})

test('tokens that can not be checked open nothing, and the caller may come back', async () => {
  const gateway = testGateway({ authenticate: () => Promise.reject(new Error('connection to db.internal refused')) })
  const response = await gateway.call('GET', '/v1/status', { as: 'admin' })
  expect(await problemOf(response)).toMatchObject({ status: 503, code: 'api.unavailable' })
  expect(response.headers.get('retry-after')).toBe('5')
  expect(gateway.asked).toEqual([])
  expect(gateway.logged.join()).not.toContain('db.internal')
})
