import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { settings as biostar2Settings } from '../connectors/biostar2/settings.ts'
import { settings as csvSettings } from '../connectors/csv/settings.ts'
import { encodeDeciding } from './deciding.ts'
import type { ConfigurableConnector } from './file-shape.ts'
import { loadConfig } from './load.ts'
import { ConfigError, type Problem } from './problem.ts'

const limits = { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 1000 }
const files: ConfigurableConnector = {
  id: 'files',
  settings: z.strictObject({ folder: z.string(), encoding: z.enum(['utf-8', 'latin1']).default('utf-8') }),
  capabilities: ['people'],
  limits,
  address: () => null,
}
const doors: ConfigurableConnector = {
  id: 'doors',
  settings: z
    .strictObject({
      url: z.string().startsWith('https://'),
      ca: z.string().optional(),
      password: z.string().min(8).meta({ secret: true }),
      logins: z
        .array(z.strictObject({ name: z.string(), pin: z.string().optional().meta({ secret: true }) }))
        .optional(),
      proxy: z.union([z.strictObject({ host: z.string(), port: z.int() }), z.literal('none')]).optional(),
    })
    .refine((value) => value.ca !== 'refused', { error: 'give another ca', path: ['ca'] }),
  capabilities: ['accounts'],
  limits,
  address: () => null,
}
const connectors = [files, doors]

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
const env = { DOORS_PASSWORD: 'correct horse' }

let folder: string
const at = (name: string) => join(folder, name)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function load(text: string, environment: Record<string, string> = env) {
  writeFileSync(at('gatehouse.yaml'), text, { mode: 0o600 })
  return loadConfig(at('gatehouse.yaml'), { env: environment, connectors })
}

