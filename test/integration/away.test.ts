/** A door system that is away: its log says so once, and says when it is back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { firstImport, isShutOut, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const people = workers(3)
let site: Site
let gateway: GatewayProcess
beforeAll(async () => {
  site = await openSite()
  gateway = await site.start()
  await firstImport(site, gateway, people)
}, 120_000)
afterAll(async () => {
  await site[Symbol.asyncDispose]()
})

interface Line {
  readonly event: string
  readonly level: string
  readonly code?: string
  readonly where?: string
  readonly count?: number
}

const lines = (): Line[] =>
  gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
const told = (event: string): Line[] => lines().filter((line) => line.event === event)

test('is told of when that begins and when it is over, however often it is tried in between', async () => {
  await gateway.stop()
  site.simulator.faults.add({ kind: 'down' })
  gateway = await site.start()
  // Two lock-outs wait, and are tried once a second.
  for (const row of people.slice(0, 2)) {
    const { id } = await gateway.call<{ id: string }>(site.token, '/v1/people/find', { by: row.employeeNumber })
    await gateway.call(site.token, `/v1/people/${id}/lock`, { reason: 'dismissed' })
  }
  await until('it is noticed', () => told('target.not-reached').length > 0 && told('work.retry').length > 0, 20_000)
  const before = lines().length
  await sleep(8_000)
  const meanwhile = lines().slice(before)
  // Another cause may show, and an alarm comes: but not a line for each try.
  expect(meanwhile.filter(({ level }) => level === 'warn').length).toBeLessThanOrEqual(4)
  const codes = told('work.retry').map(({ code }) => code)
  expect(codes.length).toBeGreaterThan(0)
  expect(new Set(codes).size).toBe(codes.length)

  site.simulator.faults.clear()
  await until('both are out', () => people.slice(0, 2).every((row) => isShutOut(site, row)), 20_000)
  const over = await until('it is told', () => told('work.goes-on')[0])
  expect(over.count).toBeGreaterThan(5)
  await until('it is told', () => told('target.reached').find(({ where }) => where === 'health'), 20_000)
}, 90_000)
