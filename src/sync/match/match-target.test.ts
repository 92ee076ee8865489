import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { ConnectorError } from '../../connector/errors.ts'
import { latestMatchRun } from '../../store/match-runs.ts'
import { type Bench, second, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { adoptMatches } from './adopt.ts'
import { type Existing, existing, match } from './match.fixture.ts'
import { askForMatch, matchIfAsked } from './match-target.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin({ enabled: false })
})

const names = ['Ada Amber', 'Bo Birch', 'Cleo Cedar', 'Dag Dune', 'Eve Elm', 'Finn Fern'] as const
const person = (who: number, more: Partial<HrRow> = {}): HrRow => {
  const [given = '', family = ''] = (names[who] ?? '').split(' ')
  return hrRow(who, { given, family, email: `p${who}@example.org`, card: `10${who}`, ...more })
}
const people = names.map((_, who) => person(who))
const there = (users: Readonly<Record<string, Existing>>) => {
  for (const [id, of] of Object.entries(users)) bench.target.users.set(id, existing(of))
}
const idOf = (who: number) => bench.personOf(`n${who}`)

describe('an account', () => {
  const scenes: readonly [
    what: string,
    id: string,
    account: Existing,
    is: string,
    who: number | null,
    why: string[],
  ][] = [
    ['with the number and the name', 'n0', { name: 'Ada Amber' }, 'certain', 0, ['employee-number', 'name']],
    [
      'with the number, blanks and case aside',
      ' N0 ',
      { name: 'AMBER, A.' },
      'certain',
      0,
      ['employee-number', 'name'],
    ],
    ['with the card and the name', 'x1', { name: 'Bo Birch', cards: [101] }, 'certain', 1, ['card', 'name']],
    [
      'with the e-mail and the name',
      'x1',
      { name: 'Bo Birch', email: 'P1@Example.org' },
      'certain',
      1,
      ['email', 'name'],
    ],
    [
      'with number and card, after a marriage',
      'n2',
      { name: 'Cleo Oak', cards: [102] },
      'certain',
      2,
      ['card', 'employee-number'],
    ],
    ['with number and card, without a name', 'n2', { cards: [102] }, 'certain', 2, ['card', 'employee-number']],
    ['with a number alone', 'n0', {}, 'probable', 0, ['employee-number', 'one-identifier']],
    ['with a number by chance', 'n0', { name: 'Somebody Else' }, 'probable', 0, ['employee-number', 'name-differs']],
    [
      'with a card that was handed on',
      'x9',
      { name: 'Somebody Else', cards: [101] },
      'probable',
      1,
      ['card', 'name-differs'],
    ],
    [
      'with the number after a marriage',
      'n2',
      { name: 'Cleo Oak' },
      'probable',
      2,
      ['employee-number', 'name-differs'],
    ],
    ['with nothing but the name', 'x3', { name: 'Dune, Dag' }, 'probable', 3, ['name']],
    [
      "with one's number and another's card",
      'n0',
      { name: 'Ada Amber', cards: [101] },
      'ambiguous',
      null,
      ['card', 'employee-number', 'identifiers-disagree'],
    ],
    [
      "with two people's cards",
      'x4',
      { name: 'Ada Amber', cards: [100, 101] },
      'ambiguous',
      null,
      ['card', 'several-people'],
    ],
    ['of nobody', 'x5', { name: 'No One', email: 'nobody@example.org', cards: [999] }, 'none', null, []],
    ['that shows nothing', 'x6', {}, 'none', null, []],
    ['of an operator', 'n0', { name: 'Ada Amber', untouchable: true }, 'untouchable', null, []],
  ]
  test.each(scenes)('%s', async (_what, id, account, is, who, why) => {
    await bench.deliver(people)
    there({ [id]: account })
    const found = await match(bench)
    expect(found[id]).toEqual({ class: is, person: who === null ? null : await idOf(who), reasons: why })
  })

  test('whose name two people bear is ambiguous, and so is a mailbox that they share, unless a number tells', async () => {
    await bench.deliver([person(0), person(1, { given: 'Ada', family: 'Amber', email: 'p0@example.org' })])
    there({
      x1: { name: 'Ada Amber' },
      x2: { email: 'p0@example.org' },
      n0: { name: 'Ada Amber', email: 'p0@example.org' },
    })
    expect(await match(bench)).toMatchObject({
      x1: { class: 'ambiguous', reasons: ['name', 'several-people'] },
      x2: { class: 'ambiguous', reasons: ['email', 'several-people'] },
      n0: { class: 'certain', person: await idOf(0) },
    })
  })

  test('whose name two people bear is probably whose first day it begins on; with anybody of unknown day, or of two such days, nobody can tell', async () => {
    const same = { given: 'Ada', family: 'Amber' }
    const [one, other, unknown] = ['2024-02-01', '2024-03-01', '2000-01-01']
    await bench.deliver([
      person(0, { start: one }),
      person(1, { ...same, start: other }),
      person(2, { given: 'Gil', family: 'Gale', start: one }),
      person(3, { given: 'Gil', family: 'Gale', start: unknown }),
      person(4, { given: 'Hal', family: 'Hill', start: one }),
    ])
    there({
      x0: { name: 'Ada Amber', from: '2024-01-31T23:30:00.000Z' },
      x1: { name: 'AMBER, Ada', from: '2024-03-01T11:00:00.000Z' },
      x2: { name: 'Gil Gale', from: '2024-02-01T11:00:00.000Z' },
      x4: { name: 'Hal Hill', from: '2024-02-01T06:00:00.000Z' },
      x5: { name: 'Hal Hill', from: '2019-02-01T06:00:00.000Z' },
    })
    expect(await match(bench)).toEqual({
      x0: { class: 'probable', person: await idOf(0), reasons: ['name', 'start-date'] },
      x1: { class: 'probable', person: await idOf(1), reasons: ['name', 'start-date'] },
      x2: { class: 'ambiguous', person: null, reasons: ['name', 'start-date', 'several-people'] },
      x4: { class: 'probable', person: await idOf(4), reasons: ['name', 'start-date'] },
      x5: { class: 'probable', person: await idOf(4), reasons: ['name', 'start-date-differs', 'second-account'] },
    })
    // Whoever is only probable is linked by a person alone.
    await expect(
      adoptMatches(bench.context, 'doors', bench.operator, 'all that is certain', bench.brakes),
    ).resolves.toEqual({ linked: 0, left: 0 })
    there({ x6: { name: 'Hal Hill', from: '2024-02-01T06:00:00.000Z' } })
    expect(await match(bench)).toMatchObject({
      x4: { class: 'ambiguous', reasons: ['name', 'start-date', 'several-accounts'] },
      x5: { class: 'ambiguous' },
      x6: { class: 'ambiguous', reasons: ['name', 'start-date', 'several-accounts'] },
    })
    ;(bench.setup as { match: unknown }).match = { ...bench.setup.match, nameAndDate: false }
    expect(await match(bench)).toMatchObject({
      x0: { class: 'ambiguous', reasons: ['name', 'several-people'] },
      x4: { class: 'ambiguous', reasons: ['name', 'several-accounts'] },
    })
  })

  test('that shows another employee number in a field of its own is not certain', async () => {
    bench = await engine.begin({ enabled: false })
    ;(bench.setup as { match: unknown }).match = { ...bench.setup.match, employeeNumber: ['number'] }
    await bench.deliver(people)
    there({
      1: { name: 'Ada Amber', number: 'n0' },
      2: { name: 'Bo Birch', number: 'old-1', cards: [101] },
      n3: { name: 'Dag Dune' },
    })
    expect(await match(bench)).toMatchObject({
      1: { class: 'certain', person: await idOf(0) },
      2: { class: 'probable', reasons: ['card', 'name', 'employee-number-differs'] },
      // Account ids say nothing here.
      n3: { class: 'probable', reasons: ['name'] },
    })
  })

  test('that shows a number without its zeros is theirs where the rules say that zeros tell nothing', async () => {
    bench = await engine.begin({ enabled: false })
    await bench.deliver([person(0, { number: '007' }), person(1, { number: '08' }), person(2, { number: '8' })])
    there({ 7: { name: 'Ada Amber' }, 8: { name: 'Bo Birch' } })
    expect(await match(bench)).toMatchObject({ 7: { class: 'probable', reasons: ['name'] } })
    ;(bench.setup as { match: unknown }).match = { ...bench.setup.match, leadingZeros: 'ignore' }
    expect(await match(bench)).toMatchObject({
      7: { class: 'certain', person: await bench.personOf('007'), reasons: ['employee-number', 'name'] },
      // Then two people have this number.
      8: { class: 'ambiguous', reasons: ['employee-number', 'several-people'] },
    })
  })

  test("of which another shows the same is nobody's by it, and by nothing else where it is the number", async () => {
    bench = await engine.begin({ enabled: false })
    ;(bench.setup as { match: unknown }).match = { ...bench.setup.match, employeeNumber: ['account-id', 'number'] }
    await bench.deliver(people)
    there({
      n0: { name: 'Ada Amber', number: 'n0' },
      '#17': { name: 'Ada Amber', number: 'n0', cards: [100] },
      x1: { name: 'Bo Birch', email: 'p1@example.org' },
      x2: { name: 'Cleo Cedar', email: 'p1@example.org' },
      n3: { name: 'Dag Dune', email: 'p3@example.org' },
      x3: { name: 'Dag Dune', email: 'p3@example.org' },
    })
    expect(await match(bench)).toMatchObject({
      n0: { class: 'ambiguous', reasons: ['employee-number', 'several-accounts'] },
      '#17': { class: 'ambiguous', reasons: ['card', 'employee-number', 'several-accounts'] },
      x1: { class: 'ambiguous', reasons: ['email', 'several-accounts'] },
      x2: { class: 'ambiguous', reasons: ['email', 'several-accounts'] },
      // Their number tells.
      n3: { class: 'certain', person: await idOf(3) },
      x3: { class: 'ambiguous', reasons: ['email', 'several-accounts'] },
    })
  })

  test('of somebody who has one there already is not certain', async () => {
    bench = await engine.begin()
    await bench.deliver([person(0)])
    await bench.rest()
    there({ x1: { name: 'Ada Amber', email: 'p0@example.org' } })
    expect(await match(bench)).toEqual({
      n0: { class: 'linked', person: await idOf(0), reasons: [] },
      x1: { class: 'probable', person: await idOf(0), reasons: ['email', 'name', 'second-account'] },
    })
  })

  test('is not certain where another is as much theirs; a weaker one leaves it certain, and waits', async () => {
    await bench.deliver([person(0), person(1)])
    there({
      n0: { name: 'Ada Amber' },
      x0: { name: 'Ada Amber' },
      x1: { name: 'Bo Birch', cards: [101] },
      y1: { name: 'Bo Birch', email: 'p1@example.org' },
    })
    const found = await match(bench)
    expect(Object.entries(found).map(([id, { class: is, reasons }]) => [id, is, reasons.at(-1)])).toEqual([
      ['n0', 'certain', 'name'],
      ['x0', 'probable', 'second-account'],
      ['x1', 'ambiguous', 'several-accounts'],
      ['y1', 'ambiguous', 'several-accounts'],
    ])
  })
})

