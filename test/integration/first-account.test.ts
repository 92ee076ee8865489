import { expect, test } from 'vitest'
import { everybody, groupOf } from '../../demo/workforce/gateway-config.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import { runInProcess } from '../support/gateway-process.ts'
import { file, firstImport, heldPlan, isIn, statusOf, worker, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const creations = (site: Site, user: string) =>
  site.simulator.requests.find({ user, method: 'POST', path: '^/api/users$' })
const userOf = ({ simulator }: Site, id: string) => simulator.state.user(id)

test('a single joiner at a target without an open account waits, and the plan says why and what to do', async () => {
  await using site = await openSite()
  const gateway = await site.start()
  await site.drop('workers-2026-01-01.csv', file(workers(1)))
  const plan = await heldPlan(gateway, site.token)
  const env = { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN: site.token }
  const { stdout } = await runInProcess(['plan', 'show', plan.id], env)
  expect(stdout).toMatch(/^create +hq +1 +0 +held +no open account$/m)
  expect(stdout.replaceAll('\n', ' ')).toMatch(/Limit 0: no account is open yet at hq, .+ then release the plan\./)
})

test('a mailbox that two people share keeps neither of them out, and is no sign of a stranger', async () => {
  await using site = await openSite()
  const gateway = await site.start()
  const [one, two] = workers(2)
  if (one === undefined || two === undefined) throw new Error('two workers are needed')
  await firstImport(site, gateway, [one, { ...two, email: one.email }])
  await until('the mailbox alone fails', async () => (await statusOf(gateway, site.token)).targets[0]?.failing === 1)
  // Whoever came second was made with the mailbox, which was refused, and then without.
  const made = [one, two].map(({ employeeNumber }) => creations(site, employeeNumber).length)
  expect(made.sort()).toEqual([1, 2])
  expect((await statusOf(gateway, site.token)).targets[0]?.dead).toBe(0)
})

test('an account whose card failed at first is completed, not made again', async () => {
  await using site = await openSite()
  const gateway = await site.start()
  site.simulator.faults.add({ kind: 'http', method: 'POST', path: '^/api/cards$', times: 1 })
  const rows = workers(1)
  await firstImport(site, gateway, rows)
  expect(creations(site, rows[0]?.employeeNumber ?? '')).toHaveLength(1)
})

test('our own unanswered creation is known again though the person has moved since, and what it gave is taken back', async () => {
  await using site = await openSite()
  const { faults } = site.simulator
  const gateway = await site.start()
  await firstImport(site, gateway, workers(10))

  const joiner = worker(20)
  faults.add({ kind: 'drop-after', method: 'POST', path: '^/api/users$', times: 1 })
  const blind = faults.add({ kind: 'http', method: 'GET', path: `^/api/users/${joiner.employeeNumber}$` })
  await site.drop('changes-1.csv', file([joiner]))
  await until('the account is there', () => userOf(site, joiner.employeeNumber) !== null, 20_000)
  await site.drop('changes-2.csv', file([{ ...joiner, department: 'Legal' }]))
  await until('the move is official', async () => {
    const { rows } = await gateway.call<{ rows: PlanView[] }>(site.token, '/v1/plans?state=passed')
    return rows[0]?.kinds.some(({ kind }) => kind === 'revoke')
  })
  expect(userOf(site, joiner.employeeNumber)?.groups).toEqual([everybody, groupOf('Research')])
  faults.remove(blind.id)
  await until(
    'the move is made',
    () => userOf(site, joiner.employeeNumber)?.groups.join() === `${everybody},${groupOf('Legal')}`,
    20_000,
  )
  expect(isIn(site, joiner)).toBe(true)
  expect(creations(site, joiner.employeeNumber)).toHaveLength(1)
})

test('an account of that number that somebody else made stays as it is, and a person is told', async () => {
  await using site = await openSite()
  const [stranger, other] = workers(2)
  if (stranger === undefined || other === undefined) throw new Error('two workers are needed')
  const id = stranger.employeeNumber
  site.simulator.seed({ users: [{ id, name: 'Visitor Placeholder', cards: ['4000000001'] }] })
  const before = userOf(site, id)
  const gateway = await site.start()
  await site.drop('workers-2026-01-01.csv', file([stranger, other]))
  const plan = await heldPlan(gateway, site.token)
  await gateway.call(site.token, `/v1/plans/${plan.id}/release`, { reason: 'first import, checked' })
  await until('one is in', () => isIn(site, other), 20_000)
  await until(
    'the other needs a person',
    async () => (await statusOf(gateway, site.token)).targets[0]?.dead === 1,
    20_000,
  )
  expect(userOf(site, id)).toEqual(before)
})
