import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrSource } from '../fixtures/hr-file.fixture.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin({ sources: [hrSource('agency')] })
})

const row = (id: string, more: Partial<HrRow> = {}): HrRow => ({
  id,
  given: 'Ada',
  family: 'Test',
  department: 'Research',
  ...more,
})
/** How many people the records of each key led to, and to how many in all. */
const people = async () => {
  const rows = await bench.rows<{ person_id: string }>('select person_id from source_record')
  return { records: rows.length, people: new Set(rows.map(({ person_id }) => person_id)).size }
}
const problems = async () =>
  (await bench.rows<{ place: string; code: string }>('select place, code from pull_problem order by place')).map(
    ({ place, code }) => `${place} ${code}`,
  )

describe('two records are one person', () => {
  test("by the source's own person key, whatever their numbers", async () => {
    await bench.deliver([row('1', { person: 'p', number: 'n1' })])
    await bench.deliver([row('1', { person: 'p', number: 'n1' }), row('2', { person: 'p', number: 'n2' })])
    expect(await people()).toEqual({ records: 2, people: 1 })
  })

  test('by the employee number, in any case and with blanks around it, also over two sources', async () => {
    await bench.deliver([row('1', { number: 'ab7' })])
    await bench.deliver([row('x', { number: ' AB7 ' })], { source: 'agency' })
    expect(await people()).toEqual({ records: 2, people: 1 })
  })

  test('also when both come on one page', async () => {
    await bench.deliver([row('1', { number: 'n1' }), row('2', { number: 'n1' })])
    expect(await people()).toEqual({ records: 2, people: 1 })
    await bench.rest()
    expect(bench.target.users.size).toBe(1)
  })

  test('though a leading zero, or another source’s person key, never makes them one', async () => {
    await bench.deliver([row('1', { number: '07', person: 'p' }), row('2', { number: '7' })])
    await bench.deliver([row('x', { person: 'p' })], { source: 'agency' })
    expect(await people()).toEqual({ records: 3, people: 3 })
  })

  test('by a number that one of them has got only now', async () => {
    await bench.deliver([row('1')])
    await bench.deliver([row('1', { number: 'n1' })])
    await bench.deliver([row('x', { number: 'n1' })], { source: 'agency' })
    expect(await people()).toEqual({ records: 2, people: 1 })
  })

  test('by a number that is still theirs, not by one that they had once', async () => {
    await bench.deliver([row('1', { number: 'old' })])
    await bench.deliver([row('1', { number: 'new' })])
    await bench.deliver([row('x', { number: 'old' })], { source: 'agency' })
    expect(await people()).toEqual({ records: 2, people: 2 })
  })

  test('without any mark everybody is somebody new, and without a number nobody gets an account', async () => {
    await bench.deliver([row('1'), row('2')])
    await bench.rest()
    expect([await people(), bench.target.users.size]).toEqual([{ records: 2, people: 2 }, 0])
    expect(bench.logged.map(({ event }) => event)).toContain('account.no-identity')
  })
})

describe('never a guess', () => {
  test('a record that fits two people is kept out and named, and stops nobody else', async () => {
    await bench.deliver([row('1', { number: 'n1', person: 'p1' }), row('2', { number: 'n2', person: 'p2' })])
    await bench.deliver([row('3', { number: 'n2', person: 'p1' }), row('4', { number: 'n4' })], { mode: 'delta' })
    expect(await people()).toEqual({ records: 3, people: 3 })
    expect(await problems()).toEqual(['line 2 correlation.ambiguous'])
  })

  test('nor is one whose number two people share', async () => {
    await bench.deliver([row('1', { number: 'n1' }), row('2', { number: 'n2' })])
    // A clerk gives the second the number of the first: they stay two people, whose new records fit both.
    await bench.deliver([row('1', { number: 'n1' }), row('2', { number: 'n1' })])
    await bench.deliver([row('x', { number: 'n1' })], { source: 'agency' })
    expect(await people()).toEqual({ records: 2, people: 2 })
    expect(await problems()).toEqual(['line 2 correlation.ambiguous'])
  })

  test('an ambiguous row is asked about again each time, until it is unambiguous', async () => {
    await bench.deliver([row('1', { number: 'n1', person: 'p1' }), row('2', { number: 'n2', person: 'p2' })])
    await bench.deliver([row('3', { number: 'n2', person: 'p1' })], { mode: 'delta' })
    await bench.deliver([row('2', { number: 'n9', person: 'p2' }), row('3', { number: 'n2', person: 'p1' })], {
      mode: 'delta',
    })
    expect(await people()).toEqual({ records: 3, people: 2 })
  })

  test('a mark that somebody wrote into the index from outside leads nowhere', async () => {
    await bench.deliver([row('1', { number: 'n1' }), row('2', { number: 'n2' })])
    const digest = bench.context.vault.index('employee-number', 'N3')
    await engine.tamper(
      `insert into blind_index (purpose, digest, person_id, guard) select 'employee-number', $1, person_id, '\\x00' from source_record limit 1`,
      [digest],
    )
    await bench.deliver([row('3', { number: 'n3' })], { mode: 'delta' })
    expect(await people()).toEqual({ records: 3, people: 3 })
  })

  test('nor does a genuine mark to somebody whose own records do not bear it out', async () => {
    await bench.deliver([row('1', { number: 'n1', person: 'p' })])
    await bench.deliver([row('1', { number: 'n1', person: 'q' })])
    await bench.deliver([row('2', { number: 'n2', person: 'p' })], { mode: 'delta' })
    expect(await people()).toEqual({ records: 2, people: 2 })
  })

  test('two people never get one account: the later has none, and a person is told', async () => {
    await bench.deliver([row('1', { number: 'n1', person: 'p1' })])
    await bench.deliver([row('1', { number: 'n9', person: 'p1' })])
    await bench.deliver([row('2', { number: 'n1', person: 'p2', given: 'Bob' })], { mode: 'delta' })
    await bench.rest()
    expect([...bench.target.users.keys()]).toEqual(['n1'])
    expect(bench.target.users.get('n1')?.profile.name).toBe('Ada Test')
    expect(bench.logged.map(({ event }) => event)).toContain('account.identity-taken')
  })

  test('a connector that breaks over an id stops the pull: its delivery stays, and nobody is half there', async () => {
    const { accounts } = bench.target.connection
    const { identify } = accounts
    accounts.identify = () => {
      throw new TypeError('a bug of the connector')
    }
    await expect(bench.deliver([row('1', { number: 'n1' })])).rejects.toThrow(TypeError)
    expect(await people()).toEqual({ records: 0, people: 0 })
    accounts.identify = identify
    await bench.deliver([row('1', { number: 'n1' })])
    expect(await people()).toEqual({ records: 1, people: 1 })
  })
})
