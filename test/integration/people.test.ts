/** What an operator does about one person or one card by name, on the command line and at the door system. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { pageOf } from '../../src/api/route.ts'
import { cardUse, cardView } from '../../src/api/schemas/cards.ts'
import { grantView } from '../../src/api/schemas/grants.ts'
import { type Desk, openDesk, refused } from '../support/desk.ts'
import type { Finished, GatewayProcess } from '../support/gateway-process.ts'
import { cardOf, firstImport, isShutOut, workers } from '../support/people.ts'
import { startPostgres, type TestPostgres, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let site: Site
let gateway: GatewayProcess
let desk: Desk
const rows = workers(4)
type Row = (typeof rows)[0]
const [anybody, other] = rows as [Row, Row]
const because = ['--reason', 'checked by phone']
const explained = z.object({
  readings: z.array(z.looseObject({ card: z.string() })),
  misfits: z.array(z.object({ format: z.string(), why: z.string() })),
  uses: z.array(cardUse).nullable(),
})

beforeAll(async () => {
  postgres = await startPostgres()
  site = await openSite({ databaseUrl: postgres.url })
  // So long that no figure of a log holds it by chance.
  await site.configure((config) => Object.assign(config, { pins: { length: 12 } }))
  gateway = await site.start()
  desk = await openDesk(site, gateway)
  await firstImport(site, gateway, rows)
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

const cli = (...args: readonly string[]): Promise<Finished> => desk.cli(...args)
const asJson: Desk['asJson'] = (schema, ...args) => desk.asJson(schema, ...args)
const table = (...args: readonly string[]): Promise<string> => desk.table(...args)

test('a lost card is blocked with its proof, tells nobody’s lock by its number, and comes back by a word alone', async () => {
  const card = `H10301:${other.cardFacility}:${other.cardNumber}`
  const lost = await table('card', 'lost', card, ...because)
  expect(lost).toMatch(/^lost: to be blocked at 1 account\nhq: proven after \d+ ms \(read-back\)\n$/)
  const [shown] = await asJson(z.array(cardView), 'card', 'show', card)
  expect(shown).toMatchObject({
    state: 'lost',
    source: 'hr',
    accounts: [{ target: 'hq', desired: 'blocked', actual: 'blocked' }],
  })
  expect(shown?.lockouts).toMatchObject([{ cause: 'operator', state: 'proven', credential: shown?.credential }])
  expect(await table('card', 'show', card)).toMatch(/^lost, from hr$/m)
  expect(await table('lockouts', 'show', shown?.lockouts[0]?.id ?? '')).toMatch(/^what +one card, \S+$/m)
  await refused(3, /\[card\.lost\]/, cli('person', 'lock', card, ...because))
  expect(await table('person', 'show', card)).toContain(`${card}`)
  expect(await table('card', 'returned', other.employeeNumber, card, ...because)).toMatch(/^returned: /)
  await refused(3, /\[card\.returned\]/, cli('card', 'suspend', card, ...because))
  await refused(3, /\[card\.not-theirs\]/, cli('card', 'lost', anybody.employeeNumber, card, ...because))
  await refused(1, /\[card\.unknown\]/, cli('card', 'show', 'H10301:250:1', '--json'))
  await refused(2, /\[card\.unreadable\]/, cli('card', 'lost', 'H10301:999:1', ...because))
  expect(await table('card', 'issue', other.employeeNumber, card, ...because)).toMatch(/^issued(; it waits .*)?\n$/)
  await until(
    'the door system has it',
    async () => (await asJson(z.array(cardView), 'card', 'show', card))[0]?.accounts[0]?.actual === 'on',
  )
  const unwaited = await cli('card', 'suspend', card, ...because, '--no-wait')
  expect([unwaited.code, unwaited.stdout]).toEqual([
    0,
    expect.stringMatching(/^suspended: to be blocked at 1 account\n/),
  ])
  expect(await table('card', 'resume', card, ...because)).toMatch(/^resumed: /)
})

test('explain says what a number can mean, and who has it by ids alone; half of it without a gateway', async () => {
  const named = `H10301:${anybody.cardFacility}:${anybody.cardNumber}`
  const said = await table('card', 'explain', named)
  expect(said).toMatch(new RegExp(`^${named}\n  if it is +as it is written$`, 'm'))
  expect(said).toContain(`card_id ${cardOf(anybody)}, Wiegand format 0`)
  expect(said).toMatch(/^ {2}in use +person [0-9a-f-]{36}: active, hq on$/m)
  expect(said).not.toContain(anybody.familyName)
  expect(await table('card', 'explain', 'H10301:250:1')).toMatch(/^ {2}in use +nobody has it, or has had it$/m)
  // As the door system counts it: one of many meanings is held by somebody.
  const { readings, uses } = await asJson(explained, 'card', 'explain', cardOf(anybody))
  expect(readings.map(({ card }) => card)).toContain(named)
  expect(readings.length).toBeGreaterThan(10)
  expect(uses).toMatchObject([
    { asked: named, card: named, state: 'active', accounts: [{ target: 'hq', actual: 'on' }] },
  ])
  const many = await table('card', 'explain', cardOf(anybody))
  expect(many).toMatch(/^ {4}person [0-9a-f-]{36}: active, hq on$/m)
  expect(many).toMatch(new RegExp(`ask which format the site has\\.\n\n${named}\n`))
  expect(many).toMatch(new RegExp(`:\n  gatehouse card explain ${named}\n$`))

  const alone = await asJson(explained, 'card', 'explain', named, '--offline')
  expect(alone).toMatchObject({ readings: [{ card: named, unguarded: 0, warnings: [] }], uses: null })
  const away = await cli('card', 'explain', named, '--url', 'http://127.0.0.1:1')
  expect([away.code, away.stdout]).toEqual([4, expect.stringContaining('card_id')])
  expect(away.stderr).toMatch(/^error: who has the card is not known: the gateway at \S+ can't be reached/)

  const flipped = await cli('card', 'explain', '10000000100000000000000011', '--offline')
  expect([flipped.code, flipped.stdout]).toEqual([
    2,
    'This number is no card of a format that is known here.\nNot H10301: the parity in bit 25 does not fit.\n',
  ])
  await refused(2, /a number of a card has digits, letters/, cli('card', 'explain', '17;4711'))
  for (const text of ['PIV75:32:1:92446:20301231', 'CSN:08A1B2C3', '1001100000011100110101000110010011101'])
    expect(await table('card', 'explain', text, '--offline')).toMatch(/BioStar 2/)
  expect(await table('card', 'explain', 'CSN:08A1B2C3', '--offline')).toContain('draws this number anew at each tap')
  await refused(2, /\[card\.random-serial\]/, cli('card', 'issue', anybody.employeeNumber, 'CSN:08A1B2C3', ...because))
})

test('a card that the door system has no format for is issued, and it is said where it does not work', async () => {
  const issued = await cli('card', 'issue', other.employeeNumber, 'H10306:1234:56789', ...because)
  expect([issued.code, issued.stderr]).toEqual([
    0,
    'NOT taken at hq, which can not have such a card: biostar2.card-format\n',
  ])
  await until('the failure is listed', async () => (await table('failures', 'list')).includes('biostar2.card-format'))
  expect(await table('card', 'returned', 'H10306:1234:56789', ...because)).toMatch(/^returned/)
  // Known by its bits, whatever it is called.
  await table('card', 'issue', other.employeeNumber, 'H10304:12345:345678', ...because)
  await refused(3, /\[card\.two-formats\]/, cli('card', 'issue', other.employeeNumber, 'H10302:6472681038', ...because))
  await refused(3, /\[card\.held\]/, cli('card', 'issue', anybody.employeeNumber, 'H10302:6472681038', ...because))
  expect(await table('card', 'explain', 'H10302:6472681038')).toMatch(/: issued as H10304:12345:345678, hq /)
  await until('it is at the door system', () =>
    site.simulator.state.user(other.employeeNumber)?.cards.some(({ number }) => number === '6472681038'),
  )
  expect(await table('card', 'lost', 'H10302:6472681038', ...because)).toMatch(/^lost: to be blocked at 1 account\n/)
  expect(await table('card', 'returned', 'H10304:12345:345678', ...because)).toMatch(/^returned/)
})

test('lock shuts a person out and its proof is shown; unlock lets them in again', async () => {
  const card = `H10301:${anybody.cardFacility}:${anybody.cardNumber}`
  expect(await table('person', 'lock', card, ...because)).toMatch(
    /^locked: 1 lock-out\nhq: proven after \d+ ms \(read-back\)\n$/,
  )
  expect(isShutOut(site, anybody)).toBe(true)
  await until('it is proven', async () =>
    /^hq +operator +\S+ \S+ +\d+ ms +read-back$/m.test(await table('person', 'show', anybody.employeeNumber)),
  )
  expect(await table('person', 'show', anybody.employeeNumber)).toContain(': active, locked by an operator\n')
  expect(await table('person', 'unlock', anybody.employeeNumber, ...because)).toBe('unlocked\n')
  await until('the door system shows it', () => !isShutOut(site, anybody))
  await refused(2, /--hours needs a number above 0/, cli('person', 'unlock', 'HR-1', ...because, '--hours', 'x'))
  await refused(2, /reason: /, cli('person', 'lock', anybody.employeeNumber, '--reason', 'x'))
})

test('a right given by name opens at once, is shown with who gave it, and is taken back', async () => {
  const given = await asJson(
    grantView,
    ...['grant', 'add', anybody.employeeNumber, 'hq/Legal doors', '--until', '8h', '--reason', 'looks for a contract'],
  )
  expect(given).toMatchObject({ level: 'hq/Legal doors', waits: null, reason: 'looks for a contract' })
  expect(given.by).toBeTruthy()
  await until('the door system has it', async () =>
    /^hq\/Legal doors +on +on +on$/m.test(await table('person', 'show', anybody.employeeNumber)),
  )
  expect(await table('person', 'show', anybody.employeeNumber)).toMatch(/^hq\/Legal doors +\d{4}-\d\d-\d\d \S+ +\S/m)
  expect(await table('person', 'explain', anybody.employeeNumber)).toMatch(
    /^granted {2}hq\/Legal doors\n +by name: .+, until .+\n +looks for a contract$/m,
  )
  expect((await asJson(pageOf(grantView), 'grant', 'list')).rows.map(({ id }) => id)).toEqual([given.id])
  expect(await table('grant', 'list', anybody.employeeNumber)).toContain(given.id)
  const person = anybody.employeeNumber
  expect(await table('grant', 'revoke', person, 'hq/Legal doors', ...because)).toBe('1 grant revoked\n')
  await refused(1, /\[grant\.unknown\]/, cli('grant', 'revoke', person, 'hq/Legal doors', ...because))
  await refused(1, /\[grant\.unknown\]/, cli('grant', 'revoke', given.id, ...because))
  await refused(1, /\[level\.unknown\]/, cli('grant', 'add', person, 'hq/Cellar', '--until', '8h', ...because))
  await refused(
    2,
    /\[until\.over\]/,
    cli('grant', 'add', person, 'hq/Legal doors', '--until', '2020-01-01', ...because),
  )
  await refused(2, /\[until\.too-long\]/, cli('grant', 'add', person, 'hq/Legal doors', '--until', '3000d', ...because))
  await refused(2, /say how long/, cli('grant', 'add', person, 'hq/Legal doors', ...because))
  const endless = await asJson(grantView, 'grant', 'add', person, 'hq/Legal doors', '--no-end', ...because)
  expect(endless.until).toBeNull()
  expect(await table('grant', 'revoke', endless.id, ...because)).toBe('revoked\n')
})

test('a PIN is drawn, shown once and alone, set at the door system, and then known to nobody here', async () => {
  const { code, stdout, stderr } = await cli('pin', 'issue', other.employeeNumber, '--reason', 'forgot it')
  expect([code, stdout, stderr]).toEqual([0, expect.stringMatching(/^\d{12}\n$/), 'for hq; shown this once\n'])
  const pin = stdout.trim()
  await until(
    'the door system has it',
    () => site.simulator.state.users().some(({ name, pinExists }) => pinExists && name.includes(other.familyName)),
    20_000,
  )
  const owner = new pg.Client(postgres.admin)
  await owner.connect()
  await until(
    'it is forgotten here',
    async () => (await owner.query('select 1 from gatehouse.pin_issue')).rowCount === 0,
  )
  await owner.end()
  expect(site.said.join('')).not.toContain(pin)
  expect(JSON.stringify(site.simulator.requests.find())).not.toContain(pin)
  await refused(1, /\[target\.unknown\]/, cli('pin', 'issue', other.employeeNumber, '--target', 'nowhere', ...because))
})

test('a card that goes to another person survives a gateway that is killed in between, and is never asked for twice', {
  timeout: 120_000,
}, async () => {
  const [, , giver, taker] = rows as [Row, Row, Row, Row]
  const card = `H10301:${giver.cardFacility}:${giver.cardNumber}`
  const holders = () =>
    site.simulator.state
      .users()
      .filter(({ cards }) => cards.some(({ number }) => number === cardOf(giver)))
      .map(({ name }) => name)
  await until('it is where it was', () => holders().length === 1)
  // Two ways between which the process dies: the card is off one account, and not yet on the other.
  site.simulator.faults.add({ kind: 'hang', method: 'PUT', path: '^/api/users/', times: 1 })
  await table('card', 'returned', card, ...because)
  await table('card', 'issue', taker.employeeNumber, card, ...because)
  const seen = new Set<string>()
  const watch = setInterval(() => seen.add(holders().sort().join(' and ')), 5)
  await gateway.kill()
  gateway = await site.start()
  await until('the other one has it', () => holders().some((name) => name.includes(taker.familyName)), 90_000)
  clearInterval(watch)
  expect([...seen].filter((names) => names.includes(' and '))).toEqual([])
  // The door system refuses a card that somebody else has (408): it never had to.
  expect(site.simulator.requests.find().filter(({ code }) => code === '408')).toEqual([])
  expect(site.said.join('')).not.toContain('card-taken')
})