describe('a look at a target', () => {
  test('writes nothing there, also while it is only observed, and keeps names and ids of nobody in clear', async () => {
    await bench.deliver(people)
    there({ n0: { name: 'Ada Amber', cards: [100] }, 'account-of-nobody': { name: 'Zacharias Zeppelin' } })
    const before = structuredClone([...bench.target.users])
    await match(bench)
    expect([...bench.target.users]).toEqual(before)
    const stored = JSON.stringify(await bench.rows('select * from match_run, match_row'))
    for (const secret of ['Zeppelin', 'Ada', 'account-of-nobody'])
      for (const form of [secret, Buffer.from(secret).toJSON().data.join(',')]) expect(stored).not.toContain(form)
  })

  test('reads singly what a list leaves out', async () => {
    await bench.deliver([person(1)])
    there({ x1: { name: 'Bo Birch', cards: [101] } })
    bench.target.shallow = true
    expect(await match(bench)).toMatchObject({ x1: { class: 'certain', reasons: ['card', 'name'] } })
    expect(bench.target.calls).toEqual([{ verb: 'read', externalId: 'x1' }])
  })

  test('takes the place of the one before, and is asked for once at a time', async () => {
    await bench.deliver([person(0)])
    there({ n0: { name: 'Ada Amber' } })
    await match(bench)
    await askForMatch(bench.context, 'doors', bench.operator, 'again')
    await expect(askForMatch(bench.context, 'doors', bench.operator, 'again')).rejects.toMatchObject({
      code: 'match.running',
    })
    await expect(askForMatch(bench.context, 'nowhere', bench.operator, 'why')).rejects.toMatchObject({
      code: 'target.unknown',
    })
    await matchIfAsked(bench.context, bench.setup, randomUUID(), new AbortController().signal)
    expect([await bench.rows('select 1 from match_run'), await bench.rows('select 1 from match_row')]).toMatchObject([
      { length: 1 },
      { length: 1 },
    ])
  })

  test('that fails says why, leaves the last one in place, and can be asked for again', async () => {
    await bench.deliver([person(0)])
    there({ n0: { name: 'Ada Amber' } })
    await match(bench)
    const { accounts } = bench.setup.connection
    const { list } = accounts
    await bench.pass(second)
    accounts.list = async function* () {
      yield* []
      throw new ConnectorError({ kind: 'transient', code: 'memory.list-incomplete' })
    }
    await askForMatch(bench.context, 'doors', bench.operator, 'again')
    await matchIfAsked(bench.context, bench.setup, randomUUID(), new AbortController().signal)
    const { pool } = bench.context.database
    expect(await latestMatchRun(pool, bench.context.vault, 'doors')).toMatchObject({
      state: 'failed',
      code: 'memory.list-incomplete',
    })
    accounts.list = list
    await bench.pass(second)
    expect(await match(bench)).toMatchObject({ n0: { class: 'certain' } })
  })

  test('is begun anew by the next process when the one that reads dies, which then keeps its hands off', async () => {
    await bench.deliver([person(0)])
    there({ n0: { name: 'Ada Amber' }, n9: { name: 'No One' } })
    const { accounts } = bench.setup.connection
    const { list } = accounts
    await askForMatch(bench.context, 'doors', bench.operator, 'first contact')
    let taken = false
    accounts.list = async function* (signal) {
      if (!taken) {
        taken = true
        await matchIfAsked(bench.context, bench.setup, randomUUID(), signal)
      }
      yield* list(signal)
    }
    await expect(matchIfAsked(bench.context, bench.setup, randomUUID(), new AbortController().signal)).rejects.toThrow()
    accounts.list = list
    expect(await bench.rows(`select state, accounts from match_run`)).toEqual([{ state: 'done', accounts: 2 }])
    expect(await bench.rows('select 1 from match_row where class is not null')).toHaveLength(2)
  })

  test('that somebody slipped in is not carried out', async () => {
    await askForMatch(bench.context, 'doors', bench.operator, 'first contact')
    await engine.tamper('update match_run set requested_by = $1', [randomUUID()])
    await matchIfAsked(bench.context, bench.setup, randomUUID(), new AbortController().signal)
    expect([await bench.rows('select 1 from match_run'), await bench.alarms()]).toEqual([[], ['guard.failed']])
  })

  test('knows people without a number by what else they have', async () => {
    await bench.deliver([person(0, { number: '' })])
    there({ x0: { name: 'Ada Amber', cards: [100] } })
    expect(await match(bench)).toMatchObject({ x0: { class: 'certain', reasons: ['card', 'name'] } })
  })

  test('takes a row of which nobody knows whether it is ours for one that is', async () => {
    await bench.deliver([person(0)])
    there({ n0: { name: 'Ada Amber' } })
    await engine.tamper(`update account set owned = '{"made":false}'`)
    expect(await match(bench)).toMatchObject({
      n0: { class: 'probable', reasons: ['employee-number', 'name', 'second-account'] },
    })
  })

  test('leads from nobody whose rows were changed', async () => {
    await bench.deliver([person(0)])
    there({ n0: { name: 'Ada Amber' } })
    await engine.tamper('update person set locked_at = now()')
    expect(await match(bench)).toMatchObject({ n0: { class: 'none' } })
  })
})
