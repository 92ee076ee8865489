import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { encodeDeciding } from './deciding.ts'
import type { ConfigurableConnector } from './file-shape.ts'
import { type LoadOptions, loadConfig } from './load.ts'

const limits = { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 1000 }
const connectors: readonly ConfigurableConnector[] = [
  {
    id: 'files',
    settings: z.strictObject({ folder: z.string() }),
    capabilities: ['people'],
    limits,
    address: () => null,
  },
  {
    id: 'doors',
    settings: z.strictObject({
      url: z.string().startsWith('https://'),
      password: z.string().min(8).meta({ secret: true }),
    }),
    capabilities: ['accounts'],
    limits,
    address: () => null,
  },
]

const minimal = `
sources:
  hr:
    connector: files
    settings: { folder: /srv/drop }
    mapping: { key: row.id }
targets:
  hq:
    connector: doors
    settings:
      url: https://doors.example.org
      password: $\{env:DOORS_PASSWORD}
`
const env: Readonly<Record<string, string>> = { DOORS_PASSWORD: 'correct horse' }

let folder: string
const at = (name: string) => join(folder, name)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-deciding-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function load(text: string, environment = env, more: Partial<LoadOptions> = {}) {
  writeFileSync(at('gatehouse.yaml'), text, { mode: 0o600 })
  return loadConfig(at('gatehouse.yaml'), { env: environment, connectors, ...more })
}

describe('the deciding sections', () => {
  const textOf = async (text: string, environment = env) => encodeDeciding((await load(text, environment)).deciding)

  test('hold what is written: references and no secret, whatever the order of the keys and the value of the secret', async () => {
    const before = await textOf(minimal)
    expect(before).toContain(`\${env:DOORS_PASSWORD}`)
    expect(before).not.toContain('correct horse')
    expect(await textOf(minimal, { DOORS_PASSWORD: 'another one' })).toBe(before)
    const [sources, targets] = minimal.split('targets:')
    expect(await textOf(`targets:${targets}${sources}`)).toBe(before)
    expect(Object.keys(JSON.parse(before))).toEqual(['sources', 'targets'])
    const whole = `${minimal}policy: []\nsites: {}\nleaver: { remove_after: 7d }\njoiner: { lead: 0d }\ngateway: { zone: UTC, name: x }`
    const names = ['gateway', 'joiner', 'leaver', 'policy', 'sites', 'sources', 'targets']
    expect(Object.keys(JSON.parse(await textOf(whole)))).toEqual(names)
  })

  test('change with a rule, an address, a brake, a zone, and with what a reference in an open field says', async () => {
    const base = minimal.replace('https://doors.example.org', `\${env:DOORS_URL}`)
    const at = (url: string, text = base) => textOf(text, { ...env, DOORS_URL: url })
    const texts = [
      await at('https://a'),
      await at('https://b'),
      await at('https://a', `${base}policy: [{ grant: [hq/Lab], to: 'true' }]`),
      await at('https://a', base.replace('mapping:', 'brakes: { revoke: { min: 1 } }\n    mapping:')),
      await at('https://a', `${base}gateway: { zone: Asia/Tokyo }`),
    ]
    expect(new Set(texts).size).toBe(texts.length)
  })

  test('do not change with where the process listens and stores', async () => {
    const moved = `${minimal}\nhttp: { listen: localhost:1 }\nkeys: { env: K }\ndatabase_url: $\{env:DB}\ngateway: { data: /srv }`
    expect(await textOf(moved, { ...env, DB: 'postgres://db/x' })).toBe(await textOf(minimal))
  })

  test('count instead of those of the file, with the secrets as they are now; errors say where they come from', async () => {
    const base = minimal.replace('https://doors.example.org', `\${env:DOORS_URL}`)
    const { deciding } = await load(base, { ...env, DOORS_URL: 'https://doors.example.org' })
    const edited = minimal.replace('doors.example.org', 'evil.example.org').replace('/srv/drop', '/tmp')
    const file = `${edited}gateway: { data: /srv/data, zone: Asia/Tokyo }`
    const reload = (password?: string) =>
      load(file, password === undefined ? {} : { DOORS_PASSWORD: password }, {
        instead: { deciding, name: 'the released configuration' },
      })
    const config = await reload('another one')
    expect(config.targets.hq?.settings).toMatchObject({ url: 'https://doors.example.org', password: 'another one' })
    expect(config.sources.hr?.settings).toMatchObject({ folder: '/srv/drop' })
    expect(config.gateway).toMatchObject({ dataPath: '/srv/data', zone: 'UTC' })
    expect(config.deciding).toEqual(deciding)
    await expect(reload()).rejects.toThrow(
      'the released configuration: targets.hq.settings.password: expected the environment variable DOORS_PASSWORD to be set',
    )
  })

  test('hold no reference in an open field that would be followed once more', async () => {
    const text = minimal.replace('https://doors.example.org', `\${env:DOORS_URL}`)
    await expect(load(text, { ...env, DOORS_URL: `\${env:OTHER_URL}` })).rejects.toThrow(
      'targets.hq.settings.url: expected a value; found another reference (DOORS_URL)',
    )
  })

  test('take every section that is not known to place a process, and of those that are, what decides all the same', async () => {
    const { deciding } = await load(
      `${minimal}keys: { env: K, backup_horizon: 90d }\ntelemetry: {}\ngateway: { name: x }`,
    )
    expect(Object.keys(deciding)).toEqual(['sources', 'targets', 'keys'])
    expect(deciding.keys).toEqual({ backup_horizon: '90d' })
  })
})
