/** An edit of the configuration as an operator meets it: nothing of it counts until it is released, and then all of it does, everywhere. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startBiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import { everybody, groupOf, groups } from '../../demo/workforce/gateway-config.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import { configurationOf, countedProposal, releaseProposal } from '../support/configuration.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { file, firstImport, isIn, isShutOut, statusOf, worker, workers } from '../support/people.ts'
import { startPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const twoMinutes = { timeout: 120_000 }
const legal = `hq/${groupOf('Legal')}`

const alarmsOf = async (gateway: GatewayProcess, token: string): Promise<string[]> =>
  (await statusOf(gateway, token)).alarms.map(({ code }) => code)
const groupsOf = ({ simulator }: Site, number: string) => simulator.state.user(number)?.groups.toSorted()
/** Everybody of Research gets the doors of Legal as well. */
const widen = (site: Site) =>
  site.configure((config) => {
    for (const rule of config.policy) if (rule.to.includes('"Research"')) rule.grant.push(legal)
  })
const counts = [groupOf('Research'), everybody].toSorted()
const widened = [groupOf('Research'), groupOf('Legal'), everybody].toSorted()

test('an edited rule changes nobody until it is released, and then exactly those it is about', twoMinutes, async () => {
  await using site = await openSite()
  const { token } = site
  const rows = workers(10)
  const first = await site.start()
  await firstImport(site, first, rows)
  expect((await configurationOf(first, token)).proposed).toBeNull()
  expect(await first.stop()).toBe(0)
  expect(first.output()).not.toContain('config.file-differs')
  await widen(site)
  const gateway = await site.start()
  expect(gateway.output()).toContain('config.file-differs')
  const proposed = await countedProposal(gateway, token)
  expect(proposed).toMatchObject({
    version: 2,
    obstacles: [],
    effect: { people: 10, accounts: 10, kinds: [{ kind: 'grant', target: 'hq', accounts: 10 }] },
  })
  expect(proposed.edits).toEqual([
    { path: expect.stringMatching(/^policy\[\d+\]\.grant\[1\]$/), before: null, after: JSON.stringify(legal) },
  ])
  expect(await alarmsOf(gateway, token)).toContain('config.proposed')
  const { rows: plans } = await gateway.call<{ rows: PlanView[] }>(token, '/v1/plans?state=held')
  expect(plans.map(({ origin, total }) => [origin, total])).toEqual([['configuration', 10]])
  // Who comes meanwhile is treated by the rules in force.
  const joiner = worker(50)
  await site.drop('changes-50.csv', file([joiner]))
  await until('the joiner is in', () => isIn(site, joiner), 20_000)
  for (const { employeeNumber } of [...rows, joiner]) expect(groupsOf(site, employeeNumber)).toEqual(counts)

  await releaseProposal(gateway, token)
  const plan = await until('what follows is a plan', async () => {
    const { rows: all } = await gateway.call<{ rows: PlanView[] }>(token, '/v1/plans?state=held')
    return all.find(({ origin }) => origin === 'policy')
  })
  // The brakes hold it: the release of the rule is not the release of what follows from it.
  expect(plan.total).toBe(11)
  await gateway.call(token, `/v1/plans/${plan.id}/release`, { reason: 'as counted' })
  await until('everybody has the new group', () =>
    [...rows, joiner].every(({ employeeNumber }) => groupsOf(site, employeeNumber)?.length === widened.length),
  )
  for (const { employeeNumber } of [...rows, joiner]) expect(groupsOf(site, employeeNumber)).toEqual(widened)
  expect(await alarmsOf(gateway, token)).not.toContain('config.proposed')
  expect(gateway.output()).not.toMatch(/"(stop\.failed|scheduler\.failed|config\.not-\w+)"/)
})

test(
  'a target that is moved hears nothing before the release, and the old one nothing after it; a leaver is not kept waiting',
  twoMinutes,
  async () => {
    await using site = await openSite()
    const { token } = site
    const rows = workers(6)
    const first = await site.start()
    await firstImport(site, first, rows)
    const elsewhere = await startBiostarSimulator({
      levels: groups.map((name) => ({ name, doors: [name] })),
      ...{ password: site.simulator.password, seed: 2 },
    })
    try {
      elsewhere.changeSettings({ use_alphanumeric: true })
      await site.configure(({ targets }) => {
        targets.hq.settings.url = elsewhere.url
        targets.hq.settings.fingerprint256 = elsewhere.fingerprint256
      })
      await first.call(token, '/v1/configuration/propose', undefined, 'POST')
      const { edits, notes } = await countedProposal(first, token)
      expect(edits.map(({ path }) => path)).toEqual(['targets.hq.settings.fingerprint256', 'targets.hq.settings.url'])
      expect(notes).toEqual([expect.stringContaining('from then on accounts are written there')])
      const [leaver, later] = rows as [(typeof rows)[0], (typeof rows)[0]]
      await site.drop('changes-1.csv', file([{ ...leaver, status: 'terminated' }]))
      await until('the leaver is out', () => isShutOut(site, leaver))
      expect(elsewhere.requests.count).toBe(0)

      const { digest } = await countedProposal(first, token)
      await first.call(token, '/v1/configuration/release', { digest, reason: 'the new server is ready' })
      await until('the new server is spoken to', () => elsewhere.requests.count > 0)
      const before = site.simulator.requests.find({}).filter(({ path }) => path !== '/api/logout').length
      await site.drop('changes-2.csv', file([{ ...later, status: 'terminated' }]))
      const dropped = performance.now()
      await until(
        'the lock-out is under way at the new server',
        () => elsewhere.requests.find({ path: later.employeeNumber }).length > 0,
      )
      expect(performance.now() - dropped).toBeLessThan(6_000)
      expect(site.simulator.requests.find({}).filter(({ path }) => path !== '/api/logout')).toHaveLength(before)
    } finally {
      await elsewhere.close()
    }
  },
)

