import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connectors } from '../connectors/index.ts'
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

const punched: ConfigurableConnector = { ...receiver, id: 'payroll', feeds: ['events', 'punches'] }
const pseudonymous: ConfigurableConnector = { ...receiver, id: 'pseudonymous', reveal: [] }

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-subscriptions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string) {
  const path = join(folder, 'gatehouse.yaml')
  writeFileSync(path, text, { mode: 0o600 })
  return loadConfig(path, {
    env: { SIEM_SECRET: 'correct horse' },
    connectors: [files, receiver, punched, pseudonymous],
  })
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

describe('punches', () => {
  const at = (more: string) => subscribed(`    feed: punches\n${more}`).replace('receiver', 'payroll')

  test('tell of nobody unless a subscription says otherwise', async () => {
    expect((await read(at(''))).subscriptions.siem).toMatchObject({ feed: 'punches', reveal: [], filter: null })
    const more = `    reveal: [employee_number, department]\n    filter: person.department == "Sales" && event.kind == "in"`
    expect((await read(at(more))).subscriptions.siem?.reveal).toEqual(['employee_number', 'department'])
  })

  test('have no doors to filter by, whatever is said to be revealed', async () => {
    expect(await sentences(at('    filter: event.kind == "in" && event.door == "Gate"'))).toEqual([
      '7 subscriptions.siem.filter: expected a filter over what a punch tells (event.type, event.kind, event.correction, and person as far as reveal goes): of doors, readers, systems and how somebody proved who they are it knows nothing; found a mistake at 1:23: not of punches event.door [filter.not-of-punches]',
    ])
    expect(await sentences(at('    filter: event.knd == "in"'))).toEqual([
      expect.stringContaining('unknown field event.knd, perhaps event.kind'),
    ])
    expect(await sentences(at('    filter: person.department == "Sales"'))).toEqual([
      expect.stringContaining('not revealed person.department'),
    ])
  })

  test.each(['door', 'account', 'card', 'vendor'])('have no %s to reveal', async (name) => {
    expect(await sentences(at(`    reveal: [name, ${name}]`))).toEqual([
      `7 subscriptions.siem.reveal[1]: expected no more than employee_number, name, email, department: a punch knows of no door, account or card; found "${name}"`,
    ])
  })

  test('go to no receiver that is for those who watch doors', async () => {
    expect(await sentences(at('').replace('payroll', 'receiver'))).toEqual([
      '6 subscriptions.siem.feed: expected events: whoever watches doors reads what is sent by this connector, and is not to read who worked when; punches go by payroll; found "punches"',
    ])
  })

  test.each([
    ['file', true],
    ['webhook', true],
    ['mqtt', true],
    ['syslog', false],
    ['elasticsearch', false],
  ])('by %s: %s', (id, takes) => {
    const { feeds = ['events'] } = connectors.find((each) => each.id === id) as ConfigurableConnector
    expect(feeds.includes('punches')).toBe(takes)
  })

  test('the examples of docs/attendance.md are read as they stand there', async () => {
    const page = readFileSync(new URL('../docs/attendance.md', import.meta.url), 'utf8')
    const example = page.match(/^ {4}subscriptions:\n(?: {4}.*\n)+/m)?.[0].replaceAll(/^ {4}/gm, '')
    const path = join(folder, 'example.yaml')
    writeFileSync(path, example ?? '', { mode: 0o600 })
    const { subscriptions } = await loadConfig(path, { env: {}, connectors })
    expect(subscriptions.payroll).toMatchObject({
      ...{ connector: 'file', feed: 'punches', reveal: ['employee_number'] },
      settings: { name: 'punches', format: 'csv', protection: 'sealed' },
    })
  })
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
