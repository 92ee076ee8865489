/** Whatever an operator can get wrong, tried on a gateway that has people: words that say what to do, a documented exit code, and nothing lost. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { referenceText } from '../../config/reference.ts'
import { exitCodes } from '../../src/cli/exit.ts'
import type { Finished } from '../support/gateway-process.ts'
import { file, firstImport, isIn, isShutOut, statusOf, worker, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site, type SiteConfig } from '../support/site.ts'
import { openSmallDisk } from '../support/small-disk.ts'

const people = workers(6)
let site: Site
let sound: string
beforeAll(async () => {
  site = await openSite()
  const gateway = await site.start()
  await firstImport(site, gateway, people)
  await gateway.stop()
  sound = await readFile(site.configPath, 'utf8')
}, 120_000)
afterEach(() => writeFile(site.configPath, sound, { mode: 0o600 }))
afterAll(async () => {
  // After all of it the gateway starts as ever, knows everybody, and shuts out whoever leaves.
  const gateway = await site.start()
  const [leaver] = people
  if (leaver === undefined) throw new Error('nobody is there')
  expect((await statusOf(gateway, site.token)).people).toEqual({ active: people.length })
  expect(people.every((row) => isIn(site, row))).toBe(true)
  await site.drop('changes-1.csv', file([{ ...leaver, status: 'terminated' }]))
  await until('the leaver is out', () => isShutOut(site, leaver), 20_000)
  expect(await gateway.stop()).toBe(0)
  await site[Symbol.asyncDispose]()
}, 60_000)

/** Starts the gateway with a changed configuration, written in lines since an error names them. */
async function startWith(change: (config: SiteConfig) => void): Promise<Finished> {
  const config = JSON.parse(sound) as SiteConfig
  change(config)
  await writeFile(site.configPath, JSON.stringify(config, null, 2), { mode: 0o600 })
  return site.gatehouse(['start', '--config', site.configPath])
}

const secret = 'Correct-Horse-Placeholder'

interface Mistake {
  readonly what: string
  readonly change: (config: SiteConfig) => void
  /** What the message must say. */
  readonly words: readonly string[]
}

const mistakes: readonly Mistake[] = [
  {
    what: 'an unknown connector',
    change({ targets }) {
      targets.hq.connector = 'biostar3'
    },
    words: ['targets.hq.connector', 'biostar2'],
  },
  {
    what: 'a value of the wrong type',
    change({ targets }) {
      targets.hq.requests_per_second = 'many' as never
    },
    words: ['targets.hq.requests_per_second', 'number'],
  },
  {
    what: 'a secret written into the file',
    change({ targets }) {
      targets.hq.settings.password = secret
    },
    words: ['targets.hq.settings.password', referenceText('env', 'NAME')],
  },
  {
    what: 'an expression that does not parse',
    change({ policy }) {
      policy[0] = { grant: ['hq/Main entrance'], to: 'employment.department ==' }
    },
    words: ['policy[0].to', 'a mistake at 1:'],
  },
  {
    what: 'an expression that names a field that there is not',
    change({ policy }) {
      policy[0] = { grant: ['hq/Main entrance'], to: 'employment.departmnet == "Research"' }
    },
    words: ['policy[0].to', 'unknown field employment.departmnet, perhaps employment.department'],
  },
]

for (const { what, change, words } of mistakes) {
  test(`${what}: the line, the path and what to write instead`, async () => {
    const { code, stdout, stderr } = await startWith(change)
    expect(code).toBe(exitCodes.failed)
    expect(stderr).toMatch(/gatehouse\.yaml:\d+/)
    for (const word of words) expect(stderr).toContain(word)
    expect(stdout + stderr).not.toContain(secret)
  })
}

test('a level that the target does not offer: named by check, with the one that was meant', async () => {
  const config = JSON.parse(sound) as SiteConfig
  config.policy[0] = { grant: ['hq/Main entrence'], to: 'true' }
  await writeFile(site.configPath, JSON.stringify(config, null, 2), { mode: 0o600 })
  const { code, stdout } = await site.gatehouse(['check', '--config', site.configPath])
  expect(code).toBe(exitCodes.problems)
  expect(stdout).toContain('hq/Main entrence: hq offers no level of that name, perhaps hq/Main entrance')
})

test('a target that can not be reached: the gateway runs, says so, and takes nothing for granted', async () => {
  const gateway = await site.start()
  site.simulator.faults.add({ kind: 'down' })
  try {
    await until(
      'the alarm',
      async () => (await statusOf(gateway, site.token)).alarms.some(({ code }) => code === 'target.unreachable'),
      30_000,
    )
    const { code, stdout } = await site.gatehouse(['check', '--config', site.configPath])
    expect(code).toBe(exitCodes.problems)
    expect(stdout).toContain('targets.hq')
  } finally {
    site.simulator.faults.clear()
    await gateway.stop()
  }
})

