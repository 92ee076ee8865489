/** Proves what becomes of a leaver at a door system that speaks over the wire: the engine, the AEOS connector and its simulator, to the end. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Bench, day, hour, useEngine } from '../../src/sync/fixtures/engine.fixture.ts'
import { leaver, leaverSteps, row } from '../../src/sync/fixtures/leaver.fixture.ts'
import { aeosSubject } from '../contract/aeos-subject.ts'
import { startTarget, type Target } from '../contract/target.ts'

const engine = useEngine()
let target: Target
let bench: Bench

beforeEach(async () => {
  target = await startTarget(aeosSubject('aeos'))
  const { accounts, health } = target
  const connection = { accounts, health, close: async () => undefined }
  bench = await engine.begin({ connection, leaver })
  bench.policy([{ grant: ['doors/Level 1', 'doors/Level 2'], to: 'true' }])
})
afterEach(() => target[Symbol.asyncDispose]())

const { settle, pass } = leaverSteps(() => bench)
/** The lock, how many levels, and whether each card is blocked. */
const there = (who = 1) => {
  const found = target.simulator.inside(`n${who}`)
  return found && [found.lock, found.levels.length, found.cards.map(({ blocked }) => blocked)]
}
const ids = () => target.simulator.ids().filter((id) => id.startsWith('n'))

test('shut, without levels, without cards, deleted; back again with one carrier, and the card of another person if it was given back', async () => {
  await settle(row(1), row(2, { card: '' }))
  expect([there(1), there(2)]).toEqual([
    ['open', 2, [false]],
    ['open', 2, []],
  ])
  await settle(row(1, { status: 'left' }), row(2, { card: '101' }))
  // The leaver's card waits for its holder, who has it in the books still.
  expect([there(1), there(2)]).toEqual([
    ['closed', 2, [true]],
    ['open', 2, []],
  ])
  await pass(7 * day)
  expect(there()).toEqual(['closed', 0, [true]])
  await pass(7 * day)
  expect([there(), there(2)]).toEqual([
    ['closed', 0, []],
    ['open', 2, []],
  ])
  await settle(row(1, { status: 'left', cardState: 'returned' }), row(2, { card: '101' }))
  await settle()
  expect(there(2)).toEqual(['open', 2, [false]])
  await pass(16 * day)
  expect([there(), ids()]).toEqual([null, ['n2']])
  expect(await bench.rows('select cause, proven_at is not null as proven from lockout')).toEqual([
    { cause: 'record', proven: true },
  ])
  await settle(row(1, { card: '109' }), row(2, { card: '101' }))
  expect([there(), ids().sort()]).toEqual([
    ['open', 2, [false]],
    ['n1', 'n2'],
  ])
})

test('whom a rule of AEOS gives a right stays a shut carrier, however often it is looked at', async () => {
  await settle(row(1), row(2))
  target.simulator.inherit('n1')
  await settle(row(1, { status: 'left' }), row(2))
  await bench.pass(30 * day)
  await bench.followCalendar()
  await bench.work()
  expect(there()).toEqual(['closed', 0, []])
  const failures = async () =>
    (await bench.rows<{ failures: string }>('select failures from account where failures is not null'))[0]
  expect((await failures())?.failures).toContain('account.kept-by-rule')
  await bench.pass(hour)
  await bench.work()
  expect(there()).toEqual(['closed', 0, []])
})
