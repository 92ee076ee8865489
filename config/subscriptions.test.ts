import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfigurableConnector } from './file-shape.ts'
import { loadConfig } from './load.ts'
import { ConfigError } from './problem.ts'

const limits = { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 1000 }
const files: ConfigurableConnector = {
  id: 'files',
  settings: z.strictObject({ folder: z.string() }),
  capabilities: ['people'],
  limits,
  address: () => null,
}
const receiver: ConfigurableConnector = {
  id: 'receiver',
  settings: z.strictObject({ url: z.string(), secret: z.string().meta({ secret: true }) }),
  capabilities: ['sink'],
  limits,
  address: () => null,
}

const pseudonymous: ConfigurableConnector = { ...receiver, id: 'pseudonymous', reveal: [] }

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-subscriptions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string) {
  const path = join(folder, 'gatehouse.yaml')
  writeFileSync(path, text, { mode: 0o600 })
  return loadConfig(path, { env: { SIEM_SECRET: 'correct horse' }, connectors: [files, receiver, pseudonymous] })
}

async function sentences(text: string): Promise<string[]> {
  const error = await read(text).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ConfigError)) throw new Error('was accepted')
  return error.problems.map(({ line, path, expected, found }) => `${line} ${path}: ${expected}; found ${found}`)
}

const subscribed = (more: string): string => `
subscriptions:
  siem:
    connector: receiver
    settings: { url: "https://siem.example.org/in", secret: "$\{env:SIEM_SECRET}" }
${more}`

test('a subscription is told of doors alone, and begins now, unless it says otherwise', async () => {
  const { siem } = (await read(subscribed(''))).subscriptions
  expect(siem).toEqual({
    ...{ connector: 'receiver', concurrency: 8, requestsPerSecond: 50, feed: 'events', filter: null },
    ...{ settings: { url: 'https://siem.example.org/in', secret: 'correct horse' }, reveal: ['door'], from: 'now' },
  })
})

test('a connector may reveal less unless a subscription says otherwise, and its filter asks for no more', async () => {
  const at = (more: string) => subscribed(more).replace('receiver', 'pseudonymous')
  expect((await read(at(''))).subscriptions.siem?.reveal).toEqual([])
  expect((await read(at('    reveal: [door, name]'))).subscriptions.siem?.reveal).toEqual(['door', 'name'])
  expect(await sentences(at('    filter: event.door == "Gate"'))).toEqual([
    expect.stringContaining('not revealed event.door'),
  ])
})

test.each([
  [
    '    filter: event.door ==',
    'expected a filter in CEL',
    'a mistake at 1:14: unexpected token [cel.unexpected-token]',
  ],
  [
    '    filter: size(event.type)',
    'expected an expression that is true or false',
    'a mistake at 1:1: not bool [filter.not-bool]',
  ],
  [
    '    filter: event.dor == "x"',
    'expected a filter in CEL',
    'a mistake at 1:1: unknown field event.dor, perhaps event.door [filter.unknown-field]',
  ],
  [
    '    filter: person.department == "x"',
    'expected a filter over no more than reveal lists',
    'a mistake at 1:1: not revealed person.department [filter.not-revealed]',
  ],
])('a mistake in a filter is named: %s', async (line, expected, found) => {
  expect(await sentences(subscribed(line))).toEqual([`6 subscriptions.siem.filter: ${expected}; found ${found}`])
})

test('a subscription needs a connector that delivers', async () => {
  expect(
    await sentences(
      subscribed('')
        .replace('receiver', 'files')
        .replace(/settings.*/, 'settings: { folder: x }'),
    ),
  ).toEqual(['4 subscriptions.siem.connector: expected a connector for subscriptions (capability sink); found "files"'])
})
