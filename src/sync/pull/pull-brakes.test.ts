import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/servers.ts'
import type { Delivery, PeopleCapability } from '../../connector/contract.ts'
import type { PlanId } from '../../model/id.ts'
import type { SourceSetup } from '../context.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { columns, type FileOptions, type HrRow, hrFile, hrRow } from '../fixtures/hr-file.fixture.ts'
import { watchTheTime } from '../sweep.ts'
import { pull } from './pull.ts'
import { acceptColumns } from './pull-brakes.ts'
import { startSourceLoop } from './source-loop.ts'

const engine = useEngine()
let bench: Bench

const staff = 10
const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const everybody = (more: Partial<HrRow> = {}) => Array.from({ length: staff }, (_, who) => row(who, more))
/** The first so many are called otherwise now. */
const renamed = (count: number, family = 'Other') =>
  everybody().map((each, i) => (i < count ? { ...each, family } : each))
const names = () => [...bench.target.users.values()].filter(({ profile }) => profile.name?.endsWith('Other')).length
const closed = () => [...bench.target.users].flatMap(([number, { lock }]) => (lock === 'closed' ? [number] : [])).sort()
const held = async () => (await bench.heldPlan()) as PlanId
const whys = async () => {
  const [plan] = await bench.rows<{ holds: string }>(`select holds from plan where state = 'held'`)
  return [...new Set((JSON.parse(plan?.holds ?? '[]') as { why: string }[]).map(({ why }) => why))].sort()
}
const outline = async () => {
  const [plan] = await bench.rows<{ outline: string }>(`select outline from plan where state = 'held'`)
  return (JSON.parse(plan?.outline ?? '{}') as { pull?: unknown }).pull
}
const limits: Partial<SourceSetup> = { rowsLost: { min: 2, percent: 0 }, rowsChanged: { min: 3, percent: 0 } }
const begin = async (source: Partial<SourceSetup> = limits) => {
  bench = await engine.begin({ source })
  await bench.deliver(everybody())
  await bench.rest()
}

beforeEach(() => begin())

