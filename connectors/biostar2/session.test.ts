/** Proves that one login serves all calls, and that a refused one is never tried again. */
import { expect, test } from 'vitest'
import { type HttpRequest, type HttpResponse, noCalls } from '../../src/connector/http.ts'
import { Session } from './session.ts'
import { never } from './testing.ts'

type Reply = { status?: number; code?: string; session?: string; body?: object; text?: string }
type Script = (request: HttpRequest, n: number, signal: AbortSignal) => Reply | Promise<Reply>

function scripted(script: Script) {
  const requests: HttpRequest[] = []
  let now = new Date('2026-11-23T12:00:00Z')
  const logged: string[] = []
  const session = new Session(
    {
      http: {
        ...noCalls,
        async request(request, signal): Promise<HttpResponse> {
          requests.push(request)
          const { status = 200, code = '0', session: id, body, text } = await script(request, requests.length, signal)
          const headers = id === undefined ? {} : { 'bs-session-id': id }
          return {
            status,
            headers,
            text: text ?? JSON.stringify({ User: { user_id: '9' }, ...body, Response: { code } }),
          }
        },
      },
      log: (_level, event) => logged.push(event),
      now: () => now,
    },
    { loginId: 'gate', password: 'made-up' },
  )
  return {
    session,
    logged,
    paths: () => requests.map(({ path }) => path),
    requests,
    get: () => session.request({ method: 'GET', path: '/x' }, never),
    wait: (ms: number) => {
      now = new Date(now.getTime() + ms)
    },
  }
}

const isLogin = (request: HttpRequest) => request.path === '/api/login'

test('calls at the same time share one login, and later ones its session', async () => {
  const { get, paths, requests } = scripted((request) => (isLogin(request) ? { session: 'a'.repeat(32) } : {}))
  await Promise.all([get(), get(), get()])
  await get()
  expect(paths()).toEqual(['/api/login', '/x', '/x', '/x', '/x'])
  expect(requests[1]?.headers?.['bs-session-id']).toBe('a'.repeat(32))
})

test.each([
  [{ status: 401, code: '10' }],
  [{ status: 401, code: '11' }],
  [{ status: 401, code: '999' }],
  [{ status: 200, code: '10' }],
])('a dead session (%j) is renewed and the call repeated', async (dead) => {
  let logins = 0
  const { get, paths } = scripted((request) => {
    if (isLogin(request)) return { session: `session-${++logins}` }
    return request.headers?.['bs-session-id'] === 'session-1' ? dead : {}
  })
  expect((await get()).status).toBe(200)
  expect(paths()).toEqual(['/api/login', '/x', '/api/login', '/x'])
})

test('a call that is answered with 401 again is not repeated a second time', async () => {
  const { get, paths } = scripted((request) => (isLogin(request) ? { session: 's' } : { status: 401, code: '10' }))
  expect((await get()).status).toBe(401)
  expect(paths()).toEqual(['/api/login', '/x', '/api/login', '/x'])
})

test.each([
  [{ status: 400, code: '101' }],
  [{ status: 200, code: '121' }],
  [{ status: 403, code: '20' }],
  [{ status: 401, code: '10' }],
  [{ status: 400, code: '98765' }],
])('a refused login (%j) is remembered: the account is never hammered', async (refusal) => {
  const { get, paths, wait } = scripted(() => refusal)
  for (let call = 0; call < 3; call++) {
    await expect(get()).rejects.toMatchObject({ kind: 'unauthenticated', code: 'biostar2.login-refused' })
    wait(3_600_000)
  }
  expect(paths()).toEqual(['/api/login'])
})

test('a login that is blocked for too many tries waits as long as it is told, then tries again', async () => {
  let blocked = true
  const { get, paths, wait } = scripted((request) =>
    isLogin(request) ? (blocked ? { status: 400, code: '113' } : { session: 's' }) : {},
  )
  await expect(get()).rejects.toMatchObject({
    kind: 'throttled',
    code: 'biostar2.login-blocked',
    retryAfterMs: 600_000,
  })
  wait(400_000)
  await expect(get()).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 200_000 })
  expect(paths()).toHaveLength(1)
  wait(200_000)
  blocked = false
  await get()
  expect(paths()).toEqual(['/api/login', '/api/login', '/x'])
})

test.each([
  ['a fault of the server', { status: 500, code: '4' }],
  ['a fault that is said with 400', { status: 400, code: '4' }],
  ['an account in use elsewhere', { status: 400, code: '2' }],
  ['a busy server', { status: 400, code: '1700' }],
  ['a page of the web server in front', { status: 404, text: '<html>not found</html>' }],
  ['a page that hides the login', { status: 401, text: '<html>not now</html>' }],
  ['a login without a session', {}],
])('%s at login is tried again with the next call', async (_title, fault) => {
  const { get, paths } = scripted((request, n) => (isLogin(request) ? (n === 1 ? fault : { session: 's' }) : {}))
  await expect(get()).rejects.toMatchObject({ kind: 'transient' })
  await get()
  expect(paths()).toEqual(['/api/login', '/api/login', '/x'])
})

test('a caller who gives up does not take the login from the others', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { session, get } = scripted(async (request) => {
    if (!isLogin(request)) return {}
    await gate
    return { session: 's' }
  })
  const givingUp = new AbortController()
  const first = session.request({ method: 'GET', path: '/x' }, givingUp.signal)
  const second = get()
  givingUp.abort(new Error('a lock-out came'))
  await expect(first).rejects.toThrow('a lock-out came')
  open()
  expect((await second).status).toBe(200)
})

test('closing logs out, once, and ends later calls', async () => {
  const { session, get, paths, logged } = scripted((request) => (isLogin(request) ? { session: 's' } : {}))
  await get()
  await session.close()
  await session.close()
  expect(paths().at(-1)).toBe('/api/logout')
  await expect(get()).rejects.toMatchObject({ code: 'biostar2.closed' })
  expect(paths()).toHaveLength(3)
  expect(logged).toEqual([])
})

test('closing without a session asks nothing, and a failing logout is only logged', async () => {
  const unused = scripted(() => ({}))
  await unused.session.close()
  expect(unused.paths()).toEqual([])
  const failing = scripted((request) =>
    isLogin(request) ? { session: 's' } : request.path === '/api/logout' ? { status: 500, code: '4' } : {},
  )
  await failing.get()
  await failing.session.close()
  expect(failing.logged).toEqual(['session.logout-failed'])
})
