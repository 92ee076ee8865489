/** After an erasure, everything that the gateway's own key opens is opened: nothing of the person is in it. */
import { beforeEach, expect, test } from 'vitest'
import { catalogue } from '../../store/catalogue.ts'
import { latestMatchRun } from '../../store/match-runs.ts'
import { isRowFault } from '../../vault/vault-error.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { leaveByHand } from '../match/leave.ts'
import { existing, match } from '../match/match.fixture.ts'
import { askForMatch, matchIfAsked } from '../match/match-target.ts'
import { continueErasures } from './continue.ts'
import { erasePerson } from './erase.ts'

const engine = useEngine()
let bench: Bench
const never = new AbortController().signal
const name = 'Zyphora Quillfeather'
const mail = 'both@example.org'

beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([
    hrRow(1, { given: 'Zyphora', family: 'Quillfeather', card: '101', email: mail }),
    hrRow(2, { card: '102', email: mail }),
    hrRow(3, { card: '103' }),
  ])
  await bench.rest()
})

const there = (users: Readonly<Record<string, Parameters<typeof existing>[0]>>) => {
  for (const [id, of] of Object.entries(users)) bench.target.users.set(id, existing(of))
}
/** Of the person's name, by each way in which a match may judge it. */
const strangers = {
  'by name': { name },
  'of two': { name, email: mail },
  // Somebody else's card, so that it is probably theirs.
  'of another': { name, cards: [103] },
}

/** Every text that the gateway's own key opens, by its column. */
async function opened(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { vault } = bench.context
  const found = new Map<string, readonly string[]>()
  for (const [table, columns] of Object.entries(catalogue)) {
    for (const [column, kind] of Object.entries(columns)) {
      if (kind !== 'sealed') continue
      const key = ['id', 'seq', 'source', 'n'].find((each) => each in columns) ?? `''`
      const rows = await bench.rows<{ row: string; value: Buffer }>(
        `select ${key}::text as row, ${column} as value from ${table} where ${column} is not null`,
      )
      const texts = rows.flatMap(({ row, value }) => {
        try {
          return [vault.openSystem({ table, column, row, version: 1 }, value)]
        } catch (error) {
          // Under the key of a person.
          if (!isRowFault(error)) throw error
          return []
        }
      })
      found.set(`${table}.${column}`, texts)
    }
  }
  return found
}

/** Columns that tell the person, or somebody of their name. */
async function tells(...words: readonly string[]): Promise<readonly string[]> {
  const all = await opened()
  const isTold = (text: string) => [name, ...words].some((word) => text.includes(word))
  return [...all].flatMap(([column, texts]) => (texts.some(isTold) ? [column] : []))
}

async function erase(): Promise<string> {
  const person = await bench.personOf('n1')
  await erasePerson(bench.context, person, bench.operator, 'request of 12 March')
  return person
}
const settle = async () => {
  for (let round = 0; round < 3; round++) {
    await continueErasures(bench.context)
    await bench.rest()
  }
}
/** Texts in clear of a match. */
const runs = async () =>
  (
    await bench.rows<{ text: string }>(
      `select concat(leads, settled, (select string_agg(r::text, '') from match_row r)) as text from match_run`,
    )
  )
    .map(({ text }) => text)
    .join()

test('what a match found and whom it led to, and what sweeps found since of accounts that are nobody’s, goes with the person', async () => {
  there(strangers)
  await match(bench)
  const person = await bench.personOf('n1')
  await leaveByHand(bench.context, 'doors', { person }, bench.operator, 'none is theirs', bench.brakes)
  there({ 'Quillfeather, new': { name } })
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, never)
  expect(await tells('Quillfeather')).toEqual(['match_row.found', 'drift.external_id'])
  expect(await runs()).toContain(person)

  await erase()
  await settle()
  expect(await tells('Quillfeather')).toEqual([])
  expect(await runs()).not.toContain(person)
  expect(await bench.rows('select from drift where account_id is null')).toHaveLength(1)
  // What is left is as it was signed: whoever else waits for an account waits on.
  expect(await latestMatchRun(bench.context.database.pool, bench.context.vault, 'doors', true)).not.toBeNull()
  expect((await runs()).includes(await bench.personOf('n3'))).toBe(true)
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, never)
  expect([await tells('Quillfeather'), await bench.alarms()]).toEqual([[], []])
})

test('so does what a match holds that was going on then, however it ends', async () => {
  for (const fails of [false, true]) {
    bench = await engine.begin({ enabled: false })
    await bench.deliver([
      hrRow(1, { given: 'Zyphora', family: 'Quillfeather', card: '101', email: mail }),
      hrRow(3, { card: '103' }),
      // Read singly when everybody was met, since the list tells no levels.
      hrRow(4, { card: '104' }),
    ])
    there({ ...strangers, x4: { name: 'Person4 Test', cards: [104] } })
    Object.assign(bench.target, { shallow: true, cardsTold: true })
    const person = await erase()
    const { accounts } = bench.setup.connection
    const { read } = accounts
    let isMet = false
    accounts.read = async (externalId, signal) => {
      if (externalId === 'x4' && !isMet) {
        isMet = true
        await continueErasures(bench.context)
        if (fails) throw new Error('made up: it ends in the middle')
      }
      return read(externalId, signal)
    }
    await askForMatch(bench.context, 'doors', bench.operator, 'first contact')
    await matchIfAsked(bench.context, bench.setup, '00000000-0000-4000-8000-000000000001', never)
    expect(isMet).toBe(true)
    expect(await bench.rows('select state from match_run')).toEqual([{ state: fails ? 'failed' : 'done' }])
    expect([await bench.rows('select from person'), await tells()]).toEqual([[{}, {}], []])
    expect(await runs()).not.toContain(person)
  }
})

test('of a match that was changed from outside nothing is signed, and all that it found is forgotten', async () => {
  there(strangers)
  await match(bench)
  const person = await bench.personOf('n1')
  await engine.tamper(`update match_run set leads = leads || ' '`)
  await erase()
  await settle()
  expect(await tells()).toEqual([])
  expect(await runs()).not.toContain(person)
  expect(await latestMatchRun(bench.context.database.pool, bench.context.vault, 'doors', true)).toBeNull()
})
