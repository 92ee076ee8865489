import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, day, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrFile, hrRow } from './fixtures/hr-file.fixture.ts'
import { lockPerson } from './operator.ts'
import { takePage } from './pull/intake.ts'
import { SeenRows } from './pull/seen-rows.ts'
import { resolveEveryone } from './resolve/re-resolve.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `10${who}`, ...more })
const all = (more: Partial<HrRow> = {}) => [row(0, more), row(1, more), row(2, more)]
const lock = (who: number) => bench.target.users.get(`n${who}`)?.lock
const levels = (who: number) => [...(bench.target.users.get(`n${who}`)?.levels ?? [])].sort()
const card = (who: number) => [...(bench.target.users.get(`n${who}`)?.cards.values() ?? [])].map(({ state }) => state)
const person = (who: number) => bench.personOf(`n${who}`)
const whys = async () => {
  const plans = await bench.rows<{ holds: string }>(`select holds from plan where state = 'held'`)
  return plans.flatMap(({ holds }) => (JSON.parse(holds) as { why: string }[]).map(({ why }) => why)).sort()
}
const audited = (action: string) => bench.rows('select actor, object from audit_pending where action = $1', [action])
const release = async (origin?: string) => {
  await bench.release((await bench.heldPlan(origin)) as never)
  await bench.rest()
}

beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver(all())
  await bench.rest()
  await bench.protect(await person(0))
})

describe('a protected person', () => {
  test('is protected by name, and so is the end of it', async () => {
    const id = await person(0)
    await bench.protect(id)
    await bench.unprotect(id)
    const entry = { actor: bench.operator, object: id }
    expect([await audited('person.protected'), await audited('person.unprotected')]).toEqual([[entry, entry], [entry]])
    await expect(bench.protect('00000000-0000-4000-8000-000000000000' as never)).rejects.toMatchObject({
      code: 'person.unknown',
    })
    await engine.tamper('update person set protected = true where id = $1', [id])
    await expect(bench.unprotect(id)).rejects.toMatchObject({ code: 'person.frozen' })
  })

  test.each([
    ['a record', { status: 'left' }],
    ['a suspension', { status: 'suspended' }],
    ['an end that is over', { end: '2026-03-01' }],
  ] as const)('is not locked out by %s before a person releases it', async (_what, more) => {
    await bench.deliver(all(more))
    await bench.rest()
    expect([lock(0), lock(1)]).toEqual(['open', 'closed'])
    expect(await whys()).toEqual(['protected'])
    await release()
    expect(lock(0)).toBe('closed')
  })

  test('is not locked out by the calendar, by an absence or by a rule either', async () => {
    await bench.deliver([row(0, { end: '2026-03-02' }), row(1, { end: '2026-03-02' }), row(2)])
    await bench.rest()
    await bench.pass(day)
    await bench.followCalendar()
    await bench.rest()
    expect([lock(0), lock(1)]).toEqual(['open', 'closed'])
    await bench.protect(await person(2))
    await bench.deliver([row(0), row(1)])
    await bench.pass(day)
    await bench.deliver([row(0), row(1), row(9)])
    await bench.rest()
    expect([lock(2), new Set(await whys())]).toEqual(['open', new Set(['protected'])])
    bench.policy([{ grant: ['doors/Vault'], to: 'true' }])
    await resolveEveryone(bench.context, bench.brakes)
    await bench.rest()
    expect([levels(0), levels(1)]).toEqual([['id of Lab', 'id of Main', 'id of Vault'], ['id of Vault']])
    await release('policy')
    expect(levels(0)).toEqual(['id of Vault'])
  })

  test('loses a lost card at once, by whatever source of the news, and nothing else', async () => {
    await bench.deliver([row(0, { cardState: 'lost', department: 'Sales' }), row(1), row(2)])
    await bench.rest()
    expect([card(0), lock(0), levels(0)]).toEqual([['blocked'], 'open', ['id of Lab', 'id of Main']])
    expect(await whys()).toEqual(['protected'])
  })

  test('who leaves while a card of theirs is lost keeps the door open, but not to the card', async () => {
    await bench.deliver([row(0, { status: 'left', cardState: 'lost' }), row(1), row(2)])
    await bench.rest()
    expect([card(0), lock(0)]).toEqual([['blocked'], 'open'])
  })

  test('keeps a card that is only suspended until a person releases it', async () => {
    await bench.deliver([row(0, { cardState: 'suspended' }), row(1), row(2)])
    await bench.rest()
    expect(card(0)).toEqual(['on'])
    await release()
    expect(card(0)).toEqual(['blocked'])
  })

  test('is locked by an operator like anybody', async () => {
    await lockPerson(bench.context, await person(0), bench.operator, 'seen')
    await bench.rest()
    expect(lock(0)).toBe('closed')
  })
})