describe('a full file that changes too many rows', () => {
  test('waits as a whole, and says why; leavers by record run', async () => {
    const [leaver, ...rest] = renamed(5)
    await bench.deliver([{ ...(leaver as HrRow), status: 'left' }, ...rest, row(20)])
    await bench.rest()
    expect(closed()).toEqual(['n0'])
    expect([names(), bench.target.users.has('n20')]).toEqual([0, false])
    expect(await whys()).toEqual(['pull'])
    expect(await outline()).toEqual({ records: 11, lost: null, changed: { rows: 5, limit: 3 } })
    expect(await bench.alarms()).toContain('source.braked')
    await watchTheTime(bench.context)
    expect(await bench.alarms()).toContain('source.braked')
    expect(await bench.rows(`select actor from audit_pending where action = 'source.braked'`)).toEqual([
      { actor: 'source:hr' },
    ])
  })

  test('does not below the limit, which is the larger of a number and a share of the rows before', async () => {
    await bench.deliver(renamed(3))
    expect(await bench.heldPlan()).toBeNull()
    await begin({ ...limits, rowsChanged: { min: 1, percent: 50 } })
    await bench.deliver(renamed(5))
    expect(await bench.heldPlan()).toBeNull()
    await bench.deliver(renamed(6, 'Third'))
    expect(await whys()).toEqual(['pull'])
  })

  test('is released by a person, and the next such file is measured anew', async () => {
    await bench.deliver(renamed(5))
    await bench.release(await held())
    await bench.rest()
    expect(names()).toBe(5)
    expect(await bench.alarms()).not.toContain('source.braked')
    await bench.deliver(renamed(5, 'Third'))
    expect(await whys()).toEqual(['pull'])
  })

  test('waits on when the same comes again, and ends by itself when a mended one comes', async () => {
    await bench.deliver(renamed(5))
    await bench.deliver(renamed(5).toReversed())
    await bench.deliver(renamed(5))
    await bench.rest()
    expect([await whys(), names()]).toEqual([['pull'], 0])
    await bench.deliver(renamed(1))
    await bench.rest()
    expect([await bench.heldPlan(), names()]).toEqual([null, 1])
    expect(await bench.alarms()).not.toContain('source.braked')
  })

  test('counts what an interrupted reading of it had taken already', async () => {
    const file = () => hrFile(renamed(5), { arrivedAt: bench.context.now(), perPage: 2 })
    for (let steps = 5; ; steps += 13) {
      await begin()
      const dying = mortal(bench.context, bench.setup, steps)
      await pull(dying.context, bench.source, file(), new AbortController().signal).catch(() => undefined)
      await pull(bench.context, bench.source, file(), new AbortController().signal)
      await bench.rest()
      expect([await whys(), names()], `after ${steps} steps`).toEqual([['pull'], 0])
      if (!dying.dead()) return
    }
  })

  test('does not wait when only the mapping changed, nor as the very first, nor as a file of changes', async () => {
    const remapped = { ...bench.source, mappingVersion: '2' }
    await pull(
      bench.context,
      remapped,
      hrFile(renamed(0), { arrivedAt: bench.context.now() }),
      new AbortController().signal,
    )
    expect(await bench.heldPlan()).toBeNull()
    bench = await engine.begin({ source: limits })
    await bench.deliver(everybody())
    await bench.deliver(renamed(8), { mode: 'delta' })
    expect(await bench.heldPlan()).toBeNull()
  })

  test('of which the end is missing waits as well, and a later one without an end does not let it go', async () => {
    await bench.deliver(renamed(5), { cut: true })
    expect(await whys()).toEqual(['pull'])
    await bench.deliver(renamed(2), { cut: true })
    await bench.rest()
    expect([await whys(), names()]).toEqual([['pull'], 0])
  })
})

describe('a full file that lost too many rows', () => {
  test('waits as a whole, until they are there again', async () => {
    await bench.deliver([...renamed(2).slice(0, 5), row(20)])
    await bench.rest()
    expect([await whys(), names(), bench.target.users.has('n20')]).toEqual([['pull', 'unconfirmed'], 0, false])
    expect(await outline()).toEqual({ records: 6, lost: { rows: 5, limit: 2 }, changed: null })
    await bench.deliver([...renamed(2), row(20)])
    await bench.rest()
    expect([await bench.heldPlan(), names(), bench.target.users.has('n20')]).toEqual([null, 2, true])
  })

  test('waits also when it has as many others instead, as after a change of keys', async () => {
    await bench.deliver(everybody().map((each) => ({ ...each, id: `x${each.id}`, number: `x${each.number}` })))
    await bench.rest()
    expect(await whys()).toContain('pull')
    expect(bench.target.users.size).toBe(staff)
    await bench.deliver(
      everybody().map((each) => ({ ...each, id: `x${each.id}`, number: `x${each.number}`, family: 'Other' })),
    )
    expect(await whys()).toContain('pull')
  })

  test('is the new normal once it is released, though each of its changes had a reason of its own to wait', async () => {
    await bench.deliver(everybody().slice(0, 5))
    expect(await whys()).not.toContain('pull')
    expect(await bench.alarms()).toContain('source.braked')
    await bench.release(await held())
    await bench.rest()
    expect(await bench.alarms()).not.toContain('source.braked')
    await bench.deliver([row(20)], { mode: 'delta' })
    await bench.rest()
    expect([await bench.heldPlan(), bench.target.users.has('n20')]).toEqual([null, true])
  })

  test('is the new normal once it is released', async () => {
    await bench.deliver(everybody().slice(0, 5))
    await bench.release(await held())
    await bench.rest()
    expect(closed()).toHaveLength(5)
    await bench.deliver(everybody().slice(0, 4))
    expect(await whys()).not.toContain('pull')
  })

  test('is compared with the last accepted one, however often it comes', async () => {
    for (let days = 0; days < 4; days++) {
      await bench.deliver(everybody().slice(0, 5 + (days % 2)))
      await bench.pass(day)
    }
    expect(await whys()).toContain('pull')
    expect(closed()).toEqual([])
  })

  test('counts those whom an interrupted reading of it had marked already', async () => {
    const file = () => hrFile(everybody().slice(0, 5), { arrivedAt: bench.context.now() })
    for (let steps = 5; ; steps += 9) {
      await begin()
      const dying = mortal(bench.context, bench.setup, steps)
      await pull(dying.context, bench.source, file(), new AbortController().signal).catch(() => undefined)
      await pull(bench.context, bench.source, file(), new AbortController().signal)
      expect(await bench.alarms(), `after ${steps} steps`).toContain('source.braked')
      if (!dying.dead()) return
    }
  })
})

