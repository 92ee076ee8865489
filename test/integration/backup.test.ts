/** What `gatehouse backup` and `gatehouse restore` refuse, in which words and with which exit code, and that nothing is lost by it. */
import { execFileSync } from 'node:child_process'
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { initKeys } from '../../src/vault/init-keys.ts'
import type { Finished, GatewayProcess } from '../support/gateway-process.ts'
import { firstImport, statusOf, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let site: Site
let gateway: GatewayProcess
let path: string
const rows = workers(6)

beforeAll(async () => {
  site = await openSite()
  gateway = await site.start()
  await firstImport(site, gateway, rows)
  path = join(site.directory, 'fine.backup')
  expect((await backUp(path)).code).toBe(0)
})
afterAll(() => site[Symbol.asyncDispose]())

const backUp = (to: string, env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  site.gatehouse(['backup', to, '--reason', 'nightly', '--url', gateway.url], { GATEHOUSE_TOKEN: site.token, ...env })
const restore = (from: string, at = site): Promise<Finished> =>
  at.gatehouse(['restore', from, '--config', at.configPath, '--reason', 'a try'])

/** Ends with this code, says why, and tells nothing on standard output. */
async function refused(code: number, words: RegExp, finished: Promise<Finished>): Promise<void> {
  const { stderr, ...rest } = await finished
  expect({ ...rest, stderr }).toEqual({ code, stdout: '', stderr: expect.stringMatching(words) })
  expect(stderr).not.toMatch(/gh_[\w-]{20}|\bat .*\.ts:\d/)
}

test('a backup is one file that only its owner can read, and that says what is not in it', async () => {
  const to = join(site.directory, 'second.backup')
  const { code, stdout, stderr } = await backUp(to)
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^\S+second\.backup: \d+ bytes\n$/)])
  expect(stderr).toContain('The keys are not in it')
  expect((await stat(to)).mode & 0o777).toBe(0o600)
  await until('the trail tells it', async () => {
    const { rows: entries } = await gateway.call<{ rows: { action: string }[] }>(site.token, '/v1/audit?limit=500')
    return entries.some(({ action }) => action === 'gateway.backed-up')
  })
  for (const row of rows)
    for (const secret of [row.familyName, row.employeeNumber])
      expect(await readFile(to, 'latin1')).not.toContain(secret)
})

test('a file that is there is not overwritten, one that can not be written is not begun, and nothing stays behind', async () => {
  const before = await readFile(path)
  await refused(1, /there is a file already, which is not overwritten: .*fine\.backup/, backUp(path))
  expect(await readFile(path)).toEqual(before)
  await refused(1, /ENOENT.*nowhere/, backUp(join(site.directory, 'nowhere', 'x.backup')))
  const closed = join(site.directory, 'closed')
  await writeFile(closed, '')
  await refused(1, /ENOTDIR/, backUp(join(closed, 'x.backup')))
  expect((await readdir(site.directory)).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('who may not, and who gives no reason, gets none', async () => {
  const { token } = await gateway.call<{ token: string }>(site.token, '/v1/tokens', {
    ...{ name: 'Test Watcher', role: 'viewer', days: 1 },
  })
  const to = join(site.directory, 'x.backup')
  await refused(3, /needs the role operator.*\[api\.forbidden\]/, backUp(to, { GATEHOUSE_TOKEN: token }))
  await refused(2, /required option '--reason/, site.gatehouse(['backup', to]))
  await refused(2, /required option '--reason/, site.gatehouse(['restore', path]))
  await refused(
    4,
    /can't be reached/,
    site.gatehouse(['backup', to, '--reason', 'why', '--url', 'http://127.0.0.1:1'], {
      GATEHOUSE_TOKEN: site.token,
    }),
  )
  expect(await readdir(site.directory)).not.toContain('x.backup')
})

/** A few pages of memory as a disk; only root may have one. */
function mountSmallDisk(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('a disk that is full is said so, and the piece that fitted is taken away', async ({ skip }) => {
  const disk = join(site.directory, 'disk')
  await mkdir(disk)
  if (!mountSmallDisk(disk)) skip('only root can mount a small disk')
  try {
    await refused(1, /ENOSPC: no space left on device/, backUp(join(disk, 'x.backup')))
    expect(await readdir(disk)).toEqual([])
  } finally {
    execFileSync('umount', [disk])
  }
})

test('a running gateway is left alone, and so is a database that holds one', async () => {
  await refused(1, /another Gatehouse already runs.*\[embedded\.directory-taken\]/, restore(path))
  expect((await statusOf(gateway, site.token)).people.active).toBe(rows.length)
  await gateway.stop()
  await refused(1, /holds a gateway already.*\[backup\.not-empty\]/, restore(path))
  gateway = await site.start()
  expect((await statusOf(gateway, site.token)).people.active).toBe(rows.length)
})

describe('what is no whole backup of this gateway is refused, and not even a database is made', () => {
  let other: Site
  let into: string
  beforeAll(async () => {
    other = await openSite({ initialised: false })
    into = join(other.directory, 'copy.backup')
    await mkdir(other.dataPath, { mode: 0o711 })
  })
  beforeEach(async () => {
    await copyFile(path, into)
    await rm(join(other.dataPath, 'keys'), { recursive: true, force: true })
    await cp(join(site.dataPath, 'keys'), join(other.dataPath, 'keys'), { recursive: true })
  })
  afterEach(async () => {
    expect(await readdir(other.dataPath)).toEqual(['keys'])
  })
  afterAll(() => other[Symbol.asyncDispose]())

  test('a file that is not there, and one that is something else', async () => {
    await refused(1, /ENOENT/, restore(join(other.directory, 'none.backup'), other))
    await refused(1, /\[backup\.not-a-backup\]/, restore(other.configPath, other))
  })

  test('one that was cut off by a byte, or changed by a bit', async () => {
    const whole = await readFile(into)
    await writeFile(into, whole.subarray(0, whole.length - 1))
    await refused(1, /not whole, or was changed.*\[backup\.damaged\]/, restore(into, other))
    const changed = Buffer.from(whole)
    changed[whole.length - 100] = (changed[whole.length - 100] as number) ^ 1
    await writeFile(into, changed)
    await refused(1, /\[backup\.damaged\]/, restore(into, other))
  })

  test('one of another gateway, and keys that anybody can read', async () => {
    const keys = join(other.dataPath, 'keys')
    await chmod(join(keys, 'external.key'), 0o644)
    await refused(1, /chmod 600.*\[vault\.file-unsafe\]/, restore(into, other))
    await rm(keys, { recursive: true })
    const [keyPath, keyringPath] = [join(keys, 'external.key'), join(keys, 'keyring.json')]
    initKeys({ keyPath, keyringPath, stamp: 'production' })
    await refused(1, /the backup of another gateway.*\[backup\.foreign\]/, restore(into, other))
  })
})

test('one backup is made at a time, and who goes away in the middle holds up nobody', async () => {
  const ask = (signal?: AbortSignal) =>
    fetch(`${gateway.url}/v1/backup`, {
      method: 'POST',
      headers: { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'nightly' }),
      ...(signal === undefined ? {} : { signal }),
    })
  const leaving = new AbortController()
  const [first, second] = await Promise.all([ask(leaving.signal), ask()])
  const answers = [first.status, second.status].sort()
  // The first may be over before the second has asked.
  expect([
    [200, 200],
    [200, 409],
  ]).toContainEqual(answers)
  leaving.abort()
  await second.arrayBuffer().catch(() => undefined)
  await until('the next one is made', async () => (await (await ask()).arrayBuffer()).byteLength > 10_000)
})