describe('protection that comes while a plan waits', () => {
  test('makes the plan say so, and takes nothing by what nobody knew of', async () => {
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, revoke: { min: 0, percent: 0 } } } })
    await bench.deliver(all())
    await bench.rest()
    await bench.deliver(all({ department: 'Sales' }))
    const before = await bench.heldPlan()
    await bench.protect(await person(1))
    expect(await bench.heldPlan()).not.toBe(before)
    expect(await whys()).toEqual(['brake', 'protected'])
    await release()
    expect([levels(0), levels(1)]).toEqual([['id of Main'], ['id of Main']])
  })

  test('between a plan and its release keeps that person’s rights, and lists them as dropped', async () => {
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, revoke: { min: 0, percent: 0 } } } })
    await bench.deliver(all())
    await bench.rest()
    await bench.deliver(all({ department: 'Sales' }))
    const plan = (await bench.heldPlan()) as never
    // Its plan can't be made again just now: another process is making one.
    const hold = await bench.context.database.pool.connect()
    await hold.query(`select pg_advisory_lock(hashtext('gatehouse.plan'), hashtext('source:hr'))`)
    const protecting = bench.protect(await person(1))
    const isProtected = async () => (await bench.rows('select 1 from person where protected')).length === 1
    while (!(await isProtected())) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await bench.release(plan)).toEqual({ applied: 2, dropped: 1 })
    await hold.query(`select pg_advisory_unlock(hashtext('gatehouse.plan'), hashtext('source:hr'))`)
    hold.release()
    await protecting
    await bench.rest()
    expect([levels(0), levels(1)]).toEqual([['id of Main'], ['id of Lab', 'id of Main']])
  })

  test('whose reason is gone waits no longer: a leaver by record is locked out, and the rest passes its brakes', async () => {
    await bench.deliver([row(0, { status: 'left' }), row(1), row(2)])
    await bench.unprotect(await person(0))
    await bench.rest()
    expect([lock(0), await bench.heldPlan()]).toEqual(['closed', null])
    await bench.protect(await person(1))
    await bench.deliver([row(0, { status: 'left' }), row(1, { department: 'Sales' }), row(2)])
    expect(await whys()).toEqual(['protected'])
    await bench.unprotect(await person(1))
    await bench.rest()
    expect([levels(1), await bench.heldPlan()]).toEqual([['id of Main'], null])
  })

  test('plans nothing of a delivery of which only a part was taken in', async () => {
    bench = await engine.begin({ source: { rowsChanged: { min: 1, percent: 0 } } })
    await bench.deliver(all())
    await bench.rest()
    const file = hrFile(all({ family: 'Other' }), { arrivedAt: bench.context.now(), perPage: 2 })
    const [page] = await Array.fromAsync(file.pages(new AbortController().signal))
    await takePage(
      bench.context,
      {
        ...{ id: '00000000-0000-4000-8000-000000000000' as never, source: bench.source, mode: 'full' },
        ...{ columns: file.columns, arrivedAt: bench.context.now(), records: 0, changed: 0, problems: 0, lockouts: 0 },
        ...{ keyless: false, erasedAgain: 0, people: { joined: 0, activeAtLeast: 0 } },
        ...{ before: { reading: Buffer.from('a file'), records: 3, comparable: true }, seen: new SeenRows() },
      },
      page as never,
    )
    await bench.protect(await person(2))
    await bench.unprotect(await person(0))
    await bench.rest()
    expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Test')
  })
})