async function problemsOf(text: string, environment?: Record<string, string>): Promise<readonly Problem[]> {
  const error = await load(text, environment).then(
    () => new Error('was accepted'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof ConfigError) return error.problems
  throw error
}

async function sentencesOf(text: string, environment?: Record<string, string>): Promise<string[]> {
  const problems = await problemsOf(text, environment)
  return problems.map(({ line, path, expected, found }) => `${line} ${path}: ${expected}; found ${found}`)
}

describe('a configuration', () => {
  test('needs only what has no sensible default', async () => {
    expect(await load('')).toEqual({
      deciding: {},
      gateway: { name: 'gatehouse', dataPath: at('.gatehouse'), zone: 'UTC' },
      http: { host: '127.0.0.1', port: 7400, tls: null, behindProxy: false },
      databaseUrl: null,
      redisUrl: null,
      keys: {
        external: { keyFile: at('.gatehouse/keys/external.key') },
        keyringPath: at('.gatehouse/keys/keyring.json'),
        erasureJournalPath: at('.gatehouse/keys/erasures.jsonl'),
        backupHorizonMs: 35 * 86_400_000,
      },
      sites: {},
      sources: {},
      targets: {},
      subscriptions: {},
      attendance: expect.objectContaining({ punches: [], zone: 'UTC', keepMs: 1096 * 86_400_000 }),
      policy: [],
      grants: { longestMs: 31_622_400_000 },
      pins: { length: 6 },
      leaver: { removeAfterMs: 7 * 86_400_000, withdrawAfterMs: 7 * 86_400_000, deleteAfterMs: null },
      joiner: { leadMs: 0 },
      traces: null,
      alarms: { webhook: null },
      events: { keepMs: expect.objectContaining({ access: 90 * 86_400_000, alarm: 365 * 86_400_000 }) },
    })
  })

  test('reports what changed by hand, and reads each account singly once a day with a quarter of the rate', async () => {
    const { hq } = (await load(minimal)).targets
    expect(hq?.drift).toEqual({
      ...{ level_added: 'report', level_removed: 'report', blocked: 'report', unblocked: 'revert' },
      ...{ card_added: 'report', card_removed: 'report', profile_changed: 'report', validity_changed: 'report' },
      ...{ account_missing: 'report', unknown_account: 'report' },
    })
    expect([hq?.authoritative, hq?.deepSweep]).toEqual([[], { everyMs: 86_400_000, share: 0.25 }])
  })

  test.each([
    ['unblocked: report', 'expected revert: who is shut out and found open is shut again, whatever anybody configures'],
    ['profile_changed: accept', 'expected report or revert: a field has one master'],
    ['validity_changed: accept', 'expected report or revert: by its end a door closes without us'],
    ['account_missing: accept', 'expected report or revert: whoever is to have no account there is left out by a rule'],
    ['unknown_account: revert', 'expected report or accept: what Gatehouse did not make it does not touch'],
    ['level_added: ignore', 'expected report or revert or accept'],
  ])('refuses %s, and says why', async (line, expected) => {
    const problem = await load(`${minimal}    drift: { ${line} }\n`).catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(ConfigError)
    expect((problem as Error).message).toContain(expected)
  })

  test('gets the defaults of the connectors and the brakes', async () => {
    const { sources, targets } = await load(minimal)
    expect(sources.hr).toEqual({
      ...{ connector: 'files', events: null },
      concurrency: 8,
      requestsPerSecond: 50,
      zone: 'UTC',
      settings: { folder: '/srv/drop', encoding: 'utf-8' },
      mapping: { key: 'row.id', fields: {}, attrs: {} },
      expectEveryMs: null,
      absence: { confirmAfterMs: 72_000_000 },
      archive: null,
      brakes: {
        ...{ lockout_record: { min: 50, percent: 10 }, lockout_absence: { min: 5, percent: 2 } },
        revoke: { min: 20, percent: 5 },
        grant: { min: 5, percent: 20 },
        create: { min: 5, percent: 20 },
        change: { min: 5, percent: 30 },
        delete: { min: 5, percent: 2 },
        ...{ rows_lost: { min: 20, percent: 10 }, rows_changed: { min: 100, percent: 30 } },
      },
    })
    expect(targets.hq).toMatchObject({ mode: 'observe', concurrency: 8, requestsPerSecond: 50 })
  })

  test('says everything that it may say', async () => {
    const config = await load(`
gateway: { name: hq, data: /var/lib/gatehouse, zone: Europe/Berlin }
http: { listen: '[::]:443', tls: { cert: tls/cert.pem, key: /tls/key.pem } }
keys: { key_file: ../key, keyring: keyring.json, backup_horizon: 90d }
sites: { St. Gallen: { zone: Europe/Zurich } }
sources:
  hr:
    connector: files
    zone: Asia/Tokyo
    settings: { folder: /srv/drop }
    mapping:
      key: row.id
      person: row.person
      fields: { employeeNumber: row.number, left: 'row.status == "left"' }
      attrs: { cost_center: row.cc }
      cards: [{ format: CSN, uid: row.uid, state: row.state }]
    expect_every: 26h
    absence: { confirm_after: 90m }
    archive: { keep: 30d }
    brakes: { revoke: { percent: 7.5 } }
targets:
  hq:
    connector: doors
    mode: enabled
    settings: { url: https://doors, password: '$\{env:DOORS_PASSWORD}', proxy: none }
    concurrency: 2
    requests_per_second: 0.5
policy:
  - { grant: [hq/Main entrance], to: 'true' }
leaver: { remove_after: 2w, withdraw_after: 30d, delete_after: 52w }
joiner: { lead: 500ms }
`)
    expect(config).toMatchObject({
      gateway: { name: 'hq', dataPath: '/var/lib/gatehouse' },
      http: { host: '::', port: 443, tls: { certPath: at('tls/cert.pem'), keyPath: '/tls/key.pem' } },
      keys: {
        external: { keyFile: join(folder, '..', 'key') },
        keyringPath: at('keyring.json'),
        backupHorizonMs: 90 * 86_400_000,
      },
      sites: { 'St. Gallen': { zone: 'Europe/Zurich' } },
      sources: {
        hr: {
          zone: 'Asia/Tokyo',
          mapping: { person: 'row.person', cards: [{ format: 'CSN', uid: 'row.uid', state: 'row.state' }] },
          expectEveryMs: 93_600_000,
          absence: { confirmAfterMs: 5_400_000 },
          archive: { keepMs: 30 * 86_400_000 },
          brakes: { revoke: { min: 20, percent: 7.5 } },
        },
      },
      targets: { hq: { mode: 'enabled', concurrency: 2, requestsPerSecond: 0.5 } },
      policy: [{ grant: ['hq/Main entrance'], to: 'true' }],
      leaver: { removeAfterMs: 1_209_600_000, withdrawAfterMs: 2_592_000_000, deleteAfterMs: 31_449_600_000 },
      joiner: { leadMs: 500 },
    })
  })

  test('takes the external key from a credential or the environment', async () => {
    expect((await load('keys: { credential: gatehouse-key }')).keys.external).toEqual({ credential: 'gatehouse-key' })
    expect((await load('keys: { env: GATEHOUSE_KEY }')).keys.external).toEqual({ env: 'GATEHOUSE_KEY' })
  })

  test('takes the stores from the environment unless it names its own', async () => {
    const stores = {
      DATABASE_URL: 'postgres://db/gatehouse',
      REDIS_URL: 'rediss://redis',
      OTHER: 'postgresql://other/db',
    }
    expect(await load('', stores)).toMatchObject({ databaseUrl: stores.DATABASE_URL, redisUrl: stores.REDIS_URL })
    expect(await load(`database_url: \${env:OTHER}`, stores)).toMatchObject({ databaseUrl: stores.OTHER })
    expect(await load('', { DATABASE_URL: '' })).toMatchObject({ databaseUrl: null })
    expect(await sentencesOf('', { REDIS_URL: 'http://hunter2' })).toEqual([
      'null redis_url: expected an address that starts with redis:// or rediss://; found a reference to something else',
    ])
  })

  test('may listen beyond this machine behind a proxy', async () => {
    expect((await load('http: { listen: 0.0.0.0:80, behind_proxy: true }')).http.host).toBe('0.0.0.0')
    for (const host of ['localhost', '127.8.9.1', '[::1]'])
      expect(await load(`http: { listen: '${host}:0' }`)).toBeDefined()
  })
})

describe('what is refused', () => {
  test.each<[string, string, string]>([
    [
      'an unknown key with its likely name',
      'gatway: {}',
      '1 gatway: expected a known key, perhaps gateway; found an unknown key',
    ],
    [
      'an unknown key that resembles none',
      'leaver: { when: 7d }',
      '1 leaver.when: expected one of the keys remove_after, withdraw_after, delete_after; found an unknown key',
    ],
    ['a wrong type', 'policy: 7', '1 policy: expected a list; found 7'],
    ['a list for a map', 'gateway: []', '1 gateway: expected a map; found a list'],
    ['an empty value', 'gateway:\n  zone:', '2 gateway.zone: expected text; found an empty value'],
    ['a file that is no map', '- a', 'null : expected a map; found a list'],
    [
      'a zone that does not exist',
      'gateway: { zone: Mars/Base }',
      '1 gateway.zone: expected a time zone by its IANA name, such as Europe/Berlin; found "Mars/Base"',
    ],
    [
      'an offset for a zone',
      'sites: { B: { zone: +01:00 } }',
      '1 sites.B.zone: expected a time zone by its IANA name, such as Europe/Berlin; found "+01:00"',
    ],
    [
      'a public address without protection',
      'http:\n  listen: 0.0.0.0:7400',
      '2 http.listen: expected an address of this machine, or tls, or behind_proxy: true: others could read along; found "0.0.0.0:7400"',
    ],
    [
      'an impossible port',
      'http: { listen: localhost:70000 }',
      '1 http.listen: expected address and port, such as 127.0.0.1:7400 or [::1]:7400; found "localhost:70000"',
    ],
    [
      'a duration without unit',
      'leaver: { remove_after: "7" }',
      '1 leaver.remove_after: expected a duration such as 2s, 20h or 7d (ms, s, m, h, d, w), up to ten years; found "7"',
    ],
    [
      'an account that goes before its levels',
      'leaver: { delete_after: 6d }',
      '1 leaver.delete_after: expected no less than remove_after: the account goes last; found "6d"',
    ],
    [
      'an account that goes before its cards',
      'leaver: { withdraw_after: 30d, delete_after: 14d }',
      '1 leaver.delete_after: expected no less than withdraw_after: the account goes last; found "14d"',
    ],
    [
      'an account that goes at once',
      'leaver: { remove_after: 0d, delete_after: 1h }',
      '1 leaver.delete_after: expected a day at least: whoever left by mistake is let in again until then; found "1h"',
    ],
    [
      'a duration longer than ten years',
      'leaver: { remove_after: 4000d }',
      '1 leaver.remove_after: expected a duration such as 2s, 20h or 7d (ms, s, m, h, d, w), up to ten years; found "4000d"',
    ],
    [
      'two external keys',
      'keys: { env: A, credential: b }',
      '1 keys: expected only one of key_file, credential and env; found a map',
    ],
    [
      'the external key itself, without showing it',
      'keys: { env: aHVudGVyMg== }',
      '1 keys.env: expected the name of an environment variable, not the key itself; found text',
    ],
    [
      'a credential with a path',
      'keys: { credential: .. }',
      '1 keys.credential: expected the name of a systemd credential, without a path; found text',
    ],
    [
      'a literal database address',
      'database_url: postgres://u:hunter2@db/x',
      `1 database_url: expected a reference as the whole value: \${env:NAME} or \${file:PATH}; found a literal value`,
    ],
    [
      'a reference inside a text',
      `gateway: { data: "/srv/\${env:NAME}" }`,
      `1 gateway.data: expected a reference as the whole value: \${env:NAME} or \${file:PATH}; found another use of $ and {`,
    ],
    [
      'a variable that is not set',
      `gateway: { data: "\${env:NOWHERE}" }`,
      '1 gateway.data: expected the environment variable NOWHERE to be set; found nothing',
    ],
    [
      'a source without connector and mapping',
      'sources: { hr: {} }',
      '1 sources.hr.connector: expected text; found nothing',
    ],
    [
      'a bad id',
      'targets:\n  HQ: {}',
      '2 targets.HQ: expected 1 to 32 lower-case letters, digits and hyphens; found another name',
    ],
    [
      'a rule for a level without target',
      'policy:\n  - grant: [Lab]\n    to: "true"',
      '2 policy[0].grant[0]: expected target/access level, such as hq/Main entrance; found "Lab"',
    ],
    [
      'a rule for a target that is not there',
      'policy:\n  - to: "true"\n    grant: [hq/Lab]',
      '3 policy[0].grant[0]: expected a known target, and there is none; found "hq/Lab"',
    ],
    [
      'a rule without levels',
      'policy: [{ grant: [], to: x }]',
      '1 policy[0].grant: expected at least 1 entries; found a list',
    ],
  ])('%s', async (_title, text, expected) => {
    expect(await sentencesOf(text)).toContain(expected)
  })

  test('connectors that are not there, or can not do it', async () => {
    const source = (connector: string) => `sources:\n  hr:\n    connector: ${connector}\n    mapping: { key: row.id }\n`
    expect(await sentencesOf(source('flies'))).toEqual([
      '3 sources.hr.connector: expected a known connector, perhaps files; found "flies"',
    ])
    expect(await sentencesOf(source('workday'))).toEqual([
      '3 sources.hr.connector: expected a known connector: files, doors; found "workday"',
    ])
    expect(await sentencesOf(source('doors'))).toContain(
      '3 sources.hr.connector: expected a connector for sources (capability people); found "doors"',
    )
  })

  test('settings, by the schema of their connector', async () => {
    const sentences = await sentencesOf(`targets:
  hq:
    connector: doors
    settings:
      url: http://hunter2
      pasword: x
      logins:
        - { name: 5, pin: hunter2 }
      proxy: { host: proxy, port: many }
`)
    expect(sentences).toEqual([
      '4 targets.hq.settings.password: expected text; found nothing',
      '5 targets.hq.settings.url: expected it to start with "https://"; found text',
      '6 targets.hq.settings.pasword: expected a known key, perhaps password; found an unknown key',
      `8 targets.hq.settings.logins[0].pin: expected a reference as the whole value: \${env:NAME} or \${file:PATH}; found a literal value`,
      '8 targets.hq.settings.logins[0].name: expected text; found a number',
      '9 targets.hq.settings.proxy.port: expected a number; found text',
    ])
  })

  test('settings that do not fit each other', async () => {
    expect(await sentencesOf(minimal.replace('password:', 'ca: refused\n      password:'))).toEqual([
      '12 targets.hq.settings.ca: give another ca; found text',
    ])
  })

  test('everything that is wrong, at once and in the order of the file', async () => {
    const problems = await problemsOf(`joiner: { lead: soon }\ngateway: { zone: 5 }\nsites: 7\n${minimal}`, {})
    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [1, 'joiner.lead'],
      [2, 'gateway.zone'],
      [3, 'sites'],
      [15, 'targets.hq.settings.password'],
    ])
  })

  test('a map in the place of a card, a card of an unknown format, an attribute with an odd name', async () => {
    const mapping = `
      key: row.id
      fields: { employee_number: row.n, left: true }
      attrs: { 'cost center': row.cc }
      cards: [{ format: MIFARE, uid: row.uid }, { format: CSN }]`
    expect(
      await sentencesOf(`sources:\n  hr:\n    connector: files\n    settings: { folder: x }\n    mapping:${mapping}`),
    ).toEqual([
      '7 sources.hr.mapping.fields.left: expected text; found true',
      '7 sources.hr.mapping.fields.employee_number: expected a known key, perhaps employeeNumber; found an unknown key',
      '8 sources.hr.mapping.attrs.cost center: expected a name of letters, digits and _; found another name',
      '9 sources.hr.mapping.cards[0].format: expected one of H10301, D10202, H10306, AWID34, C1000-35, C15001, H10304, C1000-48, AWID50, IR56, H10302, CSN34, PIV75, FASC-N, CSN, list; found "MIFARE"',
      '9 sources.hr.mapping.cards[1].uid: expected text; found nothing',
    ])
  })

  test('never shows a value from settings, from a reference or of a secret', async () => {
    const text = `
database_url: $\{env:SECRET}
gateway: { zone: "$\{env:SECRET}" }
keys: { env: hunter2-hunter2 }
targets:
  hq:
    connector: doors
    settings: { url: hunter2, password: hunter2, login: hunter2, ca: [hunter2] }
`
    const error = await load(text, { SECRET: 'hunter2' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).problems.length).toBe(7)
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('hunter2')
  })

  test('names file, line and path in its message', async () => {
    await expect(load('\n\nleaver: 5')).rejects.toThrow(`${at('gatehouse.yaml')}:3: leaver: expected a map; found 5`)
    await expect(load('- a')).rejects.toThrow(`${at('gatehouse.yaml')}: expected a map; found a list`)
  })

  test('names every expression that is no CEL, by its place and without its text', async () => {
    const text = minimal
      .replace(
        '{ key: row.id }',
        `{ key: row.(, fields: { end: 'date(row.end, "YY")', left: '"no"' }, cards: [
        { format: CSN, uid: row.uid, state: row.state = "Demo" }] }`,
      )
      .concat('policy:\n  - { grant: [hq/Any], to: person.kind = "Demo" }\n  - { grant: [hq/Any], to: "1 + 1" }\n')
    const sentences = await sentencesOf(text)
    expect(sentences).toEqual([
      '6 sources.hr.mapping.key: expected an expression in CEL; found a mistake at 1:5: expected token [cel.expected-token]',
      expect.stringContaining(
        'sources.hr.mapping.fields.end: expected a date format that date() knows; found a mistake',
      ),
      expect.stringContaining('sources.hr.mapping.fields.left: expected an expression whose value fits this field'),
      expect.stringContaining('sources.hr.mapping.cards[0].state: expected an expression in CEL'),
      expect.stringContaining('policy[0].to: expected a rule in CEL; found a mistake at 1:13: unexpected character'),
      expect.stringContaining('policy[1].to: expected an expression that is true or false'),
    ])
    expect(sentences.join()).not.toContain('Demo')
  })

  test('shows a long value only in part', async () => {
    const [problem] = await problemsOf(`gateway: { name: ${'x'.repeat(500)} }`)
    expect(problem?.found.length).toBeLessThan(70)
  })
})

