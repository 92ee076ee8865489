/** The command line against a running gateway, as an operator has it: another folder, a token file, and nothing else. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { PlanView } from '../../src/api/acts/plans.ts'
import { pageOf } from '../../src/api/route.ts'
import { alarmView } from '../../src/api/schemas/alarms.ts'
import { archiveView } from '../../src/api/schemas/archives.ts'
import { publicKeyView } from '../../src/api/schemas/keys.ts'
import { lockoutView } from '../../src/api/schemas/lockouts.ts'
import { matchRowView, matchView } from '../../src/api/schemas/matches.ts'
import { explanationView, personView } from '../../src/api/schemas/people.ts'
import { planChangeView, planView } from '../../src/api/schemas/plans.ts'
import { sourceView, syncResult } from '../../src/api/schemas/sources.ts'
import { statusView } from '../../src/api/schemas/status.ts'
import { driftCount, driftView, levelView } from '../../src/api/schemas/targets.ts'
import { tokenView } from '../../src/api/schemas/tokens.ts'
import { createSubjectWithToken } from '../../src/auth/tokens.ts'
import { createProgram } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { openDatabase } from '../../src/store/database.ts'
import { readExternalKey } from '../../src/vault/external-key.ts'
import { loadKeyring } from '../../src/vault/keyring-file.ts'
import { openVault } from '../../src/vault/vault.ts'
import { type Desk, openDesk, refused } from '../support/desk.ts'
import type { Finished, GatewayProcess } from '../support/gateway-process.ts'
import { type MovedClock, openMovedClock } from '../support/moved-clock.ts'
import { cardAlone, file, firstImport, heldPlan, worker, workers } from '../support/people.ts'
import { freePort, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let clock: MovedClock
let site: Site
let gateway: GatewayProcess
let desk: Desk
const rows = workers(8)
const [anybody, other] = rows as [(typeof rows)[0], (typeof rows)[0]]
const cardOfWorker = (row: (typeof rows)[0]) => `H10301:${row.cardFacility}:${row.cardNumber}`
const because = ['--reason', 'checked by phone']

beforeAll(async () => {
  clock = await openMovedClock()
  site = await openSite({ clock })
  gateway = await site.start()
  desk = await openDesk(site, gateway)
  await firstImport(site, gateway, rows)
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await clock[Symbol.asyncDispose]()
})

const driftPage = pageOf(driftView).extend({ counts: z.array(driftCount) })

const cli = (...args: readonly string[]): Promise<Finished> => desk.cli(...args)
const cliWith = (env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Finished> => desk.cliWith(env, ...args)
const asJson: Desk['asJson'] = (schema, ...args) => desk.asJson(schema, ...args)
const table = (...args: readonly string[]): Promise<string> => desk.table(...args)

/** With the rights of whoever owns the database server. */
async function asOwner<T>(work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: clock.env.DATABASE_URL })
  await owner.connect()
  try {
    return await work(owner)
  } finally {
    await owner.end()
  }
}

async function tokenOf(role: 'viewer' | 'operator', name: string): Promise<{ GATEHOUSE_TOKEN: string; id: string }> {
  const made = await asJson(z.object({ id: z.uuid(), token: z.string() }), ...createToken(role, name))
  return { GATEHOUSE_TOKEN: made.token, id: made.id }
}
const createToken = (role: string, name: string) => ['token', 'create', '--name', name, '--role', role]

test('status says how all parts are, as JSON and on one screen', async () => {
  // Counts are a few seconds old at most.
  const status = await until('everything is counted', async () => {
    const counted = await asJson(statusView, 'status')
    const [hq] = counted.targets
    const isCounted = counted.people.active === rows.length && counted.plans.held === 0
    return isCounted && hq?.accounts === rows.length && hq.waiting === 0 ? counted : null
  })
  expect(status.queue.ok).toBe(true)
  const screen = await table('status')
  expect(screen).toMatch(/^(OK|LOOK HERE) {2}.+\nGatehouse \S+ as api, worker, scheduler, up \d+ \w+\n/)
  expect(screen).toMatch(/^PEOPLE {4}8 active$/m)
  expect(screen).toMatch(/^hq +enabled +8 +0 +0 +0 +read-back +ok$/m)
  expect(screen.split('\n').filter((line) => line.length > 80)).toEqual([])
})