test('a loosened brake is released alone, and not while a brake holds a plan', twoMinutes, async () => {
  await using site = await openSite()
  const { token } = site
  const rows = workers(10)
  const gateway = await site.start()
  await firstImport(site, gateway, rows)
  const loosen = () =>
    site.configure((config) =>
      Object.assign(config.sources.hr, {
        brakes: { grant: { min: 1000 }, create: { min: 1000 }, revoke: { min: 1000 } },
      }),
    )
  const propose = () => gateway.call(token, '/v1/configuration/propose', undefined, 'POST')
  await widen(site)
  await loosen()
  await propose()
  const together = await countedProposal(gateway, token)
  expect(together.obstacles.map(({ code }) => code)).toEqual(['config.brakes-alone'])
  const release = (digest: string) =>
    gateway.call(token, '/v1/configuration/release', { digest, reason: 'seen and wanted' })
  await expect(release(together.digest)).rejects.toMatchObject({ status: 409, code: 'config.brakes-alone' })

  // The brake is not used before it is released: six more people are too many.
  await site.drop('changes-1.csv', file([60, 61, 62, 63, 64, 65].map((at) => worker(at))))
  const held = await until('the joiners are held', async () => {
    const { rows: plans } = await gateway.call<{ rows: PlanView[] }>(token, '/v1/plans?state=held')
    return plans.find(({ origin }) => origin === 'source:hr')
  })
  await site.configure((config) => {
    for (const rule of config.policy)
      rule.grant = rule.grant.filter((each) => each !== legal || rule.to.includes('"Legal"'))
  })
  await propose()
  const alone = await countedProposal(gateway, token)
  expect(alone.edits.map(({ path }) => path).every((path) => path.startsWith('sources.hr.brakes'))).toBe(true)
  await expect(release(alone.digest)).rejects.toMatchObject({ status: 409, code: 'config.brakes-hold' })
  await gateway.call(token, `/v1/plans/${held.id}/release`, { reason: 'new colleagues' })
  await releaseProposal(gateway, token)
  await site.drop('changes-2.csv', file([70, 71, 72, 73, 74, 75].map((at) => worker(at))))
  await until('the next ones need nobody', () => isIn(site, worker(75)), 20_000)
})

test('what was rejected is not asked again; what is edited back is no longer asked', twoMinutes, async () => {
  await using site = await openSite()
  const { token } = site
  const first = await site.start()
  await firstImport(site, first, workers(2))
  await widen(site)
  const said = await site.gatehouse(['config', 'propose', '--url', first.url, '--data', site.dataPath])
  expect(said).toMatchObject({ code: 0, stdout: 'proposed; see: gatehouse config show\n' })
  const { digest } = await countedProposal(first, token)
  await first.call(token, '/v1/configuration/reject', { digest, reason: 'nobody knows of it' })
  expect(await alarmsOf(first, token)).not.toContain('config.proposed')
  await first.stop()
  const second = await site.start()
  expect((await configurationOf(second, token)).proposed).toBeNull()
  // By name it is asked again.
  await second.call(token, '/v1/configuration/propose', undefined, 'POST')
  expect((await configurationOf(second, token)).proposed).toMatchObject({ version: 3 })
  await second.stop()
  await site.configure((config) => {
    for (const rule of config.policy)
      rule.grant = rule.grant.filter((each) => each !== legal || rule.to.includes('"Legal"'))
  })
  const third = await site.start()
  expect(await configurationOf(third, token)).toMatchObject({ released: { version: 1 }, proposed: null })
  expect(await alarmsOf(third, token)).not.toContain('config.proposed')
})