describe('a file', () => {
  const withFile = minimal.replace('env:DOORS_PASSWORD', 'file:secrets/password')
  const secret = () => at('secrets/password')
  beforeEach(() => {
    mkdirSync(at('secrets'))
    writeFileSync(secret(), 'correct horse\n', { mode: 0o640 })
  })
  const passwordOf = async () =>
    z.object({ password: z.string() }).parse((await load(withFile)).targets.hq?.settings).password

  test('gives a secret without its last line break', async () => {
    expect(await passwordOf()).toBe('correct horse')
    writeFileSync(secret(), 'two\nlines\r\n')
    expect(await passwordOf()).toBe('two\nlines')
  })

  test.each([
    [0o644, 'expected a file that others may not read (chmod o=)'],
    [0o660, 'expected a file that nobody but its owner may write (chmod go-w)'],
    [0o602, 'expected a file that nobody but its owner may write (chmod go-w)'],
  ])('with a secret and mode %o is refused', async (mode, expected) => {
    chmodSync(secret(), mode)
    expect(await sentencesOf(withFile)).toEqual([
      `12 targets.hq.settings.password: ${expected}; found another one (secrets/password)`,
    ])
  })

  test('that is missing is said to be missing', async () => {
    rmSync(secret())
    expect(await sentencesOf(withFile)).toEqual([
      '12 targets.hq.settings.password: expected a file that exists and that this user may read; found none (secrets/password)',
    ])
  })

  test('that is missing, empty or a folder is refused', async () => {
    const found = async () => (await problemsOf(withFile)).map(({ expected }) => expected)
    writeFileSync(secret(), '\n')
    expect(await found()).toEqual(['expected a file with content'])
    rmSync(secret())
    expect(await found()).toEqual(['expected a file that exists and that this user may read'])
    mkdirSync(secret())
    expect(await found()).toEqual(['expected a regular file'])
  })

  test('in a field that is no secret may be read by others, but not written', async () => {
    writeFileSync(at('ca.pem'), 'certificate')
    chmodSync(at('ca.pem'), 0o644)
    const text = minimal.replace('password:', `ca: \${file:ca.pem}\n      password:`)
    const config = await load(text)
    expect(config.targets.hq?.settings).toMatchObject({ ca: 'certificate' })
    expect(config.deciding.targets).toMatchObject({ hq: { settings: { ca: 'certificate' } } })
    chmodSync(at('ca.pem'), 0o646)
    expect((await problemsOf(text)).length).toBe(1)
  })

  test('of configuration that others may write, or that does not exist, is refused', async () => {
    const reload = () => loadConfig(at('gatehouse.yaml'), { env, connectors })
    await expect(reload()).rejects.toThrow('a file that exists')
    await load('')
    for (const mode of [0o664, 0o646]) {
      chmodSync(at('gatehouse.yaml'), mode)
      await expect(reload()).rejects.toThrow('a file that nobody but its owner may write')
    }
    chmodSync(at('gatehouse.yaml'), 0o644)
    expect(await reload()).toBeDefined()
  })
})

