import { expect, test } from 'vitest'
import { everybody, groupOf } from '../../demo/workforce/gateway-config.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { file, firstImport, isIn, isShutOut, statusOf, worker, workers } from '../support/people.ts'
import { startPostgres, startRedis, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const twoMinutes = { timeout: 120_000 }

test(
  'three processes, one role each, on one PostgreSQL and one Redis: a joiner gets in, a leaver out, and a dead worker is followed',
  twoMinutes,
  async () => {
    await using postgres = await startPostgres()
    await using redis = await startRedis()
    await using site = await openSite({ databaseUrl: postgres.url, redisUrl: redis.url })
    const { token } = site
    // Nobody can learn the levels yet: whoever does, later, must not be the only one to know them.
    const { id: outage } = site.simulator.faults.add({ kind: 'down' })
    const [api, scheduler, ...both] = await Promise.all([
      site.start('--roles', 'api'),
      site.start('--roles', 'scheduler'),
      site.start('--roles', 'worker'),
      site.start('--roles', 'worker'),
    ])
    site.simulator.faults.remove(outage)
    expect(await statusOf(api, token)).toMatchObject({ roles: ['api'], queue: { backend: 'redis', ok: true } })
    const rows = workers(12)
    await firstImport(site, api, rows)
    for (const { employeeNumber } of rows)
      expect(site.simulator.state.user(employeeNumber)?.groups).toEqual([everybody, groupOf('Research')])
    const { levels } = await api.call<{ levels: { name: string; usedByRules: boolean }[] }>(token, '/v1/levels')
    expect(levels.filter(({ usedByRules }) => usedByRules)).toHaveLength(13)
    await joinAndLeave(site, 100)

    const leads = (gateway: GatewayProcess): boolean => gateway.output().includes('"target.led"')
    expect(both.filter(leads)).toHaveLength(1)
    const [dying, heir] = both.toSorted((a, b) => Number(leads(b)) - Number(leads(a)))
    await dying?.kill()
    await joinAndLeave(site, 200)
    expect(both.filter(leads)).toHaveLength(2)
    expect(scheduler.output()).toContain('"scheduler.leads"')

    await expect(api.call(token, '/v1/sync', {})).rejects.toMatchObject({ status: 503, code: 'sync.elsewhere' })
    expect(await Promise.all([api.stop(), heir?.stop(), scheduler.stop()])).toEqual([0, 0, 0])
  },
)

/** Somebody new gets in by a file of changes, and leaves by the next. */
async function joinAndLeave(site: Site, index: number): Promise<void> {
  const joiner = worker(index)
  await site.drop(`changes-${index}.csv`, file([joiner]))
  await until('the joiner is in', () => isIn(site, joiner), 20_000)
  expect(site.simulator.state.user(joiner.employeeNumber)?.groups).toEqual([everybody, groupOf('Research')])
  await site.drop(`changes-${index + 1}.csv`, file([{ ...joiner, status: 'terminated' }]))
  await until('the leaver is out', () => isShutOut(site, joiner), 20_000)
}