test('sync reads what lies there and tells of it, and says so when there is nothing', async () => {
  expect(await table('sync')).toBe('nothing new was delivered\n')
  const joiner = worker(50)
  await site.drop('changes-50.csv', file([joiner]))
  const results = await asJson(z.array(syncResult), 'sync', 'hr')
  // The gateway looks by itself too, and may have been faster.
  expect(results.length).toBeLessThan(2)
  await until('it was taken in', async () => (await asJson(statusView, 'status')).people.active === rows.length + 1)
  await refused(1, /There is no such source: .*\[source\.unknown\]/, cli('sync', 'nowhere'))
})

test('a held plan is found, shown with what to do next, rejected, and a newer one released', async () => {
  await site.drop('changes-60.csv', file([60, 61, 62, 63, 64, 66].map((index) => worker(index))))
  const held = await heldPlan(gateway, site.token)
  const { rows: listed } = await asJson(pageOf(planView), 'plan', 'list', '--state', 'held')
  expect(listed.map(({ id }) => id)).toEqual([held.id])
  expect(await table('plan', 'list')).toMatch(new RegExp(`^${held.id} +held +source:hr +6 `, 'm'))
  const shown = await asJson(planView.extend({ changes: pageOf(planChangeView) }), 'plan', 'show', held.id)
  expect(shown.changes.rows).toHaveLength(6)
  const screen = await table('plan', 'show', held.id)
  expect(screen).toMatch(/^create +hq +6 +\d+ +held +more than the limit$/m)
  expect(screen).toContain(`gatehouse plan release ${held.id} --reason "..."`)
  const explain = /^ {2}gatehouse (person explain \S+)$/m.exec(screen)?.[1] ?? ''
  expect(await table(...explain.split(' '))).toMatch(/^granted {2}hq\/Main entrance$/m)

  const paged = await cli('plan', 'show', held.id, '--limit', '2')
  const [, cursor = ''] = /^there is more: --after (\S+)$/m.exec(paged.stderr) ?? []
  expect(
    (await asJson(planView.extend({ changes: pageOf(planChangeView) }), 'plan', 'show', held.id, '--after', cursor))
      .changes.rows,
  ).toHaveLength(4)

  expect(await table('plan', 'reject', held.id, ...because)).toContain(`gatehouse plan again ${held.id} --reason`)
  await refused(3, /\[plan\.not-held\]/, cli('plan', 'release', held.id, ...because))
  expect(await table('plan', 'show', held.id)).toContain(`gatehouse plan again ${held.id} --reason "..."`)
  const [, again = ''] =
    /^it waits: gatehouse plan show (\S+)$/m.exec(await table('plan', 'again', held.id, ...because)) ?? []
  await refused(3, /\[plan\.not-rejected\]/, cli('plan', 'again', again, ...because))
  await table('plan', 'reject', again, ...because)
  await site.drop('changes-61.csv', file([60, 61, 62, 63, 64, 65, 66].map((index) => worker(index))))
  const next = await heldPlan(gateway, site.token)
  const released = await asJson(
    z.object({ applied: z.int(), dropped: z.int() }),
    'plan',
    'release',
    next.id,
    ...because,
  )
  expect(released.applied).toBeGreaterThan(0)
  const decided = await table('plan', 'show', next.id)
  expect(decided).toMatch(/^decided \S+ \S+ by Test Operator One$/m)
  expect(decided).toMatch(/^people who join +7 +\d+ +8$/m)
  expect(decided).toContain(`with Main entrance, Research doors, ${cardOfWorker(worker(60))}`)
  const asViewer = await cliWith(await tokenOf('viewer', 'Test Looker'), 'plan', 'show', next.id)
  expect(asViewer.stdout).toContain('with Main entrance, Research doors ')
  expect(asViewer.stdout).not.toMatch(/H10301|Test Operator/)
  expect(await table('plan', 'show', next.id, '--dropped')).toMatch(/^none$/m)
})

test('a mover: the plan names the levels that come and go, and nobody by name', async () => {
  await site.drop('changes-70.csv', file([{ ...other, department: 'Legal' }]))
  const plan = await until('the move was planned', async () => {
    const { rows: plans } = await gateway.call<{ rows: PlanView[] }>(site.token, '/v1/plans?limit=5')
    return plans.find(({ kinds }) => kinds.some(({ kind }) => kind === 'revoke'))
  })
  const screen = await table('plan', 'show', plan.id)
  expect(screen).toContain('level hq/Legal doors')
  expect(screen).toContain('level hq/Research doors')
  expect(screen).not.toContain(other.familyName)
})

