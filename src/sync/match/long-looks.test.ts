import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, hour, second, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { adoptMatches } from './adopt.ts'
import { sealFound } from './found.ts'
import { type Existing, existing, match } from './match.fixture.ts'
import { askForMatch, matchIfAsked } from './match-target.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin({ enabled: false })
  bench.target.shallow = true
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', card: `10${who}`, ...more })
const there = (users: Readonly<Record<string, Existing>>) => {
  for (const [id, of] of Object.entries(users)) bench.target.users.set(id, existing(of))
}
const reads = () => bench.target.calls.flatMap(({ verb, externalId }) => (verb === 'read' ? [externalId] : []))
const rules = (change: Partial<Bench['setup']['match']>) => {
  ;(bench.setup as { match: unknown }).match = { ...bench.setup.match, ...change }
}
const handedOut = new Set(['id of Main', 'id of Lab'])

describe('of an account is read singly', () => {
  beforeEach(async () => {
    await bench.deliver([row(1), row(2)])
    there({
      n1: { name: 'Person1 Test', department: 'Sales', cards: [101], levels: ['Main'] },
      x2: { name: 'Person2 Test' },
      x9: { name: 'No One' },
    })
  })

  test('nothing where the list tells cards, and who has the levels that rules hand out', async () => {
    Object.assign(bench.target, { cardsTold: true, levelsTold: handedOut })
    const seen: string[][] = []
    const { accounts } = bench.setup.connection
    const { list } = accounts
    accounts.list = (signal, levels) => {
      seen.push([...(levels ?? [])].sort())
      return list(signal, levels)
    }
    expect(await match(bench)).toMatchObject({ n1: { class: 'certain' }, x2: { class: 'probable' } })
    expect([reads(), seen]).toEqual([[], [[...handedOut].sort()]])
    await adoptMatches(bench.context, 'doors', bench.operator, 'looked through', bench.brakes)
    // What is there already is no change.
    expect(await bench.heldPlan('target:doors')).toBeNull()
  })

  test('whose cards a rule needs and the list leaves out: everybody that is nobody of ours', async () => {
    await match(bench)
    expect(reads().sort()).toEqual(['n1', 'x2', 'x9'])
  })

  test('only who is certain where no rule needs what is left out, so that the plan says what truly differs', async () => {
    Object.assign(bench.target, { cardsTold: true })
    await match(bench)
    expect(reads()).toEqual(['n1'])
    await adoptMatches(bench.context, 'doors', bench.operator, 'looked through', bench.brakes)
    expect(await bench.heldPlan('target:doors')).toBeNull()
  })

  test('the same where cards tell nothing by the rules', async () => {
    rules({ card: false })
    Object.assign(bench.target, { levelsTold: handedOut })
    await match(bench)
    expect(reads()).toEqual(['n1'])
  })

  test.each([
    ['gone meanwhile', () => void bench.target.users.delete('n1'), undefined],
    [
      'of an operator by now',
      () => {
        Object.assign(bench.target.users.get('n1') ?? {}, { untouchable: true })
      },
      undefined,
    ],
  ])('who is certain, and left out when it is %s', async (_what, change, is) => {
    Object.assign(bench.target, { cardsTold: true })
    bench.target.fault = ({ verb }) => (verb === 'read' ? { is: 'meanwhile', run: async () => change() } : null)
    expect((await match(bench)).n1?.class).toBe(is)
  })

  test('who is certain, and linked by nobody when it can not be read', async () => {
    Object.assign(bench.target, { cardsTold: true })
    bench.target.fault = ({ verb }) => (verb === 'read' ? { is: 'failure', kind: 'rejected' } : null)
    expect((await match(bench)).n1).toEqual({ class: 'unread', person: null, reasons: ['memory.rejected'] })
  })
})