test(
  'several processes all go over, and none of them runs what somebody wrote into the table',
  twoMinutes,
  async () => {
    await using postgres = await startPostgres()
    await using site = await openSite({ databaseUrl: postgres.url })
    const { token } = site
    const rows = workers(6)
    const [api, ...others] = await Promise.all([
      site.start('--roles', 'api'),
      site.start('--roles', 'scheduler'),
      site.start('--roles', 'worker'),
      site.start('--roles', 'worker,api'),
    ])
    await firstImport(site, api, rows)
    await widen(site)
    await api.call(token, '/v1/configuration/propose', undefined, 'POST')
    await releaseProposal(api, token)
    for (const gateway of [api, ...others])
      await until('it goes over', () => gateway.output().includes('"config.in-force"'))
    const plan = await until('what follows is a plan', async () => {
      const { rows: all } = await api.call<{ rows: PlanView[] }>(token, '/v1/plans?state=held')
      return all.find(({ origin }) => origin === 'policy')
    })
    await api.call(token, `/v1/plans/${plan.id}/release`, { reason: 'as counted' })
    await until('everybody has the new group', () =>
      rows.every(({ employeeNumber }) => groupsOf(site, employeeNumber)?.length === widened.length),
    )
  },
)

test(
  'without a released version that can be trusted nothing is run and it says why, until an admin adopts the file by name',
  twoMinutes,
  async () => {
    await using postgres = await startPostgres()
    await using site = await openSite({ databaseUrl: postgres.url })
    const { token } = site
    const rows = workers(8)
    const first = await site.start()
    await firstImport(site, first, rows)
    await widen(site)
    const thief = new pg.Client({ ...postgres.admin, options: '-c search_path=gatehouse' })
    await thief.connect()
    try {
      // A version of his own, while it runs: it goes on with ours.
      await thief.query(
        `insert into config_version select (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(), 'number', 9))).* from config_version v`,
      )
      await until('it is told', async () => (await alarmsOf(first, token)).includes('guard.failed'))
      expect((await configurationOf(first, token)).released.version).toBe(1)
      await thief.query('delete from config_version where number = 1')
    } finally {
      await thief.end()
    }
    const [leaver] = rows as [(typeof rows)[0]]
    await site.drop('changes-1.csv', file([{ ...leaver, status: 'terminated' }]))
    await until('a leaver is still shut out', () => isShutOut(site, leaver))
    expect(await first.stop()).toBe(0)

    const requests = site.simulator.requests.count
    const { code, stderr } = await site.gatehouse(['start', '--config', site.configPath])
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/people are known here, but .* \[config\.none-released\]/),
    ])
    expect(site.simulator.requests.count).toBe(requests)

    const adopt = (...more: string[]) =>
      site.gatehouse(['config', 'adopt', '--config', site.configPath, '--reason', 'the row was deleted', ...more], {
        GATEHOUSE_TOKEN: token,
      })
    const stranger = await site.gatehouse(
      ['config', 'adopt', '--config', site.configPath, '--reason', 'the row was deleted'],
      { GATEHOUSE_TOKEN: `gh_${'x'.repeat(43)}` },
    )
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('[gateway.not-admin]')])
    expect(await adopt()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^version 2 released; /) })
    const again = await adopt()
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('[config.released-runs]')])
    const second = await site.start()
    // What follows from it for people is a plan like any other, and so few pass.
    const plan = await until('what follows is a plan', async () => {
      const { rows: all } = await second.call<{ rows: PlanView[] }>(token, '/v1/plans')
      return all.find(({ origin }) => origin === 'policy')
    })
    expect(plan.kinds.map(({ kind }) => kind)).toEqual(['grant'])
  },
)

test(
  'a released version that can not be run any more is refused with its place, and check says that the file differs',
  twoMinutes,
  async () => {
    await using postgres = await startPostgres()
    await using site = await openSite({ databaseUrl: postgres.url })
    const first = await site.start()
    await firstImport(site, first, workers(2))
    await first.stop()
    await writeFile(join(site.directory, 'new-password'), site.simulator.password, { mode: 0o600 })
    await rm(join(site.directory, 'password'))
    await site.configure(({ targets }) => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
      targets.hq.settings.password = '${file:./new-password}'
    })
    const { code, stderr } = await site.gatehouse(['start', '--config', site.configPath])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /the released configuration \(version 1\): targets\.hq\.settings\.password: expected a file that exists.*\[config\.refused\]/,
    )
    const check = await site.gatehouse(['check', '--config', site.configPath])
    expect(check).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^warning {2}configuration\n +this file says something else than version 1/m),
    })
    const adopted = await site.gatehouse([
      'config',
      'adopt',
      '--config',
      site.configPath,
      '--data',
      site.dataPath,
      '--reason',
      'the password moved',
    ])
    expect(adopted.code).toBe(0)
    const second = await site.start()
    expect((await configurationOf(second, site.token)).released.version).toBe(3)
    expect((await site.gatehouse(['check', '--config', site.configPath])).stdout).toMatch(
      /^configuration {2}as released \(version 3\)$/m,
    )
  },
)

test('keys that had a database are not begun anew on an empty one', twoMinutes, async () => {
  await using site = await openSite()
  const first = await site.start()
  await firstImport(site, first, workers(2))
  await first.stop()
  await site.configure((config) => {
    Object.assign(config, { keys: { key_file: './data/keys/external.key', keyring: './data/keys/keyring.json' } })
    config.gateway.data = './elsewhere'
  })
  const { code, stderr } = await site.gatehouse(['start', '--config', site.configPath])
  expect([code, stderr]).toEqual([1, expect.stringContaining('[gateway.empty-database]')])
})
