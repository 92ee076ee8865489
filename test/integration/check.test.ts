/** `gatehouse check` as an operator meets it: many mistakes in one file, and each kind of server that is not as it should be. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import type { CheckResult } from '../../src/cli/local.ts'
import type { Finished } from '../support/gateway-process.ts'
import { startPostgres, startRedis } from '../support/servers.ts'
import { openSite, type Site, type SiteConfig } from '../support/site.ts'

let site: Site
let sound: string
beforeAll(async () => {
  site = await openSite()
  sound = await readFile(site.configPath, 'utf8')
})
afterEach(async () => {
  await writeFile(site.configPath, sound, { mode: 0o600 })
  await chmod(site.configPath, 0o600)
})
afterAll(() => site[Symbol.asyncDispose]())

/** The configuration with changes, written in lines, since an error names them. */
async function configured(change: (config: SiteConfig) => void): Promise<string> {
  const config = JSON.parse(sound) as SiteConfig
  change(config)
  const text = JSON.stringify(config, null, 2)
  await writeFile(site.configPath, text)
  return text
}

const check = (env: NodeJS.ProcessEnv = {}, ...more: string[]): Promise<Finished> =>
  site.gatehouse(['check', '--config', site.configPath, ...more], env)

/** Ends as its problems say, and gives `where: message` of each error. */
async function errorsOf(env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const { code, stdout, stderr } = await check(env, '--json')
  expect(stderr).toBe('')
  const { problems } = JSON.parse(stdout) as CheckResult
  const errors = problems.filter(({ severity }) => severity === 'error')
  expect(code).toBe(errors.length > 0 ? 5 : 0)
  return errors.map(({ where, message }) => `${where}: ${message}`)
}

const logins = (): number => site.simulator.requests.find({ method: 'POST', path: '^/api/login$' }).length

test('a sound configuration ends with 0, says what was found and what comes next, and nothing was written anywhere', async () => {
  const before = site.simulator.requests.find({}).length
  const { code, stdout, stderr } = await check()
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^target hq {2}BioStar 2 \S+, 13 access levels; proof of a write: read-back$/m)
  expect(stdout).toContain('database   PostgreSQL of our own in ')
  expect(stdout).toContain(`\nNo errors, 2 warnings. Next: gatehouse start --config ${site.configPath}\n`)
  expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
  const asked = site.simulator.requests.find({}).slice(before)
  const reading = [
    'POST /api/login',
    'POST /api/logout',
    'POST /api/v2/devices/search',
    'POST /api/v2/access_groups/search',
  ]
  const others = asked.map(({ method, path }) => `${method} ${path}`).filter((each) => !reading.includes(each))
  expect(others.filter((each) => !each.startsWith('GET '))).toEqual([])
  expect(asked.length).toBeGreaterThan(4)
})

test('all mistakes of a file are named at once, each with line, path, and what to write instead; a secret is not repeated', async () => {
  const text = await configured((config) => {
    Object.assign(config, { gatway: { name: 'x' } })
    Object.assign(config.targets.hq, { mod: 'observe' })
    config.targets.hq.settings.password = 'Literal-Placeholder-1'
    config.sources.hr.mapping.key = 'row.('
    Object.assign(config.policy[0] ?? {}, { grant: ['hg/Main entrance'] })
    Object.assign(config.policy[2] ?? {}, { to: 'employment.department = "Demo"' })
  })
  const lineOf = (part: string): number => text.split('\n').findIndex((line) => line.includes(part)) + 1
  const errors = await errorsOf()
  const at = (part: string, path: string): string => `${site.configPath}:${lineOf(part)} ${path}: `
  expect(errors).toEqual([
    `${at('row.(', 'sources.hr.mapping.key')}expected an expression in CEL; found a mistake at 1:5: expected token [cel.expected-token]`,
    expect.stringMatching(
      /:\d+ targets\.hq\.settings\.password: expected a reference as the whole value.*; found a literal/,
    ),
    `${at('"mod"', 'targets.hq.mod')}expected a known key, perhaps mode; found an unknown key`,
    `${at('hg/Main', 'policy[0].grant[0]')}expected a known target, perhaps hq; found "hg/Main entrance"`,
    `${at('= \\"Demo', 'policy[2].to')}expected a rule in CEL; found a mistake at 1:23: unexpected character [cel.unexpected-character]`,
    `${at('"gatway"', 'gatway')}expected a known key, perhaps gateway; found an unknown key`,
  ])
  const { stdout, stderr } = await check()
  expect(stdout).toMatch(/^6 errors\. Mend what is wrong, then check again\.$/m)
  expect(stdout + stderr + errors.join()).not.toMatch(/Literal-Placeholder|Demo/)
})

test('a level that nobody offers, a server that is not there and one that syncs by hand are found in one run', async () => {
  site.simulator.changeSettings({ user_sync_method: '0', user_by_device_sync_method: '0' })
  await configured((config) => {
    Object.assign(config.policy[1] ?? {}, { grant: ['hq/Reserch doors', 'hq/Main entrance'] })
    const { hq } = config.targets
    Object.assign(config.targets, { far: { ...hq, settings: { ...hq.settings, url: 'https://127.0.0.1:1' } } })
  })
  const { code, stdout } = await check()
  site.simulator.changeSettings({ user_sync_method: '1', user_by_device_sync_method: '1' })
  expect(code).toBe(5)
  expect(stdout).toMatch(/^error {4}targets\.far\n +http\.connection: the server refused the connection$/m)
  expect(stdout).toMatch(
    /^error {4}policy\[1\]\.grant\[0\]\n +hq\/Reserch doors: hq offers no level of that name, perhaps hq\/Research doors$/m,
  )
  expect(stdout).toMatch(/^error {4}targets\.hq\n +Automatic user synchronisation is off: changes, lock-outs included/m)
  expect(stdout).toContain('proof of a write: accepted')
  expect(stdout).toMatch(/^3 errors, 2 warnings\./m)
})

