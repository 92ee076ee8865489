/** A company whose doors are Nedap AEOS: what HR writes and operators order is true at its doors, and proven by reading back. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AeosSimulator, startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import { aeosDoors } from '../../demo/aeos-doors.ts'
import { everybody, groupOf, groups, policyFor } from '../../demo/workforce/gateway-config.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { cardOf, file, heldPlan, worker, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const rows = workers(12)
const [leaver, dismissed, loser] = rows as readonly [WorkerRow, WorkerRow, WorkerRow]
const contractor = worker(40, { kind: 'contingent' })
let aeos: AeosSimulator
let site: Site
let gateway: GatewayProcess

beforeAll(async () => {
  aeos = await startAeosSimulator({
    templates: groups.map((name) => ({ name, entrances: [name] })),
    latency: { fixedMs: 5 },
    zone: 'Europe/Berlin',
  })
  site = await openSite()
  const { configuration, secret } = aeosDoors(aeos, 'plant')
  await writeFile(join(site.directory, secret.file), secret.value, { mode: 0o600 })
  await site.configure((config) => {
    const plant = { ...configuration, mode: 'enabled', requests_per_second: 1000 }
    Object.assign(config, { targets: { plant }, policy: policyFor('plant') })
  })
  gateway = await site.start()
}, 120_000)
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await aeos.close()
})

const carriers = (row: WorkerRow) => aeos.state.withPersonnelNo(row.employeeNumber)
const opens = (badge: string, entrance = everybody) => aeos.swipe({ badge, entrance }).granted
const idOf = async (row: WorkerRow) =>
  (await gateway.call<{ id: string }>(site.token, '/v1/people/find', { by: row.employeeNumber })).id

/** The lock-out of this person, once it is proven. */
async function proven(person: string) {
  interface Lockout {
    readonly provenAt: string | null
    readonly proof: string | null
    readonly target: string
  }
  return until('it is proven', async () => {
    const path = `/v1/lockouts?person=${person}&state=proven`
    return (await gateway.call<{ rows: readonly Lockout[] }>(site.token, path)).rows[0]
  })
}

function expectOut(row: WorkerRow): void {
  for (const { blocked, badges, opens: entrances } of carriers(row)) {
    expect({ blocked, entrances }).toEqual({ blocked: true, entrances: [] })
    expect(badges.every((badge) => badge.blocked)).toBe(true)
  }
  expect(opens(cardOf(row))).toBe(false)
}

test('joiners get in where their department works, once the first plan is released', async () => {
  await site.drop('workers-2026-01-01.csv', file([...rows, contractor]))
  const { id } = await heldPlan(gateway, site.token)
  expect(aeos.state.carrierCount).toBe(0)
  await gateway.call(site.token, `/v1/plans/${id}/release`, { reason: 'first import, checked' })
  await until('everybody is in', () => [...rows, contractor].every((row) => opens(cardOf(row))), 30_000)
  const research = groupOf('Research')
  await until('with all their rights', () => [...rows, contractor].every((row) => opens(cardOf(row), research)))
  expect(opens(cardOf(leaver), groupOf('Legal'))).toBe(false)
  expect(carriers(contractor)).toMatchObject([{ kind: 'Contractor' }])
  expect(carriers(leaver)).toMatchObject([{ kind: 'Employee', readOnly: false }])
})

test('a contractor who is employed becomes another carrier with the same card; the earlier one is shut for good', async () => {
  await site.drop('changes-1.csv', file([{ ...contractor, kind: 'employee', department: 'Legal' }]))
  const badge = cardOf(contractor)
  await until('the move is made', () => opens(badge, groupOf('Legal')), 20_000)
  await until('what they had is taken', () => !opens(badge, groupOf('Research')), 20_000)
  expect(carriers(contractor)).toMatchObject([
    { kind: 'Contractor', blocked: true, badges: [], opens: [] },
    { kind: 'Employee', blocked: false, badges: [{ number: badge, status: 1 }] },
  ])
})

test('who is locked by hand is out, proven by reading back, and gets in again when that is lifted', async () => {
  const id = await idOf(dismissed)
  const { opens: before } = carriers(dismissed)[0] ?? {}
  await gateway.call(site.token, `/v1/people/${id}/lock`, { reason: 'incident 17' })
  expect(await proven(id)).toMatchObject({ target: 'plant', proof: 'read-back' })
  expectOut(dismissed)
  await gateway.call(site.token, `/v1/people/${id}/unlock`, { reason: 'cleared up', hours: 1 })
  await until('they are in', () => opens(cardOf(dismissed)), 20_000)
  await until('with what they had', () => carriers(dismissed)[0]?.opens.join() === before?.join())
  expect(carriers(dismissed)).toMatchObject([{ blocked: false, leave: null }])
})

test('a second card opens beside the first; a lost one is blocked and opens nothing, and the other goes on', async () => {
  const id = await idOf(loser)
  const second = { card: 'H10301:99:4242', badge: String(99 * 65_536 + 4242) }
  await gateway.call(site.token, `/v1/people/${id}/cards`, { card: second.card, reason: 'a second one' })
  await until('both open', () => opens(second.badge) && opens(cardOf(loser)), 20_000)
  const lost = { card: `H10301:${loser.cardFacility}:${loser.cardNumber}`, reason: 'left in a train' }
  const { lockouts } = await gateway.call<{ lockouts: string[] }>(site.token, '/v1/cards/lose', lost)
  const { provenAt } = await until('it is proven', async () => {
    const shown = await gateway.call<{ provenAt: string | null }>(site.token, `/v1/lockouts/${lockouts[0]}`)
    return shown.provenAt === null ? null : shown
  })
  expect(provenAt).not.toBeNull()
  expect([opens(cardOf(loser)), opens(second.badge)]).toEqual([false, true])
  expect(carriers(loser)).toMatchObject([{ blocked: false }])
})

test('a leaver is out at once, every card blocked and the leave date over, proven by reading back', async () => {
  const at = Date.now()
  await site.drop('changes-2.csv', file([{ ...leaver, status: 'terminated' }]))
  await until('they are out', () => !opens(cardOf(leaver)), 20_000)
  const lockout = await proven(await idOf(leaver))
  expect(lockout).toMatchObject({ target: 'plant', proof: 'read-back' })
  expectOut(leaver)
  const [carrier] = carriers(leaver)
  // To the second, as AEOS keeps it.
  expect(Date.parse(carrier?.leave ?? '')).toBeGreaterThan(at - 2000)
  expect(Date.parse(carrier?.leave ?? '')).toBeLessThanOrEqual(Date.parse(lockout.provenAt ?? ''))
  // The rights stay, so that a mistake can be taken back.
  expect(carrier?.authorisations.length).toBeGreaterThan(0)
})