test('a person is found by number, card and id; shown and explained with names instead of ids', async () => {
  const { id } = await asJson(personView, 'person', 'show', anybody.employeeNumber)
  for (const by of [id, `H10301:${anybody.cardFacility}:${anybody.cardNumber}`, anybody.employeeNumber.toLowerCase()])
    expect((await asJson(personView, 'person', 'show', by)).id).toBe(id)
  const screen = await table('person', 'show', anybody.employeeNumber)
  expect(screen).toMatch(new RegExp(`^Person ${id}: active$`, 'm'))
  expect(screen).toMatch(/^hq\/Main entrance +on +on +on$/m)
  expect(screen).toMatch(new RegExp(`^H10301:${anybody.cardFacility}:${anybody.cardNumber} +on +on +on$`, 'm'))
  const explained = await asJson(explanationView, 'person', 'explain', id)
  expect(explained.rules.filter(({ outcome }) => outcome === 'granted')).toHaveLength(2)
  expect(await table('person', 'explain', id)).toMatch(
    /^granted {2}hq\/Research doors\n +rule 1: employment\.department == "Research"$/m,
  )
  await refused(1, /Nobody is known by that number, card or id/, cli('person', 'show', 'HR-999999'))
  await refused(1, /Nobody is known/, cli('person', 'show', '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'))
})

test('pause and resume, and the levels of a target', async () => {
  expect(await table('pause', 'hq', ...because)).toBe('hq paused\n')
  const unshut = await cli('person', 'lock', other.employeeNumber, ...because)
  expect([unshut.code, unshut.stdout]).toEqual([5, 'locked: 1 lock-out\n'])
  expect(unshut.stderr).toMatch(/^NOT carried out at hq, which is paused: gatehouse resume hq /)
  expect(await table('status')).toMatch(/^ {2}hq: paused: target\.paused-by-hand/m)
  expect(
    await asJson(z.object({ target: z.literal('hq'), state: z.literal('resumed') }), 'resume', 'hq', ...because),
  ).toBeDefined()
  await refused(1, /\[target\.unknown\]/, cli('pause', 'nowhere', ...because))
  const levels = await asJson(z.array(levelView), 'levels', 'list', '--target', 'hq')
  expect(levels).toHaveLength(13)
  const { people } = levels.find(({ name }) => name === 'Main entrance') ?? {}
  expect(people).toBeGreaterThanOrEqual(rows.length)
  const listed = await table('levels', 'list')
  expect(listed).toMatch(new RegExp(`^hq +\\d+ +Main entrance +yes +${people}$`, 'm'))
  // A level of the rules that nobody is to have is named once more below, with what to do.
  const idle = levels.filter((level) => level.people === 0).map(({ target, name }) => `${target}/${name}`)
  expect(idle).not.toHaveLength(0)
  const [, warned = ''] = listed.split('Rules name these, and nobody is to have one now:\n')
  for (const name of idle) expect(warned.replaceAll(/\s+/g, ' ')).toContain(name)
  expect(warned).not.toContain('Main entrance')
  expect(warned).toContain('gatehouse person explain')
  await refused(1, /\[target\.unknown\]/, cli('levels', 'list', '--target', 'nowhere'))
})

test('match reads all accounts and says whose they are; adopt and link, and what to do next', async () => {
  site.simulator.seed({ users: [{ id: 'old-7', name: `${other.givenName} ${other.familyName}` }] })
  const matched = await asJson(matchView, 'match', 'hq')
  expect(matched).toMatchObject({ state: 'done', classes: { probable: 1, untouchable: 1 } })
  expect(await table('match', 'hq')).toMatch(/^probable +1 {2}to be linked by hand, if they are right$/m)
  const { rows: accounts } = await asJson(pageOf(matchRowView), 'match', 'show', 'hq', '--class', 'probable')
  expect(accounts).toMatchObject([{ account: 'old-7', reasons: ['name'] }])
  expect(await table('match', 'show', 'hq')).toMatch(/^old-7 +\S.* probable +name +[0-9a-f-]{36}$/m)
  expect(await table('match', 'adopt', 'hq', ...because)).toMatch(/^0 accounts linked\nNext: /)
  const leave = ['match', 'leave', 'hq', 'old-7']
  await refused(2, /either an account or --person/, cli(...leave, '--person', other.employeeNumber, ...because))
  expect(await table(...leave, ...because)).toBe('left: gatehouse plan list --state held\n')
  expect(await table('match', 'link', 'hq', 'old-7', other.employeeNumber, ...because)).toBe('linked\n')
  await refused(3, /\[match\.already-linked\]/, cli('match', 'link', 'hq', 'old-7', other.employeeNumber, ...because))
  await refused(1, /\[target\.unknown\]/, cli('match', 'nowhere'))
})

