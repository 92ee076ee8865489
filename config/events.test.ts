/** Whose events are read, by the configuration. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfigurableConnector } from './file-shape.ts'
import { loadConfig } from './load.ts'
import type { ConfigError } from './problem.ts'

const limits = { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 1000 }

function connector(id: string, capabilities: ConfigurableConnector['capabilities']): ConfigurableConnector {
  return { id, settings: z.strictObject({}), capabilities, limits, address: () => null }
}

const connectors = [
  connector('master', ['people', 'events']),
  connector('files', ['people']),
  connector('doors', ['accounts', 'events']),
]

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-events-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Written {
  readonly source?: string
  readonly target?: string
  readonly id?: string
  readonly kind?: string
}

function load({ source = '', target = '', id = 'hr', kind = 'master' }: Written = {}) {
  const text = `sources:\n  ${id}: { connector: ${kind}, mapping: { key: row.id }${source} }\ntargets:\n  hq: { connector: doors${target} }\n`
  writeFileSync(join(folder, 'events.yaml'), text, { mode: 0o600 })
  return loadConfig(join(folder, 'events.yaml'), { env: {}, connectors })
}

async function refusals(written: Written): Promise<readonly string[]> {
  return load(written).then(
    () => [],
    (error: ConfigError) => error.problems.map(({ path, expected }) => `${path}: ${expected}`),
  )
}

test('events are read of a target, or of a source that is master of people, and of neither unless it says so', async () => {
  const { sources, targets } = await load({ source: `, events: { site: '"lyon"' }`, target: ', events: {}' })
  expect([sources.hr?.events, targets.hq?.events]).toEqual([{ site: '"lyon"' }, { site: null }])
  const without = await load()
  expect([without.sources.hr?.events, without.targets.hq?.events]).toEqual([null, null])
})

test('they are refused where the connector has none, where the site is no text, and of two systems under one name', async () => {
  const events = ', events: {}'
  expect(await refusals({ source: events, kind: 'files' })).toEqual([
    'sources.hr.events: expected none: this connector reads no events',
  ])
  expect(await refusals({ source: ', events: { site: "1" }' })).toEqual([
    'sources.hr.events.site: expected an expression that gives the name of a site, or ""',
  ])
  expect(await refusals({ source: events, target: events, id: 'hq' })).toEqual([
    'sources.hq.events: expected another name for the source: targets.hq has events as well, and both would be one log',
  ])
  expect(await refusals({ source: events, id: 'hq' })).toEqual([])
})
