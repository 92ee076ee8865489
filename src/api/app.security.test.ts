import { expect, test } from 'vitest'
import { type Role, roles } from '../auth/actor.ts'
import { AuthError } from '../auth/auth-error.ts'
import { testGateway, tokens } from './gateway.fixture.ts'

interface Operation {
  readonly security?: readonly unknown[]
  readonly 'x-gatehouse-role'?: Role
}

const { paths } = (await (await testGateway().call('GET', '/openapi.json')).json()) as {
  paths: Record<string, Record<string, Operation>>
}
const open = ['/livez', '/readyz']
const closed = Object.entries(paths)
  .filter(([path]) => !open.includes(path))
  .flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path
        .replace('{id}', '0b0f3a9e-6a3f-4f0c-9d5e-0000000000aa')
        .replace('{n}', '7')
        .replace('{target}', 'hq')
        .replace('{source}', 'hr'),
      role: operation['x-gatehouse-role'] as Role,
      operation,
    })),
  )

/** Viewer, operator and admin hold the rights of those before them; the two sides hold their own, and an admin may cross. */
function mayUse(role: Role, needed: Role): boolean {
  const ranks = ['viewer', 'operator', 'admin']
  if (!ranks.includes(needed)) return role === needed || role === 'admin'
  return ranks.indexOf(role) >= ranks.indexOf(needed)
}

test('every path but the probes declares that it needs a token, and which role', () => {
  expect(closed.length).toBeGreaterThan(25)
  for (const { operation, role } of closed) {
    expect(operation.security).toEqual([{ token: [] }])
    expect(roles).toContain(role)
  }
})

test.each(closed)('$method $path without a token is refused with a challenge', async ({ method, path }) => {
  const gateway = testGateway()
  for (const headers of [{}, { authorization: 'Basic dmlld2VyOg==' }, { authorization: 'Bearer' }]) {
    const response = await gateway.call(method, path, { headers: headers as Record<string, string> })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="gatehouse"')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  }
  const inUrl = await gateway.call(method, `${path}?access_token=${tokens.admin}`)
  expect(inUrl.status).toBe(401)
  expect(gateway.asked).toEqual([])
})

test.each(closed)('$method $path with an expired or unknown token is refused', async ({ method, path }) => {
  const gateway = testGateway()
  const response = await gateway.call(method, path, { headers: { authorization: 'Bearer expired' } })
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
  expect(gateway.asked).toEqual([])
})

test.each(closed)(
  '$method $path is refused to every role but $role and those above it',
  async ({ method, path, role }) => {
    const gateway = testGateway()
    for (const other of roles.filter((each) => !mayUse(each, role))) {
      const response = await gateway.call(method, path, { as: other })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ code: 'api.forbidden', status: 403 })
    }
    expect(gateway.asked).toEqual([])
    // Refused for another reason, or not at all: the role is enough.
    const response = await gateway.call(method, path, { as: role })
    expect([401, 403]).not.toContain(response.status)
  },
)

test('a flood of unknown tokens is told to wait', async () => {
  const gateway = testGateway({ authenticate: () => Promise.reject(new AuthError('auth.too-many-attempts')) })
  const response = await gateway.call('GET', '/v1/status', { as: 'viewer' })
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2'])
})

test('one subject that asks too fast waits, and the others do not', async () => {
  const gateway = testGateway({ limits: { bodyBytesMax: 1024, rate: { burst: 2, perSecond: 0.001 } } })
  const statuses = []
  for (let i = 0; i < 3; i++) statuses.push((await gateway.call('GET', '/v1/status', { as: 'viewer' })).status)
  expect(statuses).toEqual([200, 200, 429])
  expect((await gateway.call('GET', '/v1/status', { as: 'operator' })).status).toBe(200)
})

test('a page that points its own name at this machine reaches nothing', async () => {
  const gateway = testGateway({ hosts: ['localhost', '127.0.0.1', '[::1]'] })
  const withHost = (host: string) => gateway.call('GET', '/v1/status', { as: 'viewer', headers: { host } })
  expect((await withHost('evil.example:7400')).status).toBe(421)
  expect((await withHost('localhost.evil.example')).status).toBe(421)
  expect((await withHost('127.0.0.1@evil.example')).status).toBe(421)
  expect(gateway.asked).toEqual([])
  expect((await withHost('localhost:7400')).status).toBe(200)
  expect((await withHost('[::1]:7400')).status).toBe(200)
})

test('no answer may be stored, framed, sniffed or read by another origin', async () => {
  const { call } = testGateway()
  const headers = { origin: 'https://evil.example' }
  for (const response of [
    await call('GET', '/v1/status', { as: 'viewer', headers }),
    await call('GET', '/v1/status'),
  ]) {
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  }
  const preflight = await call('OPTIONS', '/v1/status', { headers })
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
})