test('what changed by hand at the door system is shown until it is mended; nothing is settled that was not forgotten', async () => {
  expect(await table('drift')).toBe('nothing changed at the targets behind our back\n')
  expect(await asJson(driftPage, 'drift', 'hq')).toEqual({ rows: [], next: null, counts: [] })
  await refused(3, /\[target\.not-restored\]/, cli('settle', 'hq', ...because))
  await refused(1, /\[target\.unknown\]/, cli('drift', 'nowhere'))
  const given = ['--class', 'level-added', ...because]
  for (const act of ['accept', 'revert', 'withdraw'])
    await refused(1, /\[drift\.nothing\]/, cli('drift', act, 'hq', ...given))
  await refused(3, /\[drift\.not-accepted\]/, cli('drift', 'accept', 'hq', '--class', 'profile-changed', ...because))
})

test('rows that can not be used are listed by line, field and code, never by their values', async () => {
  await site.drop('changes-80.csv', file([{ ...other, start: 'Placeholder-Day' }]))
  const problems = async () => (await asJson(sourceView, 'source', 'show', 'hr')).problems
  const problem = await until('the row was reported', async () =>
    (await problems()).find(({ place }) => place.startsWith('line')),
  )
  expect(problem).toMatchObject({ place: expect.stringMatching(/^line \d+$/), field: 'fields.start' })
  const screen = await table('source', 'show', 'hr')
  expect(screen).toContain(problem?.code ?? 'no code')
  expect(screen).not.toContain('Placeholder-Day')
  await refused(1, /\[source\.unknown\]/, cli('source', 'show', 'nowhere'))
})

test('a token is shown once, alone on standard output; a viewer looks and does nothing; a revoked one opens nothing', async () => {
  const { code, stdout, stderr } = await cli(...createToken('viewer', 'Test Watcher'), '--days', '1')
  expect([code, stdout, stderr]).toEqual([
    0,
    expect.stringMatching(/^gh_[\w-]+\n$/),
    expect.stringMatching(/^token \S+, until [^\n]+\n$/),
  ])
  const token = stdout.trim()
  const as = { GATEHOUSE_TOKEN: token }
  for (const args of [['status'], ['alarms'], ['plan', 'list'], ['levels', 'list']])
    expect((await cliWith(as, ...args)).code).toBe(0)
  const acts = [
    ['sync'],
    ['person', 'show', anybody.employeeNumber],
    ['person', 'lock', anybody.employeeNumber, ...because],
    ['plan', 'release', '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01', ...because],
    ['source', 'clear', 'hr', ...because],
    ['source', 'accept', 'hr', ...because],
    ['person', 'protect', anybody.employeeNumber, ...because],
    ['pause', 'hq', ...because],
    ['enable', 'hq', ...because],
    ['audit', 'verify'],
    ['audit', 'export'],
    ['audit', 'head'],
    ['lockouts', 'export'],
    ['archive', 'list'],
    createToken('admin', 'Test Intruder'),
    ['token', 'list'],
  ]
  for (const args of acts)
    await refused(3, /This needs the role (operator|admin)\. \[api\.forbidden\]/, cliWith(as, ...args))

  const listed = await asJson(z.array(tokenView), 'token', 'list')
  const mine = listed.find(({ name }) => name === 'Test Watcher')
  const screen = await table('token', 'list')
  expect(screen).toMatch(/ Test Watcher +viewer /)
  expect(JSON.stringify(listed) + screen).not.toContain(token.slice(3))
  expect(await table('token', 'revoke', mine?.id ?? '')).toBe('revoked\n')
  expect(await table('token', 'list')).toMatch(/ Test Watcher .* revoked$/m)
  await refused(3, /This token opens nothing\. \[api\.bad-token\]/, cliWith(as, 'status'))
  await refused(1, /\[auth\.unknown-token\]/, cli('token', 'revoke', '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'))
})

