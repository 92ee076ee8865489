import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type Site } from '../support/site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
})

const start = (...args: readonly string[]) => site.gatehouse(['start', '--config', site.configPath, ...args])

test('a second gateway on the same data directory is refused in words, and leaves the first one and its database alone', async () => {
  const first = await site.start()
  const { code, stderr } = await start()
  expect(code).toBe(1)
  expect(stderr).toContain('another Gatehouse already runs on this data directory')
  expect(stderr).toContain('[embedded.directory-taken]')
  const { ok } = await first.call<{ ok: boolean }>(site.token, '/readyz')
  expect(ok).toBe(true)
  expect(await first.stop()).toBe(0)
})

test('a second init is refused and changes nothing', async () => {
  const { code, stderr } = await site.gatehouse(['init', '--config', site.configPath])
  expect(code).toBe(1)
  expect(stderr).toContain('initialised before')
})

test('keys that are stamped for demonstration are refused by start, and said so', async () => {
  await using demo = await openSite({ initialised: false })
  const made = await demo.gatehouse(['init', '--demo', '--config', demo.configPath, '--subject', 'Test Operator One'])
  expect(made.code).toBe(0)
  const { code, stderr } = await demo.gatehouse(['start', '--config', demo.configPath])
  expect(code).toBe(1)
  expect(stderr).toContain('stamped for demonstration only')
})

test('an address that others can reach is refused without TLS or a declared proxy', async () => {
  await site.configure((config) => {
    config.http.listen = '0.0.0.0:0'
  })
  const { code, stderr } = await start()
  await site.configure((config) => {
    config.http.listen = '127.0.0.1:0'
  })
  expect(code).toBe(1)
  expect(stderr).toContain('http.listen')
  expect(stderr).toContain('tls, or behind_proxy')
})

test('roles that leave out some are refused on the embedded database, before anything is opened; all of them are not', async () => {
  for (const [list, missing] of [
    ['api,scheduler', 'worker'],
    ['worker', 'api and scheduler'],
  ] as const) {
    const { code, stdout, stderr } = await start('--roles', list)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`nobody would do the work of ${missing}: leave --roles out`)
    expect(stderr).toMatch(/DATABASE_URL.* \[gateway\.roles-alone\]\n$/)
  }
  const gateway = await site.start('--roles', 'scheduler,worker,api')
  expect(await gateway.stop()).toBe(0)
})

test('a role that there is not, and a configuration that there is not, end in words and a code', async () => {
  const role = await start('--roles', 'api,gardener')
  expect(role.code).toBe(2)
  expect(role.stderr).toContain('gardener')
  const { code, stderr } = await site.gatehouse(['start', '--config', `${site.directory}/nowhere.yaml`])
  expect(code).toBe(1)
  expect(stderr).toContain('nowhere.yaml')
})
