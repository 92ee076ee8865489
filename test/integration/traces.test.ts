/** Traces of a whole story, from a file to closed doors, as a collector gets them: whole, connected, and about nobody. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { cardOf, file, firstImport, isShutOut, worker, workers } from '../support/people.ts'
import { startPostgres, startRedis, type TestPostgres, type TestRedis, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let redis: TestRedis
let collector: Collector
let site: Site
/** One reads files and decides; the other writes to the doors. */
let scheduler: GatewayProcess
let api: GatewayProcess
const rows = workers(6)
const [leaver, locked] = rows as [(typeof rows)[0], (typeof rows)[0]]
const secret = 'Bearer planted-for-the-collector'

beforeAll(async () => {
  ;[postgres, redis, collector] = await Promise.all([startPostgres(), startRedis(), startCollector()])
  site = await openSite({ databaseUrl: postgres.url, redisUrl: redis.url })
  await writeFile(join(site.directory, 'collector-header'), secret, { mode: 0o600 })
  await site.configure((config) =>
    Object.assign(config, {
      telemetry: { traces: { endpoint: collector.url, headers: { authorization: `$\{file:collector-header}` } } },
    }),
  )
  api = await site.start('--roles', 'api,worker')
  scheduler = await site.start('--roles', 'scheduler')
  await firstImport(site, api, rows)
  await site.drop(
    'changes-1.csv',
    file([
      { ...leaver, status: 'terminated', end: '2020-01-31' },
      { ...worker(40), start: 'Placeholder-Day' },
    ]),
  )
  await until('the leaver is out', () => isShutOut(site, leaver))
  const { id } = await api.call<{ id: string }>(site.token, '/v1/people/find', { by: locked.employeeNumber })
  await api.call(site.token, `/v1/people/${id}/lock`, { reason: 'planted reason' })
  await until('the other is out', () => isShutOut(site, locked))
  await scheduler.end()
  await api.end()
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await Promise.all([collector, postgres, redis].map((each) => each[Symbol.asyncDispose]()))
})

const named = (name: string) => collector.spans().filter((span) => span.name === name)
const parentOf = (span: CollectedSpan) => collector.spans().find(({ spanId }) => spanId === span.parentSpanId)

test('every step shows, with what it came to', () => {
  const names = new Set(collector.spans().map(({ name }) => name))
  // A read before a write is made when something was there before.
  names.delete('account.read')
  expect([...names].sort()).toEqual([
    'account.read-back',
    'account.run',
    'account.write',
    'claim',
    'lock-out',
    'outbox.drain',
    'plan',
    'plan.apply',
    'pull',
    'pull.page',
    'request',
    'resolve',
    'settle',
    'wake-up',
  ])
  expect(named('pull').map(({ attributes }) => attributes)).toContainEqual({
    ...{ 'gatehouse.source': 'hr', 'gatehouse.outcome': 'taken', 'gatehouse.records': rows.length },
    ...{ 'gatehouse.changed': rows.length, 'gatehouse.problems': 0, 'gatehouse.missing': 0 },
  })
  expect(named('request').map(({ attributes }) => attributes)).toContainEqual({
    ...{ 'gatehouse.target': 'hq', 'http.request.method': 'PUT', 'url.template': '/api/users/:id' },
    ...{ 'http.response.status_code': 200, 'gatehouse.slot_ms': expect.any(Number) },
  })
  expect(named('request').filter(({ attributes }) => attributes['url.template'] === undefined)).toEqual([])
  expect(named('account.run').map(({ attributes }) => attributes)).toContainEqual(
    expect.objectContaining({
      'gatehouse.lane': 'urgent',
      'gatehouse.outcome': 'proven',
      'gatehouse.requests': expect.any(Number),
    }),
  )
  for (const span of collector.spans())
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano))
})

test('one trace runs from the arrival of a delivery to the proof of the lock-out, through both processes', () => {
  const lockout = named('lock-out').find(
    ({ attributes }) => attributes['gatehouse.cause'] === 'record',
  ) as CollectedSpan
  expect(lockout.attributes).toMatchObject({ 'gatehouse.target': 'hq', 'gatehouse.proof': 'read-back' })
  const trace = collector.spans().filter(({ traceId }) => traceId === lockout.traceId)
  const [pull] = trace.filter(({ name }) => name === 'pull') as [CollectedSpan]
  const [run] = trace.filter(({ name }) => name === 'account.run') as [CollectedSpan]
  expect(parentOf(lockout)?.name).toBe('resolve')
  expect(parentOf(run)?.name).toBe('resolve')
  expect(parentOf(parentOf(run) as CollectedSpan)?.name).toBe('pull.page')
  expect(pull.parentSpanId).toBeUndefined()
  expect(pull.startTimeUnixNano).toBe(lockout.startTimeUnixNano)
  for (const step of ['account.write', 'account.read-back', 'request'])
    expect(trace.filter(({ name }) => name === step).length, step).toBeGreaterThan(0)
  // What woke the worker is another trace, which the run names.
  expect(run.links.map(({ spanId }) => collector.spans().find((span) => span.spanId === spanId)?.name)).toEqual([
    'wake-up',
  ])
  const settled = named('settle').flatMap(({ links }) => links.map(({ spanId }) => spanId))
  expect(settled).toContain(run.spanId)
})

test('a lock-out by an operator is in the trace of its run', () => {
  const lockout = named('lock-out').find(
    ({ attributes }) => attributes['gatehouse.cause'] === 'operator',
  ) as CollectedSpan
  expect(parentOf(lockout)?.name).toBe('account.run')
})

test('nothing about anybody leaves the process, and no secret but to the collector itself', () => {
  // Times and random numbers could hold any digits.
  const bodies = collector.received
    .map(({ body }) =>
      body.replaceAll(/"(traceId|spanId|parentSpanId|startTimeUnixNano|endTimeUnixNano)":"[0-9a-f]+"/g, ''),
    )
    .join('\n')
  for (const row of [...rows, worker(40)])
    for (const planted of [
      row.familyName,
      row.email ?? row.familyName,
      row.employeeNumber,
      row.personId,
      row.workerId,
      cardOf(row),
    ])
      expect(bodies).not.toContain(planted)
  for (const planted of [
    'planted',
    'Placeholder',
    site.simulator.password,
    'Test Operator',
    'Main entrance',
    'Research',
  ])
    expect(bodies).not.toContain(planted)
  // The one id is that of the process.
  const ids = new Set(bodies.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g))
  expect(ids.size).toBe(2)
  for (const { path, headers } of collector.received)
    expect([path, headers.authorization, headers['content-type']]).toEqual(['/v1/traces', secret, 'application/json'])
  expect(site.said.join('')).not.toContain('planted')
})
