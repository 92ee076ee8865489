/** The audit trail as an operator and an auditor have it: against heads that were kept, as exports, with and without a gateway. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { auditVerdict } from '../../src/api/schemas/audit.ts'
import { statusView } from '../../src/api/schemas/status.ts'
import { type Desk, openDesk, refused } from '../support/desk.ts'
import type { Finished, GatewayProcess } from '../support/gateway-process.ts'
import { cardAlone, firstImport, workers } from '../support/people.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let site: Site
let gateway: GatewayProcess
let desk: Desk
let pem: string
const rows = workers(4)

beforeAll(async () => {
  postgres = await startPostgres()
  site = await openSite({ databaseUrl: postgres.url })
  gateway = await site.start()
  desk = await openDesk(site, gateway)
  await firstImport(site, gateway, rows)
  await desk.table('person', 'lock', rows[0]?.employeeNumber ?? '', '--reason', 'a badge in the yard')
  await allChained()
  pem = join(desk.folder, 'public.pem')
  await writeFile(pem, await desk.table('keys', 'public'))
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

const allChained = () =>
  until('all is chained', async () => (await desk.asJson(statusView, 'status')).audit.pending === 0)

/** As a thief who owns the database server, and whom no trigger stops. */
async function tamper(sql: string): Promise<void> {
  const owner = new pg.Client({ ...postgres.admin, options: '-c search_path=gatehouse' })
  await owner.connect()
  try {
    await owner.query('alter table audit disable trigger all')
    await owner.query(sql)
  } finally {
    await owner.end()
  }
}

/** Without a gateway, as an auditor. */
const verifyFile = (file: string, ...more: readonly string[]): Promise<Finished> =>
  desk.cliWith({ GATEHOUSE_URL: 'http://127.0.0.1:1' }, 'audit', 'verify', '--file', file, '--key', pem, ...more)
const verdictOf = async (finished: Promise<Finished>): Promise<unknown> => {
  const { code, stdout } = await finished
  return { code, ...z.object({ brokenAt: z.int().nullable(), why: z.string().nullable() }).parse(JSON.parse(stdout)) }
}
const headOf = async (): Promise<string> => (await desk.table('audit', 'head')).trim()
const placed = async (name: string, text: string): Promise<string> => {
  const path = join(desk.folder, name)
  await writeFile(path, text)
  return path
}
async function exported(name: string, ...more: readonly string[]): Promise<{ path: string; lines: string[] }> {
  const path = join(desk.folder, name)
  expect((await desk.cli('audit', 'export', '--out', path, ...more)).stdout).toBe('')
  return { path, lines: (await readFile(path, 'utf8')).trimEnd().split('\n') }
}
const entryShape = z.object({ seq: z.int(), action: z.string(), hash: z.string(), opened: z.unknown() })

test('the trail verifies, up to a head that is printed alone, and against it later', async () => {
  const verdict = await desk.asJson(auditVerdict, 'audit', 'verify')
  expect(await desk.table('audit', 'verify')).toMatch(/^whole: \d+ entries, head \d+:[0-9a-f]{64}$/m)
  const head = await headOf()
  expect(head).toMatch(/^\d+:[0-9a-f]{64}$/)
  expect(await desk.asJson(z.object({ head: z.string() }), 'audit', 'head')).toEqual({ head })
  expect(Number(head.split(':')[0])).toBeGreaterThanOrEqual(verdict.entries)
  expect(await desk.table('audit', 'verify', '--head', head)).toMatch(/^whole: /)
  const future = `${Number(head.split(':')[0]) + 1_000}:${'ab'.repeat(32)}`
  const early = await desk.cli('audit', 'verify', '--head', future)
  expect(early).toMatchObject({ code: 5, stderr: '' })
  expect(early.stdout).toMatch(/^broken: entry \d+ is missing: the trail ends before the head .+ \(truncated\)\n/)
  const other = `${head.split(':')[0]}:${'ab'.repeat(32)}`
  expect((await desk.cli('audit', 'verify', '--head', other)).stdout).toMatch(/is not the one .+ \(head-differs\)\n/)
})

