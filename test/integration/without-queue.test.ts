/** What an operator does by name while Redis is away: nothing of it waits for the queue store, whichever process works. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LockoutView } from '../../src/api/acts/lockouts.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { firstImport, isIn, isShutOut, statusOf, workers } from '../support/people.ts'
import { startPostgres, startRedis, type TestPostgres, type TestRedis, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const rows = workers(8)
const reason = 'checked by phone'
type Worker = (typeof rows)[0]

describe.each([
  ['one process with all roles', [[]]],
  [
    'a process for each role',
    [
      ['--roles', 'api'],
      ['--roles', 'worker'],
      ['--roles', 'scheduler'],
    ],
  ],
])('%s', (_what, processes) => {
  let postgres: TestPostgres
  let redis: TestRedis
  let site: Site
  let api: GatewayProcess
  beforeAll(async () => {
    ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
    site = await openSite({ databaseUrl: postgres.url, redisUrl: redis.url })
    const gateways = await Promise.all(processes.map((args) => site.start(...args)))
    api = gateways[0] as GatewayProcess
    await firstImport(site, api, rows)
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await Promise.all([postgres?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  })

  const act = <T>(path: string, body: object = {}) => api.call<T>(site.token, path, { reason, ...body })
  const idOf = async ({ employeeNumber }: Worker) =>
    (await api.call<{ id: string }>(site.token, '/v1/people/find', { by: employeeNumber })).id

  /** Locks, and returns the ms from the act to the proof. */
  async function lock(who: Worker): Promise<number> {
    const { lockouts } = await act<{ lockouts: string[] }>(`/v1/people/${await idOf(who)}/lock`)
    const proven = await until(
      'it is proven',
      async () => {
        const lockout = await api.call<LockoutView>(site.token, `/v1/lockouts/${lockouts[0]}`)
        return lockout.provenAt === null ? null : lockout
      },
      10_000,
    )
    expect(isShutOut(site, who)).toBe(true)
    return Date.parse(proven.provenAt as string) - Date.parse(proven.arrivedAt)
  }

  test('a lock-out is proven within 1.5 s, while Redis is killed and while it hangs; no account is worked on twice at once', {
    timeout: 60_000,
  }, async () => {
    const [first, second, third] = rows as [Worker, Worker, Worker]
    await redis.kill()
    await until('it is noticed', async () => !(await statusOf(api, site.token)).queue.ok)
    const requests = site.simulator.requests.count
    expect(await lock(first)).toBeLessThan(1_500)
    expect(await lock(second)).toBeLessThan(1_500)
    // Five requests at most for each, as with a queue; and the keep-alive of a session.
    expect(site.simulator.requests.count - requests).toBeLessThanOrEqual(12)
    await redis.start()
    await until('it is back', async () => (await statusOf(api, site.token)).queue.ok, 20_000)
    redis.freeze()
    try {
      expect(await lock(third)).toBeLessThan(1_500)
    } finally {
      redis.thaw()
    }
  })

  test('pause, resume, freeze and unlock are done as ever', { timeout: 60_000 }, async () => {
    const [first, , , fourth] = rows as [Worker, Worker, Worker, Worker]
    await redis.kill()
    await act('/v1/targets/hq/pause')
    await act(`/v1/people/${await idOf(fourth)}/lock`)
    await act('/v1/freeze')
    expect((await statusOf(api, site.token)).targets[0]).toMatchObject({
      pausedBecause: 'target.paused-by-hand',
      frozenSince: expect.any(String),
      urgentWaiting: 1,
    })
    expect(isShutOut(site, fourth)).toBe(false)
    await act('/v1/targets/hq/resume')
    await until('the lock-out that waited is done', () => isShutOut(site, fourth), 2_500)
    await act(`/v1/people/${await idOf(first)}/unlock`, { hours: 1 })
    await act('/v1/unfreeze')
    await redis.start()
    await until('whoever was let in is in', () => isIn(site, first), 20_000)
  })
})