test('the example in this folder is a configuration for the connectors that exist', async () => {
  const real: ConfigurableConnector[] = [
    { ...files, id: 'csv', settings: csvSettings },
    { ...doors, id: 'biostar2', settings: biostar2Settings },
  ]
  const path = at('example.yaml')
  const { readFileSync } = await import('node:fs')
  writeFileSync(path, readFileSync(new URL('gatehouse.example.yaml', import.meta.url)), { mode: 0o600 })
  const config = await loadConfig(path, {
    env: { BIOSTAR_PASSWORD: 'made-up', ALARM_SECRET: `whsec_${'A'.repeat(32)}` },
    connectors: real,
  })
  expect(Object.keys(config.sources)).toEqual(['hr'])
  expect(config.policy.length).toBe(2)
})

describe('the receiver of alarms', () => {
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  const receiver = (fields: string) =>
    load(`alarms:\n  webhook:\n${fields.replaceAll(/^/gm, '    ')}`, { SECRET: secret, SHORT: 'whsec_AAAA' })
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
  const reference = 'secret: ${env:SECRET}'

  test('is an address and a secret that is kept elsewhere; whoever can only edit the file can not lead alarms away', async () => {
    const config = await receiver(`url: https://oncall.example.org/hook?of=hq\n${reference}`)
    expect(config.alarms.webhook).toEqual({
      ...{ url: 'https://oncall.example.org/hook?of=hq', secret, ca: null, fingerprint256: null, allowPrivate: false },
    })
    expect(encodeDeciding(config.deciding)).toContain('oncall.example.org')
    expect(encodeDeciding(config.deciding)).not.toContain(secret)
  })

  test.each([
    ['a secret that is written down', `url: https://oncall.example.org/\nsecret: ${secret}`, 'alarms.webhook.secret'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
    ['a short secret', 'url: https://oncall.example.org/\nsecret: ${env:SHORT}', 'alarms.webhook.secret'],
    ['no secret', 'url: https://oncall.example.org/', 'alarms.webhook.secret'],
    ['an unencrypted address', `url: http://oncall.example.org/\n${reference}`, 'alarms.webhook.url'],
    ['an address with a password', `url: https://user:pw@oncall.example.org/\n${reference}`, 'alarms.webhook.url'],
    [
      'two ways to know it',
      `url: https://oncall.example.org/\n${reference}\nca: "-----BEGIN CERTIFICATE-----"\nfingerprint256: ${'ab'.repeat(32)}`,
      'alarms.webhook.fingerprint256',
    ],
  ])('is refused with %s', async (_what, fields, path) => {
    const error = await receiver(fields).then(
      () => null,
      (thrown: unknown) => thrown as ConfigError,
    )
    expect(error?.problems.map((problem) => problem.path)).toEqual([path])
    expect(JSON.stringify(error?.problems)).not.toContain(secret)
  })
})