test('a token whose end was moved in the database opens nothing, neither later nor earlier', async () => {
  const { id, ...as } = await tokenOf('viewer', 'Test Latecomer')
  expect((await cliWith(as, 'status')).code).toBe(0)
  await asOwner((owner) =>
    owner.query(`update gatehouse.api_token set expires_at = expires_at + interval '1 day' where id = $1`, [id]),
  )
  await refused(3, /\[auth\.row-forged\]|\[api\.bad-token\]/, cliWith(as, 'status'))
})

test('the audit trail names each of these acts, and nobody', async () => {
  await until('all is chained', async () => (await asJson(statusView, 'status')).audit.pending === 0)
  const { code, stdout } = await cli('audit', 'export')
  expect(code).toBe(0)
  for (const action of ['person.locked', 'plan.released', 'token.revoked'])
    expect(stdout).toContain(`"action":"${action}"`)
  for (const row of rows) {
    for (const secret of [row.familyName, row.email]) expect(stdout).not.toContain(secret)
    expect(stdout).not.toMatch(cardAlone(row))
  }
})

test('lock-outs are exported as signed lines, and verified with a pinned key and no gateway', async () => {
  const pem = join(desk.folder, 'public.pem')
  await writeFile(pem, await table('keys', 'public'))
  expect((await asJson(publicKeyView, 'keys', 'public')).publicKey).toBe(await readFile(pem, 'utf8'))
  const out = join(desk.folder, 'lockouts.jsonl')
  expect(await cli('lockouts', 'export', '--out', out)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect((await stat(out)).mode & 0o777).toBe(0o600)
  const { code, stdout } = await cli(
    'lockouts',
    'export',
    '--since',
    '2020-01-01',
    '--until',
    '2100-01-01T00:00:00+01:00',
  )
  expect([code, stdout.split('\n').length]).toEqual([0, (await readFile(out, 'utf8')).split('\n').length])
  for (const row of rows)
    for (const secret of [row.familyName, row.email, row.employeeNumber]) expect(stdout).not.toContain(secret)

  const verify = (file: string, ...more: string[]) =>
    cliWith({ GATEHOUSE_URL: 'http://127.0.0.1:1' }, 'lockouts', 'verify', file, '--key', pem, ...more)
  const seen = await verify(out)
  expect([seen.code, seen.stderr]).toEqual([0, ''])
  expect(seen.stdout).toMatch(
    /^whole: \d+ lock-outs? of gateway \S+, exported \S+\n {2}\d+ proven \(\d+ read-back; the slowest after \d+ ms\), 0 open, \d+ taken back, 0 signed off\n$/,
  )
  expect(JSON.parse((await verify(out, '--json')).stdout)).toMatchObject({ ok: true, brokenAt: null })
  const changed = join(desk.folder, 'changed.jsonl')
  await writeFile(changed, stdout.replace('"cause":"operator"', '"cause":"policy"'))
  expect(await verify(changed)).toEqual({
    code: 5,
    stdout: expect.stringMatching(/^broken: line \d+ was changed after it was signed\n$/),
    stderr: '',
  })
  await writeFile(changed, stdout.slice(0, stdout.lastIndexOf('\n', stdout.length - 2)))
  expect(await verify(changed)).toMatchObject({
    code: 5,
    stdout: expect.stringMatching(/is missing: the line that ends/),
  })

  await asOwner((owner) =>
    owner.query(
      `update gatehouse.lockout set guard = null where decided_at = (select max(decided_at) from gatehouse.lockout)`,
    ),
  )
  expect((await cli('lockouts', 'export', '--out', join(desk.folder, 'forged.jsonl'))).code).toBe(0)
  expect(await verify(join(desk.folder, 'forged.jsonl'))).toMatchObject({
    code: 5,
    stdout: expect.stringContaining('1 not provable: '),
  })

  const page = await asJson(pageOf(lockoutView), 'lockouts', 'list', '--since', '2020-01-01')
  expect(page.rows.length).toBeGreaterThan(1)
  const listed = await table('lockouts', 'list', 'hq', '--state', 'proven')
  expect(listed).toMatch(/^LOCK-OUT +STATE +HOW FAR +TARGET +BECAUSE OF +WHAT +ARRIVED$/m)
  expect(listed).toMatch(/^\S{36} +proven +read-back, \d+ ms +hq +\S+ +(all|card) +\S+ \S+$/m)
  expect(await table('lockouts', 'list', '--state', 'open')).toBe('none\n')
  await refused(1, /\[target\.unknown\]/, cli('lockouts', 'list', 'nowhere'))
  await refused(2, /Allowed choices are open, proven/, cli('lockouts', 'list', '--state', 'shut'))
  await refused(2, /--since needs a day or a time/, cli('lockouts', 'list', '--since', 'monday'))

  await refused(2, /--since needs a day or a time/, cli('lockouts', 'export', '--since', 'monday'))
  await refused(2, /person: /, cli('lockouts', 'export', '--person', 'HR-1'))
  await refused(1, /ENOENT/, verify(join(desk.folder, 'nowhere.jsonl')))
  await refused(2, /can't be used: there is no public key in it/, cli('lockouts', 'verify', out, '--key', out))
})

test('a token that has run out opens nothing', async () => {
  const { key } = readExternalKey({ keyFile: join(site.dataPath, 'keys', 'external.key') })
  const vault = openVault(loadKeyring(join(site.dataPath, 'keys', 'keyring.json'), key))
  const database = openDatabase({ connectionString: clock.env.DATABASE_URL })
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  const request = { name: 'Test Forgotten', role: 'viewer', days: 1 } as const
  const made = (name: string, at: Date) =>
    database.db.transaction().execute((tx) => createSubjectWithToken(tx, vault, { ...request, name }, at))
  const { token } = await made(request.name, twoDaysAgo)
  const { id: ending } = await made('Test Ending', new Date(Date.now() - 0.9 * 86_400_000))
  await database.close()
  await refused(3, /This token opens nothing\. \[api\.bad-token\]/, cliWith({ GATEHOUSE_TOKEN: token }, 'status'))
  expect(await table('token', 'list')).toMatch(/ Test Forgotten +viewer .* expired$/m)
  const alarmed = async () =>
    (await asJson(z.array(alarmView), 'alarms')).flatMap(({ code, scope }) =>
      code === 'token.expiring' ? [scope] : [],
    )
  // It is looked for every ten seconds, which pass as quickly as somebody looks.
  await clock.until('one that is about to is an alarm', async () => (await alarmed()).join() === ending)
  await cli('token', 'revoke', ending)
  await clock.until('until it is revoked', async () => (await alarmed()).length === 0)
})

test('nothing is archived unless it is asked for', async () => {
  expect(await asJson(pageOf(archiveView), 'archive', 'list')).toEqual({ rows: [], next: null })
  expect(await table('archive', 'list')).toBe('none\n')
})

test('the program itself, from another folder: address and token file by environment, answers on standard output, its code for scripts', async () => {
  const env = { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN_FILE: join(desk.folder, 'token') }
  const fine = await site.gatehouse(['status', '--json'], env)
  expect({ ...fine, stdout: statusView.safeParse(JSON.parse(fine.stdout)).success }).toEqual({
    code: 0,
    stdout: true,
    stderr: '',
  })
  await refused(1, /\[plan\.unknown\]/, site.gatehouse(['plan', 'show', '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'], env))
  await refused(2, /unknown command/, site.gatehouse(['stauts'], env))
  await refused(
    3,
    /there is no token/,
    site.gatehouse(['status'], { GATEHOUSE_URL: gateway.url, GATEHOUSE_DATA: desk.folder }),
  )
  await refused(4, /can't be reached/, site.gatehouse(['status'], { ...env, GATEHOUSE_URL: 'http://127.0.0.1:1' }))
})

test('what the command line can not make sense of ends with 2', async () => {
  await refused(2, /unknown command/, cli('stauts'))
  await refused(2, /required option '--reason/, cli('pause', 'hq'))
  await refused(2, /one of viewer, operator, admin, security, attendance/, cli(...createToken('owner', 'x')))
  await refused(2, /whole number above 0/, cli(...createToken('viewer', 'x'), '--days', '0'))
  await refused(2, /id: /, cli('plan', 'show', 'x'))
  await refused(2, /state: /, cli('plan', 'list', '--state', 'lost'))
  await refused(2, /limit: /, cli('plan', 'list', '--limit', '0'))
  await refused(2, /\[page\.unknown-cursor\]/, cli('plan', 'list', '--after', 'x'))
  await refused(2, /not the address of a gateway/, cli('status', '--url', 'gatehouse.example'))
  await refused(2, /unencrypted/, cli('status', '--url', 'http://gate.example.org'))
})

test('no token, a token that others may read, and one that nobody gave out end with 3', async () => {
  await refused(
    3,
    /there is no token: set GATEHOUSE_TOKEN/,
    cliWith({ GATEHOUSE_TOKEN_FILE: join(desk.folder, 'none') }, 'status'),
  )
  const open = join(desk.folder, 'open')
  await writeFile(open, site.token)
  await chmod(open, 0o644)
  await refused(3, /chmod 600/, cliWith({ GATEHOUSE_TOKEN_FILE: open }, 'status'))
  await refused(3, /\[api\.bad-token\]/, cliWith({ GATEHOUSE_TOKEN: 'gh_nobody' }, 'status'))
})

test('a gateway that is not there ends with 4; something else in its place with 1', async () => {
  const nobody = { GATEHOUSE_URL: `http://127.0.0.1:${await freePort()}` }
  await refused(4, /the gateway at http:\/\/127\.0\.0\.1:\d+ can't be reached: ECONNREFUSED/, cliWith(nobody, 'status'))
  const stranger = createServer((_request, response) => response.end('<html>'))
  const port = await freePort()
  await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve))
  await refused(1, /not that of a gateway/, cliWith({ GATEHOUSE_URL: `http://127.0.0.1:${port}` }, 'status'))
  stranger.close()
})

test('every command explains itself with examples', async () => {
  const unused = () => {
    throw new Error('help needs nothing')
  }
  const terminal: Terminal = {
    ...{ env: {}, colours: false, watched: false, out: () => undefined, err: () => undefined },
    ...{ readInput: unused, onSignal: unused, exit: unused, loadLocalGateway: unused },
  }
  const all = (command: ReturnType<typeof createProgram>): ReturnType<typeof createProgram>[] => [
    command,
    ...command.commands.flatMap((inner) => all(inner)),
  ]
  const commands = all(createProgram({ terminal, finish: unused }))
  expect(commands.length).toBeGreaterThan(25)
  for (const command of commands) {
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
    expect(help).toMatch(/\nExamples:\n {2}\$ (umask 077; |echo \S+ \| )?gatehouse /)
  }
  const program = await site.gatehouse(['--help'])
  expect(program.stdout).toMatch(/Exit codes:\n {2}0 {2}done\n(.*\n)+ {2}5 {2}problems were found/)
})

test('what codes become is told without a gateway, and by one', async () => {
  const told = (...args: string[]) => site.gatehouse(['events', 'types', ...args])
  const { stdout } = await told('--system', 'biostar2', '--class', 'alarm', '--json')
  const codes = JSON.parse(stdout) as { code: string; type: string }[]
  expect(codes.find(({ code }) => code === '21504')).toMatchObject({ type: 'alarm.door_forced', active: true })
  expect(codes.filter(({ type }) => !type.startsWith('alarm.'))).toEqual([])
  const [aeos = '', biostar = '', onvif = ''] = await Promise.all(
    ['aeos', 'biostar2', 'onvif'].map(async (system) => (await told('--system', system)).stdout),
  )
  expect(aeos).toMatch(/^40 reason=109 +BadgeNoAccessEvent +access\.denied\.biometric_mismatch$/m)
  expect(biostar).toMatch(/^13568 +DEVICE_DHCP_SUCCESS +other\n {4}an address/m)
  expect(onvif).toMatch(/^tns1:Door\/State\/DoorAlarm State=DoorForcedOpen +alarm\.door_forced, begins$/m)
  expect(
    [aeos, biostar, onvif]
      .join('')
      .split('\n')
      .filter((line) => line.length > 120),
  ).toEqual([])
  await refused(2, /codes of aeos, biostar2, onvif/, told('--system', 'nobody'))
  const call = (path: string) => gateway.call<{ codes: unknown; types: unknown }>(site.token, `/v1/events/types${path}`)
  expect((await call('/onvif')).codes).toContainEqual(
    expect.objectContaining({ code: 'tns1:AccessControl/Duress', type: 'alarm.duress' }),
  )
  expect((await call('')).types).toContainEqual(
    expect.objectContaining({ type: 'alarm.other', class: 'alarm', severity: 'alert', onvif: [] }),
  )
  await expect(call('/nobody')).rejects.toMatchObject({ status: 404, code: 'events.unknown-system' })
})

test('events are for the role security; an admin crosses with a reason, and others see who reports, and no movements', async () => {
  await refused(2, /\[wall\.no-reason\]/, cli('events', 'list'))
  expect(await table('events', 'list', ...because)).toBe('none\n')
  await refused(
    3,
    /\[api\.forbidden\]/,
    cliWith(await tokenOf('operator', 'Test Curious'), 'events', 'list', ...because),
  )
  const made = await asJson(z.object({ token: z.string() }), ...createToken('security', 'Test Guard'))
  const asGuard = (...args: string[]) => cliWith({ GATEHOUSE_TOKEN: made.token }, 'events', ...args)
  expect((await asGuard('list', '--person', anybody.employeeNumber, '--from', '2026-03-01')).stdout).toBe('none\n')
  await refused(2, /target\/id.*\[events\.malformed-door\]/, asGuard('list', '--door', 'front'))
  await refused(2, /events types lists them/, asGuard('list', '--type', 'no.such'))
  await refused(2, /there are access\.denied\.unknown_credential, /, asGuard('list', '--type', 'access.denied'))
  await refused(2, /--from takes a day/, asGuard('list', '--from', 'yesterday'))
  await refused(2, /the earlier one/, asGuard('list', '--from', '1h', '--to', '2h'))
  await refused(2, /No system reports events\. \[events\.unknown-source\]/, asGuard('list', '--source', 'hp'))
  await refused(2, /\[events\.unknown-source\]/, asGuard('list', '--door', 'hp/1'))
  for (const past of ['--from', '--to', '--after'])
    await refused(2, new RegExp(`from now on: leave ${past} out`), asGuard('list', '--follow', past, '2026-03-01'))
  await refused(3, /\[api\.forbidden\]/, cliWith({ GATEHOUSE_TOKEN: made.token }, 'plan', 'list'))
  await refused(3, /\[api\.forbidden\]/, asGuard('sources'))
  expect(await table('events', 'sources')).toBe('none\n')
  expect(await table('events', 'types', '--class', 'alarm')).toMatch(
    /^alarm\.duress {2}alarm, alert\n {4}somebody was forced.*\n {4}tns1:AccessControl\/Duress\nalarm\./m,
  )
  const read = await until('the readings are in the trail', async () => {
    const { rows: trail } = await gateway.call<{ rows: { action: string; details: unknown }[] }>(
      site.token,
      '/v1/audit?limit=500',
    )
    const found = trail.filter(({ action }) => action === 'events.read')
    return found.length === 2 ? found : null
  })
  expect(read[0]?.details).toMatchObject({ reason: 'checked by phone' })
  expect(read[1]?.details).toMatchObject({ from: '2026-03-01T00:00:00Z', person: expect.any(String) })
})

test('observe stops all writing, enable lets it begin, and the status says which it is', async () => {
  await refused(3, /This target is enabled already\. \[target\.enabled\]/, cli('enable', 'hq', ...because))
  expect(await table('observe', 'hq', ...because)).toMatch(/^hq observed: from now on nobody is locked out there/)
  expect(await table('status')).toMatch(/^hq +observe /m)
  const bystander = rows.at(-1)?.employeeNumber ?? ''
  const locked = await cli('person', 'lock', bystander, ...because)
  expect([locked.code, locked.stdout, locked.stderr]).toEqual([
    5,
    'locked; Gatehouse knows no account of theirs that is open and that it may write to\n',
    'NOT carried out at hq, which is only observed: gatehouse enable hq --reason "..."\n',
  ])
  await cli('person', 'unlock', bystander, ...because)
  expect(await table('enable', 'hq', ...because)).toBe('hq enabled\nNext: gatehouse plan list --state held\n')
  expect(await table('status')).toMatch(/^hq +enabled /m)
  await refused(1, /\[target\.unknown\]/, cli('enable', 'nowhere', ...because))
})

test('neither the gateway nor a refusal has said a name, a card or a token of anybody', () => {
  const said = site.said.join('')
  for (const row of rows)
    for (const secret of [row.familyName, row.email, row.employeeNumber]) expect(said).not.toContain(secret)
  expect(said).not.toMatch(/gh_[\w-]{20}/)
})
