import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BiostarSimulator, startBiostarSimulator } from '../connectors/biostar2/simulator/index.ts'
import { changesBetween, compare, usersOf } from './door-system.ts'
import type { Expectation } from './expectation.ts'

let simulator: BiostarSimulator
beforeAll(async () => {
  simulator = await startBiostarSimulator({
    levels: [
      { name: 'Main entrance', doors: ['Main entrance'] },
      { name: 'Lab', doors: ['Lab'] },
    ],
    deviceDelayMs: 0,
  })
})
afterAll(() => simulator?.close())

let next = 100
let ada: string
let card: string
beforeEach(() => {
  next += 1
  ada = String(next)
  card = String(next * 1000)
  simulator.seed({ users: [{ id: ada, name: 'Ada Sample', cards: [card], accessGroups: ['Main entrance'] }] })
})

function wanted(some: Partial<{ groups: string[]; blocked: boolean }> = {}): Expectation {
  const { groups = ['Main entrance'], blocked = false } = some
  return { accounts: new Map([[ada, { id: ada, groups, card: { number: card, blocked } }]]), without: new Map() }
}
/** Only this test's user, so that those of the tests before do not count. */
const users = () => new Map([...usersOf(simulator)].filter(([id]) => id === ada))

test('an account as expected is right', () => {
  expect(compare(users(), wanted())).toMatchObject({ right: 1, missing: [], wrong: [], open: [], twice: 0 })
})

test.each([
  ['a group more', () => simulator.hand({ action: 'grant', user: ada, group: 'Lab' })],
  ['a group less', () => simulator.hand({ action: 'revoke', user: ada, group: 'Main entrance' })],
  ['a blocked card', () => simulator.hand({ action: 'block', card })],
  ['another card', () => simulator.hand({ action: 'assign', user: ada, card: `${next}77` })],
  ['no card', () => simulator.hand({ action: 'unassign', user: ada, card })],
  ['disabled', () => simulator.hand({ action: 'disable', user: ada })],
])('%s is wrong', (_, change) => {
  change()
  expect(compare(users(), wanted())).toMatchObject({ right: 0, wrong: [ada] })
})

test('a group that was given by hand must be there, and is no fault', () => {
  expect(compare(users(), wanted(), new Map([[ada, ['Lab']]])).wrong).toEqual([ada])
  simulator.hand({ action: 'grant', user: ada, group: 'Lab' })
  expect(compare(users(), wanted(), new Map([[ada, ['Lab']]])).wrong).toEqual([])
})

test('who should have no account is open until disabled with every card blocked', () => {
  const nobody: Expectation = { accounts: new Map(), without: new Map() }
  expect(compare(users(), nobody).open).toEqual([ada])
  simulator.hand({ action: 'disable', user: ada })
  expect(compare(users(), nobody).open).toEqual([ada])
  simulator.hand({ action: 'block', card })
  expect(compare(users(), nobody)).toMatchObject({ open: [], shut: 1 })
})

test('the same e-mail address at two users is one person twice', () => {
  const email = `ada.${ada}@people.example`
  simulator.seed({ users: [{ id: `${ada}8`, name: 'Ada', email, cards: [] }] })
  simulator.seed({ users: [{ id: `${ada}9`, name: 'Ada', email: email.toUpperCase(), cards: [] }] })
  const both = new Map([...usersOf(simulator)].filter(([id]) => id.startsWith(ada)))
  expect(compare(both, wanted()).twice).toBe(1)
})

test('changes between two looks are told user by user and part by part', () => {
  const before = usersOf(simulator)
  simulator.hand({ action: 'disable', user: ada })
  simulator.hand({ action: 'block', card })
  simulator.seed({ users: [{ id: `${ada}5`, name: 'New', cards: [] }] })
  expect(changesBetween(before, usersOf(simulator))).toEqual([
    { id: ada, parts: ['cards', 'disabled'] },
    { id: `${ada}5`, parts: ['created'] },
  ])
  expect(changesBetween(before, before)).toEqual([])
})
