import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfigurableConnector } from './file-shape.ts'
import { loadConfig } from './load.ts'
import type { ConfigError } from './problem.ts'

const limits = { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 1000 }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-master-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a system that is read and written to at once is refused, and so is a target without the settings that only targets need', async () => {
  const both: ConfigurableConnector = {
    id: 'both',
    settings: z.strictObject({ url: z.string(), reason: z.string().optional() }),
    capabilities: ['people', 'accounts'],
    limits,
    needs: { accounts: ['reason'] },
    address: (settings) => ({ origin: (settings as { url: string }).url }),
  }
  const text = (target: string) =>
    `sources:\n  hr: { connector: both, settings: { url: 'https://a' }, mapping: { key: row.id } }\ntargets:\n  doors: { connector: both, settings: ${target} }`
  const said = async (target: string) => {
    writeFileSync(join(folder, 'both.yaml'), text(target), { mode: 0o600 })
    const loading = loadConfig(join(folder, 'both.yaml'), { env: {}, connectors: [both] })
    return loading.then(
      () => [],
      (error: ConfigError) => error.problems.map(({ path, expected }) => `${path}: ${expected}`),
    )
  }
  expect(await said(`{ url: 'https://b', reason: x }`)).toEqual([])
  expect(await said(`{ url: 'https://b' }`)).toEqual([
    'targets.doors.settings.reason: expected a value: targets of this kind need it',
  ])
  expect(await said(`{ url: 'https://a', reason: x }`)).toEqual([
    'targets.doors.settings: expected another system than that of sources.hr: people are read from it, so nothing is written to it',
  ])
})