describe('a row about the source that somebody breaks', () => {
  const smash = () => engine.tamper(`update source_standing set records = 1000, braked = '{}'`)
  const standing = () => bench.rows('select records, altered, lost, guard from source_standing')

  test('while a file is read is signed by nothing that follows from the file', async () => {
    const file = hrFile(renamed(5), { arrivedAt: bench.context.now(), perPage: 5 })
    let broken: unknown
    const smashing: Delivery = {
      ...file,
      async *pages(signal) {
        await smash()
        broken = await standing()
        return yield* file.pages(signal)
      },
    }
    await pull(bench.context, bench.source, smashing, new AbortController().signal)
    await bench.rest()
    expect([await standing(), names()]).toEqual([broken, 0])
    await watchTheTime(bench.context)
    expect(await bench.alarms()).toEqual(expect.arrayContaining(['guard.failed', 'source.suspect']))
  })

  test('before what it held is released gives the source no new size', async () => {
    await bench.deliver(renamed(5))
    const plan = await held()
    await smash()
    const broken = await standing()
    await bench.release(plan)
    await bench.rest()
    expect([await standing(), names()]).toEqual([broken, 5])
  })
})

describe('a delivery whose columns moved', () => {
  const moved = [...columns.slice(1), columns[0] as string]
  const accept = () => acceptColumns(bench.context, 'hr', bench.operator, 'checked with HR')
  const shifted = { columns: moved } as const

  test('is not read and not settled: nobody is locked out by it, and a person is called once', async () => {
    const file = hrFile(everybody({ status: 'left' }), { arrivedAt: bench.context.now(), ...shifted })
    for (let times = 0; times < 3; times++)
      expect(await pull(bench.context, bench.source, file, new AbortController().signal)).toMatchObject({
        outcome: 'columns-moved',
        plan: null,
      })
    await bench.rest()
    expect([closed(), file.settled]).toEqual([[], []])
    expect(await bench.rows(`select outcome from pull where outcome = 'columns-moved'`)).toHaveLength(1)
    expect(await bench.rows(`select actor from audit_pending where action = 'source.refused'`)).toHaveLength(1)
    await watchTheTime(bench.context)
    expect(await bench.alarms()).toContain('source.columns-moved')
  })

  test.each([
    ['one more', [...columns, 'more']],
    ['in another order', moved],
  ])('%s', async (_what, named) => {
    expect((await bench.deliver(everybody(), { columns: named })).outcome).toBe('columns-moved')
  })

  test('is read once they are accepted; its rows then count as what they say, and so does the next file', async () => {
    await bench.deliver(renamed(1), shifted)
    await accept()
    expect(await bench.alarms()).not.toContain('source.columns-moved')
    expect((await bench.deliver(renamed(1), shifted)).outcome).toBe('taken')
    await bench.rest()
    expect(names()).toBe(1)
    expect((await bench.deliver(renamed(2), shifted)).outcome).toBe('taken')
    expect((await bench.deliver(renamed(2))).outcome).toBe('columns-moved')
    await bench.deliver(renamed(5, 'Third'), shifted)
    expect(await whys()).toEqual(['pull'])
  })

  test('can be taken away: the next with the old ones is read, and nothing is left to accept', async () => {
    await bench.deliver(everybody(), shifted)
    expect((await bench.deliver(renamed(1))).outcome).toBe('taken')
    expect(await bench.alarms()).not.toContain('source.columns-moved')
    await expect(accept()).rejects.toMatchObject({ code: 'source.nothing-to-accept' })
    await expect(acceptColumns(bench.context, 'nowhere', bench.operator, 'seen')).rejects.toMatchObject({
      code: 'source.unknown',
    })
  })

  test('is still waited for when one of the other kind is taken away', async () => {
    await bench.deliver([row(0)], { mode: 'delta' })
    await bench.deliver(everybody(), shifted)
    await bench.deliver([row(1)], { mode: 'delta', ...shifted })
    await bench.deliver([row(1)], { mode: 'delta' })
    expect(await bench.rows('select from source_standing where offered_delta is not null')).toEqual([])
    expect(await bench.alarms()).toContain('source.columns-moved')
    await bench.deliver(everybody())
    expect(await bench.alarms()).not.toContain('source.columns-moved')
  })

  test('of changes has columns of its own', async () => {
    expect((await bench.deliver(renamed(1), { mode: 'delta', ...shifted })).outcome).toBe('taken')
    expect((await bench.deliver(renamed(2), { mode: 'delta' })).outcome).toBe('columns-moved')
    expect((await bench.deliver(renamed(2))).outcome).toBe('taken')
    await accept()
    expect((await bench.deliver(renamed(2), { mode: 'delta' })).outcome).toBe('taken')
  })

  test('waits in its folder, is tried again when somebody accepted it, and holds back what came after it', async () => {
    const waiting: Delivery[] = []
    const settled: string[] = []
    const offer = (rows: readonly HrRow[], options: Partial<FileOptions> = {}) =>
      waiting.push(hrFile(rows, { arrivedAt: bench.context.now(), ...options }))
    const people: PeopleCapability = {
      async read() {
        const [next] = waiting
        if (next === undefined) return null
        return {
          ...next,
          settle: async (outcome) => {
            settled.push(outcome)
            waiting.shift()
          },
        }
      },
      async *watch(signal) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      },
    }
    offer(renamed(1), shifted)
    offer(renamed(2), shifted)
    const loop = startSourceLoop(bench.context, bench.source, people)
    expect((await loop.drain())[0]).toMatchObject({ outcome: 'columns-moved' })
    expect(waiting).toHaveLength(2)
    await accept()
    await until('both are taken', () => settled.length === 2)
    await loop.stop()
  })

  test('accepts nothing that somebody wrote into its row: then all that follows waits', async () => {
    await bench.deliver(everybody(), shifted)
    await engine.tamper('update source_standing set columns_full = offered_full, offered_full = null')
    await bench.deliver([row(0, { status: 'left' }), ...renamed(3).slice(1)], shifted)
    await bench.followCalendar()
    await bench.rest()
    expect([closed(), names()]).toEqual([[], 0])
    await watchTheTime(bench.context)
    expect(await bench.alarms()).toEqual(expect.arrayContaining(['guard.failed', 'source.suspect', 'plan.held']))
    await expect(accept()).rejects.toMatchObject({ code: 'source.nothing-to-accept' })
  })
})

describe('a source that is late', () => {
  test('is alarmed also when it never delivered', async () => {
    bench = await engine.begin({ source: { expectEveryMs: 2 * hour } })
    await watchTheTime(bench.context)
    expect(await bench.alarms()).not.toContain('source.late')
    await engine.tamper(`update source set registered_at = now() - interval '3 hours'`)
    await watchTheTime(bench.context)
    expect(await bench.alarms()).toContain('source.late')
    await bench.deliver(everybody())
    expect(await bench.alarms()).not.toContain('source.late')
  })
})
