import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from './load.ts'
import { ConfigError, type Problem } from './problem.ts'

const certificate = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** `traces` as written below `telemetry`. */
function load(traces: string, env: Record<string, string> = {}) {
  const path = join(folder, 'gatehouse.yaml')
  writeFileSync(path, `telemetry: { traces: ${traces} }`, { mode: 0o600 })
  return loadConfig(path, { env, connectors: [] })
}

async function problemsOf(traces: string): Promise<readonly Problem[]> {
  const error = await load(traces).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof ConfigError) return error.problems
  throw error
}

test('traces take the secrets of the collector as references only', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: references of the configuration file, not templates
  const references = "headers: { authorization: '${env:OTLP}' }, ca: '${env:CA}'"
  const text = `{ endpoint: 'https://otel.example.org', ${references}, bulk_share: 0.25 }`
  expect((await load(text, { OTLP: 'Bearer x', CA: certificate })).traces).toEqual({
    ...{ endpoint: 'https://otel.example.org', headers: { authorization: 'Bearer x' } },
    ...{ ca: certificate, bulkShare: 0.25 },
  })
  const literal = await problemsOf(`{ endpoint: 'https://otel.example.org', headers: { authorization: 'Bearer x' } }`)
  expect(literal).toMatchObject([{ path: 'telemetry.traces.headers.authorization', found: 'a literal value' }])
  expect(JSON.stringify(literal)).not.toContain('Bearer')
})

test.each([
  'http://127.0.0.1:4318',
  'http://[::1]:4318',
  'http://localhost:4318/v1/traces',
  'https://otel.example.org:4318/x',
])('traces may go to %s', async (endpoint) => {
  expect((await load(`{ endpoint: '${endpoint}' }`)).traces?.endpoint).toBe(endpoint)
})

test.each([
  'http://otel.example.org:4318',
  'https://user:pass@otel.example.org',
  'https://otel.example.org/?key=1',
  'otel.example.org',
  'ftp://127.0.0.1',
])('traces may not go to %s', async (endpoint) => {
  expect(await problemsOf(`{ endpoint: '${endpoint}' }`)).toMatchObject([
    {
      path: 'telemetry.traces.endpoint',
      expected: expect.stringMatching(/^expected an https:\/\/ address without user/),
    },
  ])
})
