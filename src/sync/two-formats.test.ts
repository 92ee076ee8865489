import assert from 'node:assert/strict'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { compileMapping } from '../mapping/mapping.ts'
import { type Card, cardText, csn, readCard } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import { issueCard, loseCard, returnCard, suspendCard } from './cards.ts'
import { type Bench, type Engine, minute, startEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from './fixtures/hr-file.fixture.ts'
import { watchTheTime } from './sweep.ts'

let engine: Engine
let bench: Bench
beforeAll(async () => {
  engine = await startEngine()
}, 60_000)
afterAll(() => engine[Symbol.asyncDispose]())
beforeEach(async () => {
  bench = await engine.begin({ source: { mapping } })
})

/** The column `card` is a number of H10304 with facility 7, and the column `email` one of H10302: 37 bits either way. */
const mapping = compileMapping({
  key: 'row.id',
  fields: {
    employeeNumber: 'row.number',
    givenName: 'row.given',
    familyName: 'row.family',
    department: 'row.department',
    left: 'row.status == "left"',
  },
  cards: [
    { format: 'H10304', facility: '7', number: 'row.card', state: 'row.cardState' },
    { format: 'H10302', number: 'row.email' },
  ],
})
const split = readCard('H10304:7:100') as Card
/** The same bits: 7 times 2 to the power of 19, and 100. */
const whole = readCard('H10302:3670116') as Card
const asSplit = { card: '100' }
const asWhole = { email: '3670116' }

const row = (who: number, more: Partial<HrRow>) => hrRow(who, more)
const deliver = async (...rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await settle()
}
const settle = async () => {
  for (let round = 0; round < 2; round++) {
    await bench.followCalendar()
    await bench.rest()
  }
}
const person = (who: number) => bench.personOf(`n${who}`)
/** Cards by account, as the target shows them. */
const shown = () =>
  [...bench.target.users]
    .flatMap(([id, { cards }]) => [...cards.values()].map(({ card, state }) => `${id} ${cardText(card)} ${state}`))
    .sort()
const logged = () => bench.logged.map(({ event }) => event)
const lose = (card: Card, of: PersonId | null = null) =>
  loseCard(bench.context, { card, person: of }, bench.operator, 'seen')
const giveBack = (card: Card, of: PersonId | null = null) =>
  returnCard(bench.context, { card, person: of }, bench.operator, 'seen')
const issue = async (who: number, card: Card) =>
  issueCard(bench.context, await person(who), card, bench.operator, 'seen')

test('a card that one person has under one format is not given to another under a second one', async () => {
  await deliver(row(1, asSplit))
  await deliver(row(1, asSplit), row(2, asWhole))
  expect([shown(), logged().includes('card.waits')]).toEqual([['n1 H10304:7:100 on'], true])
  await expect(issue(2, whole)).rejects.toMatchObject({ code: 'card.held' })
  await deliver(row(1, {}), row(2, asWhole))
  expect(shown()).toEqual(['n2 H10302:3670116 on'])
})

test('a record that names one card under two formats is asked about: neither is given until one of them is gone', async () => {
  await deliver(row(1, { ...asSplit, ...asWhole }))
  expect([shown(), logged().includes('card.two-formats')]).toEqual([[], true])
  await bench.pass(minute)
  await settle()
  expect(shown()).toEqual([])
  await deliver(row(1, asWhole))
  expect(shown()).toEqual(['n1 H10302:3670116 on'])
})

test('an operator who gives one of the two back says which was meant', async () => {
  await deliver(row(1, { ...asSplit, ...asWhole }))
  await expect(issue(1, split)).rejects.toMatchObject({ code: 'card.two-formats' })
  expect(await giveBack(whole)).toMatchObject({ person: await person(1), lockouts: [] })
  await settle()
  expect(shown()).toEqual(['n1 H10304:7:100 on'])
  await deliver(row(1, { ...asSplit, ...asWhole, department: 'Sales' }))
  expect(shown()).toEqual(['n1 H10304:7:100 on'])
})

test('a second format of a card that is on the account waits, and changes nothing there', async () => {
  await deliver(row(1, asSplit))
  await deliver(row(1, { ...asSplit, ...asWhole }))
  expect([shown(), logged().includes('card.two-formats')]).toEqual([['n1 H10304:7:100 on'], true])
})

test('a format that was wrong is put right when the source names the other one instead', async () => {
  await deliver(row(1, asSplit))
  await deliver(row(1, asWhole))
  expect(shown()).toEqual(['n1 H10302:3670116 on'])
})

test('a card that was lost, or given back, does not come back under another format', async () => {
  await deliver(row(1, asSplit), row(2, {}))
  await lose(split)
  await deliver(row(1, asWhole), row(2, {}))
  expect(shown()).toEqual(['n1 H10304:7:100 blocked'])
  expect(logged()).toContain('card.not-revived')
  await giveBack(split)
  await settle()
  await deliver(row(1, { ...asWhole, department: 'Sales' }), row(2, {}))
  expect(shown()).toEqual([])
  await issue(1, whole)
  await settle()
  expect(shown()).toEqual(['n1 H10302:3670116 on'])
})

test('lost is lost, whatever format it is called by; every other act names the right one', async () => {
  await deliver(row(1, { ...asSplit }))
  await deliver(row(1, { ...asSplit, ...asWhole }))
  await expect(
    suspendCard(bench.context, { card: readCard('H10302:3670117') as Card, person: null }, bench.operator, 'seen'),
  ).rejects.toMatchObject({ code: 'card.unknown' })
  const done = await lose(whole)
  expect([done.waits, done.lockouts.length]).toEqual([false, 1])
  await settle()
  expect(shown()).toEqual(['n1 H10304:7:100 blocked'])
  const audited = await bench.rows(`select 1 from audit_pending where action = 'credential.blocked' and actor = $1`, [
    bench.operator,
  ])
  expect(audited.length).toBeGreaterThanOrEqual(2)
  // Found again: the wrong name goes first, then the card is issued under the right one.
  await expect(issue(1, split)).rejects.toMatchObject({ code: 'card.two-formats' })
  await giveBack(whole)
  await issue(1, split)
  await settle()
  expect(shown()).toEqual(['n1 H10304:7:100 on'])
})

test('a card that is held under one format is not given back under another', async () => {
  await deliver(row(1, asSplit))
  await expect(giveBack(whole)).rejects.toMatchObject({ code: 'card.other-format' })
  expect(shown()).toEqual(['n1 H10304:7:100 on'])
})

test('two formats of one card raise an alarm for the person, until it is known which is meant', async () => {
  await deliver(row(1, { ...asSplit, ...asWhole }))
  await watchTheTime(bench.context)
  const scopes = () => bench.rows(`select scope from alarm where code = 'card.two-formats' and cleared_at is null`)
  expect(await scopes()).toEqual([{ scope: await person(1) }])
  await deliver(row(1, asSplit))
  await watchTheTime(bench.context)
  expect(await scopes()).toEqual([])
})

test('a card of a format that the target can not take is not sent there, and keeps nothing else from it', async () => {
  bench.target.unknownFormats.add('H10304')
  await deliver(row(1, { ...asSplit, department: 'Sales' }))
  expect([bench.target.users.get('n1')?.lock, shown()]).toEqual(['open', []])
  const failures = () => bench.rows<{ failures: string }>('select failures from account')
  expect(JSON.stringify(await failures())).toContain('memory.card-format')
  expect(await failures()).toHaveLength(1)
  // One that it can take is on, beside it.
  await deliver(row(1, { ...asSplit, email: '3670117' }))
  expect(shown()).toEqual(['n1 H10302:3670117 on'])
})

test('a card that is on the account already is not asked about: what is there, the target can take', async () => {
  await deliver(row(1, asSplit))
  bench.target.unknownFormats.add('H10304')
  await lose(split)
  await settle()
  expect(shown()).toEqual(['n1 H10304:7:100 blocked'])
  await deliver(row(1, { ...asSplit, family: 'Other' }))
  expect([bench.target.users.get('n1')?.profile.name, shown()]).toEqual(['Person1 Other', ['n1 H10304:7:100 blocked']])
})

test('whoever issues a card is told where it can not be taken; a fault of the connector is no such answer', async () => {
  await deliver(row(1, {}))
  bench.target.unknownFormats.add('H10302')
  expect((await issue(1, whole)).refused).toEqual([{ target: 'doors', code: 'memory.card-format' }])
  expect((await issue(1, csn('04A1B2C3'))).refused).toEqual([])
  const { accounts } = bench.setup.connection
  const faulty = { ...accounts, checkCard: () => assert.fail('a bug') }
  const targets = new Map([['doors', { ...bench.setup, connection: { ...bench.setup.connection, accounts: faulty } }]])
  const broken = { ...bench.context, targets }
  await expect(issueCard(broken, await person(1), csn('04A1B2C4'), bench.operator, 'seen')).rejects.toThrow('a bug')
  // A target that is configured no more is asked nothing.
  const none = { ...bench.context, targets: new Map() }
  expect((await issueCard(none, await person(1), csn('04A1B2C5'), bench.operator, 'seen')).refused).toEqual([])
})

test('a chip that draws its serial number anew at each tap is issued to nobody', async () => {
  await deliver(row(1, {}))
  await expect(issue(1, csn('08A1B2C3'))).rejects.toMatchObject({ code: 'card.random-serial' })
  // Of seven bytes, it is a serial number like any other.
  await issue(1, csn('08A1B2C3D4E580'))
  await settle()
  expect(shown()).toEqual(['n1 CSN:08A1B2C3D4E580 on'])
})