describe('a look that breaks off', () => {
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`x${i}`, { name: `Someone Strange${i}` }]))
  beforeEach(async () => {
    await bench.deliver([row(1)])
    there({ ...many, n1: { name: 'Person1 Test', cards: [101] } })
  })

  /** Asks, reads singly until so many were read, and then the target is no more. */
  async function breaksOff(after: number): Promise<void> {
    let count = 0
    bench.target.fault = ({ verb }) => {
      if (verb === 'read') count += 1
      return verb === 'read' && count > after ? { is: 'failure', kind: 'unauthenticated' } : null
    }
    await match(bench)
    bench.target.fault = () => null
    bench.target.calls.length = 0
  }
  const progress = () => bench.rows('select state, accounts, listed from match_run order by requested_at')

  test('tells how far it came, and goes on there when it is asked for again', async () => {
    await breaksOff(200)
    expect(await progress()).toEqual([{ state: 'failed', accounts: 200, listed: 251 }])
    await bench.pass(second)
    expect((await match(bench)).n1?.class).toBe('certain')
    expect(reads()).toHaveLength(51)
    expect(await progress()).toEqual([{ state: 'done', accounts: 251, listed: 251 }])
    expect(await bench.rows('select from match_row')).toHaveLength(251)
  })

  test('reads again who was changed, forgets who is gone, and meets who is new', async () => {
    await breaksOff(200)
    bench.target.users.delete('x3')
    Object.assign(bench.target.users.get('x4') ?? {}, { profile: { name: 'Somebody Else' } })
    there({ y1: { name: 'Brand New' } })
    await bench.pass(second)
    const found = await match(bench)
    expect([found.x3, found.gone, Object.keys(found).length]).toEqual([undefined, undefined, 251])
    expect(reads()).toHaveLength(51 + 2)
    expect(reads()).toContain('x4')
  })

  test('begins anew after six hours', async () => {
    await breaksOff(200)
    await bench.pass(6 * hour + second)
    await match(bench)
    expect(reads()).toHaveLength(251)
    expect(await progress()).toHaveLength(1)
  })

  test('is taken over by the next process, which reads only the rest', async () => {
    await askForMatch(bench.context, 'doors', bench.operator, 'first contact')
    const stopped = new AbortController()
    let count = 0
    bench.target.fault = ({ verb }) => {
      if (verb === 'read') count += 1
      if (count === 150) stopped.abort()
      return null
    }
    await expect(matchIfAsked(bench.context, bench.setup, randomUUID(), stopped.signal)).rejects.toThrow()
    expect(await progress()).toEqual([{ state: 'running', accounts: 100, listed: 251 }])
    bench.target.fault = () => null
    bench.target.calls.length = 0
    await matchIfAsked(bench.context, bench.setup, randomUUID(), new AbortController().signal)
    expect([reads().length, await progress()]).toEqual([151, [{ state: 'done', accounts: 251, listed: 251 }]])
  })

  test('believes no row that somebody wrote meanwhile: it is read again, with an alarm', async () => {
    await breaksOff(200)
    await engine.tamper('update match_row set external_digest = $1 where n = 1', [
      engine.vault.index('account', 'doors/n1'),
    ])
    await bench.pass(second)
    expect((await match(bench)).n1).toMatchObject({ class: 'certain', person: await bench.personOf('n1') })
    expect(await bench.alarms()).toContain('guard.failed')
    expect(await bench.rows('select from match_row')).toHaveLength(251)
  })

  test('believes nothing that was found of another account', async () => {
    await breaksOff(200)
    const [first] = await bench.rows<{ id: string }>('select id from match_row where n = 1')
    const read = bench.setup.connection.accounts.read
    const other = await read('n1', new AbortController().signal)
    bench.target.calls.length = 0
    if (other === null) throw new Error('it is there')
    await engine.tamper('update match_row set found = $1 where id = $2', [
      sealFound(engine.vault, first?.id ?? '', other, true),
      first?.id,
    ])
    await bench.pass(second)
    await match(bench)
    expect(reads()).toHaveLength(52)
  })
})
