import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRedis, type TestRedis } from '../test/support/servers.ts'
import { checkRedis } from './check-redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis('--maxmemory', '64mb')
})
afterAll(() => redis[Symbol.asyncDispose]())

test('a Redis that never evicts passes, with its facts', async () => {
  const { problems, facts } = await checkRedis(redis.url)
  expect(problems).toEqual([])
  expect(facts).toMatchObject({
    address: redis.url,
    tls: false,
    password: false,
    evictionPolicy: 'noeviction',
    role: 'master',
  })
  expect(facts.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(facts.memoryMaxBytes).toBe(64 * 1024 * 1024)
})

test('any eviction policy but noeviction is refused', async () => {
  await using evicting = await startRedis('--maxmemory-policy', 'allkeys-lru')
  const { problems } = await checkRedis(evicting.url)
  expect(problems).toEqual([expect.stringContaining('maxmemory-policy is allkeys-lru')])
})

test('a refused login is named without the password', async () => {
  await using locked = await startRedis('--requirepass', 'right-pass-word')
  const result = await checkRedis(locked.url.replace('//', '//:wrong-pass-word@'))
  expect(result.problems).toEqual([expect.stringContaining('refuses the login')])
  expect(JSON.stringify(result)).not.toContain('pass-word')
  expect((await checkRedis(locked.url.replace('//', '//:right-pass-word@'))).problems).toEqual([])
})

test('a Redis that is not there is a problem within 5 s, not an exception', async () => {
  const { problems } = await checkRedis('redis://gatehouse:pass-word@127.0.0.1:1')
  expect(problems).toEqual([expect.stringMatching(/^Redis at redis:\/\/127\.0\.0\.1:1: it does not answer/)])
})

test('an address without encryption beyond this machine is pointed out', async () => {
  // No address of loopback by its looks, though it leads there.
  const { hints } = await checkRedis(redis.url.replace('//127.0.0.1', '//:pass-word@0.0.0.0'))
  expect(hints).toEqual([expect.stringContaining('is not encrypted')])
})

test.each(['', 'localhost:6379', 'http://localhost', 'postgres://:pass-word@localhost'])(
  '%j is no Redis address',
  async (url) => {
    const result = await checkRedis(url)
    expect(result.problems).toEqual([expect.stringContaining('REDIS_URL is not')])
    expect(JSON.stringify(result)).not.toContain('pass-word')
  },
)
