import { expect, test } from 'vitest'
import { file, firstImport, heldPlan, isIn, isShutOut, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite } from '../support/site.ts'

test('SIGTERM in the middle of work: what runs is finished or handed back, nothing is lost, and the end comes soon, with code 0', {
  timeout: 120_000,
}, async () => {
  // Slow enough that the work lasts, however late this test hears of what is done.
  await using site = await openSite({ simulator: { latency: { fixedMs: 100 } } })
  const rows = workers(120)
  const first = await site.start()
  await site.drop('workers-2026-01-01.csv', file(rows))
  const plan = await heldPlan(first, site.token)
  await first.call(site.token, `/v1/plans/${plan.id}/release`, { reason: 'first import, checked' })
  const users = (): number => rows.filter((row) => isIn(site, row)).length
  await until('some are in', () => users() >= 20, 40_000)

  const begun = performance.now()
  expect(await first.stop()).toBe(0)
  expect(performance.now() - begun).toBeLessThan(12_000)
  expect(users()).toBeLessThan(rows.length)
  const requests = site.simulator.requests.count
  expect(first.output()).not.toMatch(/"(work\.failed|work\.not-settled|stop\.failed|postgres\.lost)"/)

  site.simulator.setLatency({ fixedMs: 5 })
  const second = await site.start()
  await until('everybody is in', () => users() === rows.length, 60_000)
  // Handed back, not left to run out: nobody was created twice, or asked for again and again.
  const created = site.simulator.requests.find({ method: 'POST', path: '^/api/users$' })
  expect(created.filter(({ status }) => status === 200)).toHaveLength(rows.length)
  expect(requests).toBeGreaterThan(0)
  expect(await second.stop()).toBe(0)
})

test('a leaver who arrives in the last moment before SIGTERM is out, at the latest after the next start', {
  timeout: 60_000,
}, async () => {
  await using site = await openSite({ simulator: { latency: { fixedMs: 40 } } })
  const rows = workers(5)
  const first = await site.start()
  await firstImport(site, first, rows)
  const [leaver] = rows
  if (leaver === undefined) throw new Error('no workers')
  await site.drop('changes-1.csv', file([{ ...leaver, status: 'terminated' }]))
  expect(await first.stop()).toBe(0)
  await site.start()
  await until('the leaver is out', () => isShutOut(site, leaver), 20_000)
})