test('the wrong key: refused before anything is opened', async () => {
  const path = join(site.dataPath, 'keys/external.key')
  const own = await readFile(path)
  const wrong = own.toString('utf8').replace(/[A-Za-z0-9]/, (sign) => (sign === 'A' ? 'B' : 'A'))
  await writeFile(path, wrong, { mode: 0o600 })
  try {
    const { code, stderr } = await site.gatehouse(['start', '--config', site.configPath])
    expect(code).toBe(exitCodes.failed)
    expect(stderr).toMatch(/\[vault\.[a-z-]+\]/)
  } finally {
    await writeFile(path, own, { mode: 0o600 })
  }
})

test('a key that others may read: refused, with the command that mends it', async () => {
  const path = join(site.dataPath, 'keys/external.key')
  await chmod(path, 0o644)
  try {
    const { code, stderr } = await site.gatehouse(['start', '--config', site.configPath])
    expect(code).toBe(exitCodes.failed)
    expect(stderr).toContain('chmod')
  } finally {
    await chmod(path, 0o600)
  }
})

test('a second instance: refused, and the first one goes on', async () => {
  const first = await site.start()
  const { code, stderr } = await site.gatehouse(['start', '--config', site.configPath])
  expect(code).toBe(exitCodes.failed)
  expect(stderr).toContain('another Gatehouse already runs')
  expect(await first.stop()).toBe(0)
})

test('a corrupted file: refused as a whole, listed by line, and nobody is taken for absent', async () => {
  const gateway = await site.start()
  const call = ['--url', gateway.url, '--data', site.dataPath]
  const whole = file(people)
  // A row is gone, so that the total in the last line does not fit.
  const lines = whole.toString('utf8').split('\r\n')
  await site.drop('workers-2026-01-02.csv', lines.toSpliced(2, 1).join('\r\n'))
  await until(
    'the refusal',
    async () => (await statusOf(gateway, site.token)).alarms.some(({ code }) => code === 'source.refused'),
    20_000,
  )
  const { code, stdout } = await site.gatehouse(['source', 'show', 'hr', ...call])
  expect(code).toBe(exitCodes.ok)
  expect(stdout).toContain('refused')
  expect(people.every((row) => isIn(site, row))).toBe(true)
  await site.drop('workers-2026-01-03.csv', whole)
  await until(
    'the alarm to end',
    async () => !(await statusOf(gateway, site.token)).alarms.some(({ code }) => code === 'source.refused'),
    20_000,
  )
  await gateway.stop()
})

test('a token that has run out, that nobody gave out, or whose role may not: refused, each in its own words', async () => {
  const gateway = await site.start()
  const call = ['--url', gateway.url]
  const path = join(site.directory, 'other.token')
  const made = await gateway.call<{ token: string }>(site.token, '/v1/tokens', {
    name: 'Test Viewer',
    role: 'viewer',
    days: 1,
  })
  const withToken = async (token: string, ...args: string[]): Promise<Finished> => {
    await writeFile(path, `${token}\n`, { mode: 0o600 })
    return site.gatehouse([...args, ...call], { GATEHOUSE_TOKEN_FILE: path })
  }
  const viewer = await withToken(made.token, 'pause', 'hq', '--reason', 'only trying')
  expect(viewer.code).toBe(exitCodes.refused)
  expect(viewer.stderr).toContain('needs the role operator')
  const unknown = await withToken(
    made.token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    'status',
  )
  expect(unknown.code).toBe(exitCodes.refused)
  expect(unknown.stderr).toContain('[api.bad-token]')
  expect((await withToken(made.token, 'status')).code).toBe(exitCodes.ok)
  await gateway.stop()
})

test('a disk that is full: nothing half-written, and all goes on when there is room', async (context) => {
  await using disk = openSmallDisk(700)
  if (disk === null) return context.skip('no small disk can be mounted here')
  await using full = await openSite({ dataPath: join(disk.path, 'data') })
  const gateway = await full.start()
  await firstImport(full, gateway, people)
  await disk.fill()
  const joiner = worker(50)
  await full.drop('changes-1.csv', file([joiner]))
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await disk.free()
  await until('the joiner is in', () => isIn(full, joiner), 60_000)
  await full.drop('changes-2.csv', file([{ ...joiner, status: 'terminated' }]))
  await until('the leaver is out', () => isShutOut(full, joiner), 20_000)
  expect(await gateway.stop()).toBe(0)
})
