/** How many connections to the database one process takes that does everything, at its busiest. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { type BiostarSimulator, startBiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import { doorSystem, groups, policyFor } from '../../demo/workforce/gateway-config.ts'
import { file, heldPlan, statusOf, workers } from '../support/people.ts'
import { startPostgres, until } from '../support/servers.ts'
import { openSite } from '../support/site.ts'

test('one process with all roles and twenty targets, its queues on PostgreSQL too, stays under twenty', {
  timeout: 240_000,
}, async () => {
  await using postgres = await startPostgres()
  await using site = await openSite({ databaseUrl: postgres.url })
  const others = await Promise.all(Array.from({ length: 19 }, (_, at) => doors(at)))
  const watcher = new pg.Client({ ...postgres.admin, application_name: 'watcher' })
  await watcher.connect()
  let most = 0
  const watching = new AbortController()
  const watch = (async () => {
    while (!watching.signal.aborted) {
      const { rows } = await watcher.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where backend_type = 'client backend' and application_name <> 'watcher'`,
      )
      most = Math.max(most, rows[0]?.count ?? 0)
      await sleep(10)
    }
  })()
  try {
    for (const [at, simulator] of others.entries())
      await writeFile(join(site.directory, `password-${at}`), simulator.password, { mode: 0o600 })
    await site.configure((config) => {
      const [hq] = Object.values(config.targets)
      for (const [at, simulator] of others.entries()) {
        const settings = { ...doorSystem(simulator), password: `\${file:./password-${at}}` }
        Object.assign(config.targets, { [`doors-${at}`]: { ...hq, settings } })
        config.policy.push(...policyFor(`doors-${at}`))
      }
    })
    const gateway = await site.start()
    const people = workers(30)
    await site.drop('workers-2026-01-01.csv', file(people))
    const { id } = await heldPlan(gateway, site.token)
    await gateway.call(site.token, `/v1/plans/${id}/release`, { reason: 'first import, checked' })
    // Operators and monitoring ask meanwhile.
    const asked = Promise.all(Array.from({ length: 40 }, () => statusOf(gateway, site.token)))
    await until(
      'everybody is in everywhere',
      async () => (await statusOf(gateway, site.token)).targets.every(({ accounts }) => accounts === people.length),
      180_000,
    )
    await asked
    await site.drop(
      'changes-1.csv',
      file(people.slice(0, 10).map((row) => ({ ...row, status: 'terminated' as const }))),
    )
    await until(
      'the leavers are out',
      async () => (await statusOf(gateway, site.token)).lockouts.proven24h === 200,
      60_000,
    )
    await gateway.stop()
  } finally {
    watching.abort()
    await watch
    await watcher.end()
    await Promise.all(others.map((simulator) => simulator.close()))
  }
  expect(most).toBeGreaterThan(5)
  // With the embedded server there is one more: it holds the lock on the data folder.
  expect(most + 1).toBeLessThan(20)
})

async function doors(seed: number): Promise<BiostarSimulator> {
  const simulator = await startBiostarSimulator({
    ...{ levels: groups.map((name) => ({ name, doors: [name] })), latency: { fixedMs: 5 }, deviceDelayMs: 0, seed },
  })
  simulator.changeSettings({ use_alphanumeric: true })
  return simulator
}