test('it is exported with its details opened, and whoever has the public key or the keyring verifies all of it', async () => {
  const { code, stdout, stderr } = await desk.cli('audit', 'export')
  const lines = stdout.trimEnd().split('\n')
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^\d+ entries, head \d+:[0-9a-f]{64}\n$/)])
  const entries = lines.slice(0, -1).map((line) => entryShape.parse(JSON.parse(line)))
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  const locked = entries.find(({ action }) => action === 'person.locked')
  expect(locked?.opened).toMatchObject({ reason: 'a badge in the yard' })
  for (const row of rows) {
    for (const secret of [row.familyName, row.email]) expect(stdout).not.toContain(secret)
    expect(stdout).not.toMatch(cardAlone(row))
  }

  const { path } = await exported('trail.jsonl')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await refused(1, /there is a file already, which is not overwritten/, desk.cli('audit', 'export', '--out', path))
  const seen = await verifyFile(path)
  expect([seen.code, seen.stderr]).toEqual([0, ''])
  expect(seen.stdout).toMatch(/^whole: \d+ entries, head \d+:[0-9a-f]{64}\n {2}of gateway \S+, exported \S+\n$/)
  const head = `${locked?.seq}:${locked?.hash}`
  expect(await verdictOf(verifyFile(path, '--head', head, '--json'))).toEqual({ code: 0, brokenAt: null, why: null })
  const own = ['audit', 'verify', '--file', path, '--config', site.configPath, '--head', head]
  expect(await site.gatehouse(own)).toMatchObject({ code: 0, stdout: seen.stdout, stderr: '' })

  await allChained()
  const later = await exported('later.jsonl')
  const actions = later.lines.slice(0, -1).map((line) => entryShape.parse(JSON.parse(line)).action)
  expect(actions.filter((action) => action === 'audit.exported').length).toBeGreaterThanOrEqual(2)
})

test('sealed, an export says nothing that anybody typed, and verifies just so', async () => {
  const { path, lines } = await exported('sealed.jsonl', '--sealed')
  expect(lines.join()).not.toContain('yard')
  expect(lines.join()).not.toContain('"opened":{')
  expect((await verifyFile(path)).code).toBe(0)
})

test('an export that was changed, cut off or put together ends with 5', async () => {
  const { lines } = await exported('to-change.jsonl')
  const text = `${lines.join('\n')}\n`
  const changed = await placed('changed.jsonl', text.replace('"action":"person.locked"', '"action":"person.seen"'))
  const locked = lines.findIndex((line) => line.includes('"action":"person.locked"')) + 1
  expect((await verifyFile(changed)).stdout).toBe(
    `broken: entry ${locked} or what comes before it is not as it was written (changed)\n  ${locked - 1} entries before it: whole\n`,
  )
  expect(await verdictOf(verifyFile(changed, '--json'))).toEqual({ code: 5, brokenAt: locked, why: 'changed' })
  const reworded = await placed('reworded.jsonl', text.replace('in the yard', 'in his bag'))
  expect((await verifyFile(reworded)).stdout).toBe(
    'broken: the last line is about other lines than these: some were changed, added or taken away (altered)\n',
  )
  const cut = await placed('cut.jsonl', `${lines.slice(0, -1).join('\n')}\n`)
  expect(await verdictOf(verifyFile(cut, '--json'))).toEqual({ code: 5, brokenAt: null, why: 'cut-off' })
  const less = await placed('less.jsonl', `${lines.toSpliced(2, 1).join('\n')}\n`)
  expect(await verdictOf(verifyFile(less, '--json'))).toEqual({ code: 5, brokenAt: 3, why: 'gap' })
  const twice = await placed('twice.jsonl', text + text)
  expect(await verdictOf(verifyFile(twice, '--json'))).toEqual({ code: 5, brokenAt: null, why: 'after-end' })
  const noLines = await placed('no-lines.jsonl', 'x'.repeat(9_000_000))
  expect(await verdictOf(verifyFile(noLines, '--json'))).toEqual({ code: 5, brokenAt: 1, why: 'malformed' })
})