test('a column that the source never delivers, and a zone that is not that of its days, are named with what was meant', async () => {
  const aeos = await startAeosSimulator({ latency: { fixedMs: 5 }, seed: 1 })
  try {
    await writeFile(join(site.directory, 'aeos'), aeos.password, { mode: 0o600 })
    await configured((config) => {
      const settings = {
        ...{ url: new URL(aeos.url).origin, fingerprint256: aeos.fingerprint256, username: aeos.username },
        ...{
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
          password: '${file:./aeos}',
          server_zone: 'Europe/Berlin',
          identifier_types: [{ id: '1', format: 'H10302' }],
        },
      }
      const fields = { employeeNumber: 'row.personel_no', email: 'lower(row.email)', title: 'row["x"]' }
      const mapping = { key: 'row.id', fields }
      Object.assign(config.sources, { aeos: { connector: 'aeos', zone: 'Europe/Lisbon', settings, mapping } })
    })
    const columns = 'id, carrier_type, personnel_no, last_name, first_name, title, email, department, arrives, leaves'
    expect(await errorsOf()).toEqual([
      'sources.aeos.zone: the days that the source delivers are those of Europe/Berlin, and this says Europe/Lisbon: people would come and leave hours off',
      'sources.aeos.mapping.fields.employeeNumber: row.personel_no: the source has no column of that name, perhaps personnel_no',
      expect.stringContaining(
        `sources.aeos.mapping.fields.title: row.x: the source has no column of that name: ${columns}`,
      ),
    ])
  } finally {
    await aeos.close()
  }
})

test('a wrong password is tried once, so that checking never locks the service account', async () => {
  const path = join(site.directory, 'password')
  const password = await readFile(path, 'utf8')
  await writeFile(path, 'Wrong-Placeholder-1')
  const before = logins()
  const errors = await errorsOf()
  await writeFile(path, password)
  expect(errors).toEqual([expect.stringMatching(/^targets\.hq: biostar2\.login-refused: Check login id and password/)])
  expect(logins()).toBe(before + 1)
})

test('keys that others may read, or that are not there, are named with what to do', async () => {
  const key = join(site.dataPath, 'keys', 'external.key')
  await chmod(key, 0o644)
  const readable = await errorsOf()
  await chmod(key, 0o600)
  expect(readable).toEqual([
    expect.stringMatching(/^keys: .*nobody else may read or write \(chmod 600\).*external\.key/),
  ])
  await configured((config) => {
    config.gateway.data = './elsewhere'
  })
  expect(await errorsOf()).toEqual([expect.stringMatching(/^keys: .*does not exist.*gatehouse init/)])
})

test('a file that others may write, that is no YAML, or that is not there is refused as a whole', async () => {
  await chmod(site.configPath, 0o666)
  expect(await errorsOf()).toEqual([
    `${site.configPath}: expected a file that nobody but its owner may write (chmod go-w); found another one`,
  ])
  await chmod(site.configPath, 0o600)
  await writeFile(site.configPath, 'gateway:\n  name: test\n\tdata: ./data\n')
  expect(await errorsOf()).toEqual([expect.stringContaining(`${site.configPath}:3: expected blanks, not tabs`)])
  const { code, stdout } = await site.gatehouse(['check', '--config', `${site.configPath}.none`])
  expect([code, stdout]).toEqual([
    5,
    expect.stringContaining('expected a file that exists and that this user may read; found none'),
  ])
})

test('a Redis that would drop wake-ups, or is not there, is an error; its password is not shown', async () => {
  await using redis = await startRedis('--maxmemory-policy', 'allkeys-lru')
  expect(await errorsOf({ REDIS_URL: redis.url })).toEqual([
    'redis: maxmemory-policy is allkeys-lru: Redis would drop wake-ups without a word. Set it to noeviction',
  ])
  const { code, stdout } = await check({ REDIS_URL: 'redis://gatehouse:Secret-Placeholder@127.0.0.1:1' })
  expect(code).toBe(5)
  expect(stdout).toMatch(/^error {4}redis\n +Redis at redis:\/\/127\.0\.0\.1:1: it does not answer/m)
  expect(stdout).not.toContain('Placeholder')
})

test('a database that is not there is an error, a role with too much power a warning, and neither is changed', async () => {
  expect(await errorsOf({ DATABASE_URL: 'postgres://gatehouse:Secret-Placeholder@127.0.0.1:1/gatehouse' })).toEqual([
    'database: it does not answer: check address, port and firewall',
  ])
  await using postgres = await startPostgres()
  const { code, stdout } = await check({ DATABASE_URL: postgres.url })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^database {3}PostgreSQL 18/m)
  expect(stdout).toMatch(/^warning {2}database\n +the role may read files and run programs on the server/m)
  expect(await errorsOf({ DATABASE_URL: postgres.url.replace('/postgres?', '/nowhere?') })).toEqual([
    'database: there is no database of that name',
  ])
  const { stdout: poor } = await check({ DATABASE_URL: postgres.url.replace('postgres@', 'runtime@') })
  expect(poor).not.toContain('run programs')
})