test('what makes no sense is refused before anything is read', async () => {
  await refused(2, /--head: an audit head looks like 17:/, desk.cli('audit', 'verify', '--head', 'yesterday'))
  await refused(2, /--head: /, verifyFile(pem, '--head', '17:ab'))
  await refused(2, /--file needs --key, --config or both/, desk.cli('audit', 'verify', '--file', pem))
  await refused(2, /are for what --file names/, desk.cli('audit', 'verify', '--key', pem))
  await refused(2, /are for what --file names/, desk.cli('audit', 'verify', '--config', 'gatehouse.yaml'))
  await refused(1, /ENOENT/, verifyFile(join(desk.folder, 'nowhere.jsonl')))
  const { path } = await exported('for-nobody.jsonl')
  const wrongKey = desk.cli('audit', 'verify', '--file', path, '--key', path)
  await refused(2, /can't be used: there is no public key in it/, wrongKey)
})

test('an entry that was changed, or written without the keyring, ends everything with 5; nothing broken is signed as whole', async () => {
  await tamper(`create table kept as select * from audit; update audit set actor = 'somebody' where seq = 2`)
  expect((await desk.cli('audit', 'verify')).stdout).toMatch(
    /^broken: entry 2 or .+ \(changed\)\n {2}1 entry before it: whole\n$/,
  )
  await refused(5, /^broken: entry 2 /, desk.cli('audit', 'head'))
  const changed = join(desk.folder, 'of-changed.jsonl')
  const { code, stderr } = await desk.cli('audit', 'export', '--out', changed)
  expect([code, stderr]).toEqual([5, expect.stringMatching(/^\d+ entries, head 1:\w+\nbroken: entry 2 /)])
  expect(await verdictOf(verifyFile(changed, '--json'))).toEqual({ code: 5, brokenAt: 2, why: 'changed' })

  await tamper(
    `update audit set actor = kept.actor, mac = audit.hash from kept where kept.seq = audit.seq and audit.seq = 2`,
  )
  const forged = await exported('forged.jsonl')
  // Without the keyring the entry looks right; the gateway's signed word says that it is not.
  expect(await verdictOf(verifyFile(forged.path, '--json'))).toEqual({ code: 5, brokenAt: 2, why: 'forged' })
  const own = ['audit', 'verify', '--file', forged.path, '--config', site.configPath, '--json']
  expect(await verdictOf(site.gatehouse(own))).toEqual({ code: 5, brokenAt: 2, why: 'forged' })
  await tamper('update audit set mac = kept.mac from kept where kept.seq = audit.seq and audit.seq = 2')
  expect((await desk.cli('audit', 'verify')).code).toBe(0)
})

test('a trail that was cut off, or went another way since, fails against what was kept', async () => {
  const before = await exported('before.jsonl')
  const head = await headOf()
  const [, , , fourth = ''] = before.lines
  const { hash } = entryShape.parse(JSON.parse(fourth))
  await tamper('delete from audit where seq > 3')
  await until('the gateway writes on', async () => (await desk.asJson(auditVerdict, 'audit', 'verify')).entries > 3)
  // By itself the trail is whole, and rightly signed.
  const { path } = await exported('after.jsonl')
  expect((await verifyFile(path)).code).toBe(0)
  const verify = (expected: string) => desk.cli('audit', 'verify', '--json', '--head', expected)
  expect(await verdictOf(verify(head))).toMatchObject({ code: 5, why: 'truncated' })
  expect(await verdictOf(verifyFile(path, '--json', '--head', head))).toMatchObject({ code: 5, why: 'truncated' })
  const fork = `4:${hash}`
  const forked = { code: 5, brokenAt: 4, why: 'head-differs' }
  expect(await verdictOf(verify(fork))).toEqual(forked)
  expect(await verdictOf(verifyFile(path, '--json', '--head', fork))).toEqual(forked)
  expect((await verifyFile(before.path, '--head', fork)).code).toBe(0)
})
