/** AEOS as a source: what changed is seen, by whatever tells it, when the time comes, and however much it is. */
import { expect, test } from 'vitest'
import type { Delivery } from '../../../src/connector/contract.ts'
import { simulated } from '../simulated-for-tests.ts'
import type { SimulatorOptions } from '../simulator/index.ts'
import { never, type SettingsInput } from '../testing.ts'

const day = 24 * 3_600_000
/** 10:00 at the server. */
const morning = Date.parse('2026-11-26T09:00:00Z')

interface Taken {
  readonly mode: Delivery['mode']
  /** By the id of the carrier. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, string | null>>>>
  readonly gone: readonly string[]
}

/** One reader of one server, by whose clock it lives. */
async function source(options: SimulatorOptions = {}, settings: SettingsInput = {}) {
  const nowMs = options.nowMs ?? morning
  let clock = () => nowMs
  const target = await simulated({ nowMs, ...options }, settings, () => new Date(clock()))
  const { simulator, people } = target
  clock = () => simulator.clock.now()
  let cursor: string | null = null
  async function read(from = cursor): Promise<Taken | null> {
    const delivery = await people.read(never, from)
    if (delivery === null) return null
    const rows: Record<string, Record<string, string | null>> = {}
    const gone: string[] = []
    const pages = delivery.pages(never)
    for (;;) {
      const { done, value } = await pages.next()
      if (done) {
        cursor = value.cursor ?? cursor
        await delivery.settle('taken')
        return { mode: delivery.mode, rows, gone }
      }
      for (const { cells } of value.records) rows[cells.id ?? ''] = cells
      gone.push(...(value.gone ?? []).map(({ cells }) => cells.id ?? ''))
    }
  }
  return {
    simulator,
    say: target.say,
    read,
    cursor: () => cursor ?? '',
    /** Reads on until everybody is given once more. */
    async readFull(): Promise<Taken> {
      for (let reads = 0; reads < 2000; reads++) {
        const taken = await read()
        if (taken?.mode === 'full') return taken
      }
      throw new Error('everybody is never read')
    },
    asked: (operation: string) => simulator.requests.find({ operation: `^${operation}$` }).length,
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  }
}

const carrier = (lastName: string, more: object = {}) => ({ lastName, ...more })

// ---------------------------------------------------------------- changes that no log names

test('a change that the log does not name is seen all the same, once, from the version of August 2024 on', async () => {
  for (const snapshot of ['2024-08', '2024-05'] as const) {
    await using at = await source({ snapshot, quirks: { changesLogged: false } })
    const { carriers } = at.simulator.seed({ carriers: [carrier('Amber'), carrier('Birch', { kind: 'Visitor' })] })
    expect((await at.read())?.mode).toBe('full')
    expect(await at.read()).toBeNull()
    at.simulator.clock.advance(day / 4)
    for (const id of carriers) at.simulator.hand({ action: 'change', carrier: id, fields: { LastName: 'Cedar' } })
    const taken = await at.read()
    if (snapshot === '2024-05') expect([taken, at.asked('findVisitor')]).toEqual([null, 0])
    else {
      expect(Object.keys(taken?.rows ?? {})).toEqual(carriers.map(String))
      expect(taken?.rows[String(carriers[0])]).toMatchObject({ last_name: 'Cedar' })
    }
    // Also what is asked for once more, since it is so young.
    expect(await at.read()).toBeNull()
  }
})

test('after a server was away, who changed past the log is found at once', async () => {
  await using at = await source({ quirks: { changesLogged: false } })
  const [id = 0] = at.simulator.seed({ carriers: [carrier('Amber')] }).carriers
  await at.read()
  at.simulator.faults.add({ kind: 'down' })
  await expect(at.read()).rejects.toMatchObject({ kind: 'transient' })
  at.simulator.faults.clear()
  at.simulator.clock.advance(60_000)
  at.simulator.hand({ action: 'change', carrier: id, fields: { LastName: 'Birch' } })
  expect((await at.read())?.rows[id]).toMatchObject({ last_name: 'Birch' })
})

test('what bears another time only when its own fields change, such as a badge, is left to the log and to the read of everybody', async () => {
  await using at = await source({ quirks: { changesLogged: false } })
  const [id = 0] = at.simulator.seed({ carriers: [carrier('Amber')] }).carriers
  await at.read()
  at.simulator.clock.advance(60_000)
  at.simulator.hand({ action: 'block', carrier: id })
  expect(await at.read()).toBeNull()
  at.simulator.clock.advance(day)
  expect((await at.readFull()).rows[id]).toMatchObject({ status: 'blocked' })
})

test('a server that reads over the range is not asked again within the hour, and what its log names is read as ever', async () => {
  await using at = await source({ quirks: { modifiedSearched: false } })
  const [id = 0] = at.simulator.seed({ carriers: [carrier('Amber'), carrier('Unchanged')] }).carriers
  at.simulator.clock.advance(day / 8)
  expect((await at.read())?.mode).toBe('full')
  at.simulator.hand({ action: 'change', carrier: id, fields: { LastName: 'Birch' } })
  expect((await at.read())?.rows[id]).toMatchObject({ last_name: 'Birch' })
  const asked = at.asked('findEmployee')
  expect(await at.read()).toBeNull()
  expect(at.asked('findEmployee')).toBe(asked)
  at.simulator.clock.advance(3_600_000)
  expect(await at.read()).toBeNull()
  expect(at.asked('findEmployee')).toBe(asked + 1)
})

test('more changes in one second than can be remembered are read once, not again and again', async () => {
  await using at = await source({ quirks: { changesLogged: false } })
  await at.read()
  at.simulator.clock.advance(60_000)
  at.simulator.seed({ count: 2_300 })
  const first = await at.read()
  expect(Object.keys(first?.rows ?? {})).toHaveLength(200)
  const { rest } = JSON.parse(at.cursor()) as { rest: string[] }
  expect(rest).toHaveLength(2_100)
  // The rest comes from the cursor: the server tells of nobody any more.
  const emptied = JSON.stringify({ ...JSON.parse(at.cursor()), rest: [] })
  expect(await at.read(emptied)).toBeNull()
  at.simulator.clock.advance(1_000)
  const [late = 0] = at.simulator.seed({ carriers: [carrier('Late')] }).carriers
  expect(Object.keys((await at.read(emptied))?.rows ?? {})).toEqual([String(late)])
})

test('a change that bears a time which lies ahead hides none that comes before then', async () => {
  await using at = await source({ quirks: { changesLogged: false } })
  const [early = 0, late = 0] = at.simulator.seed({ carriers: [carrier('Amber'), carrier('Birch')] }).carriers
  await at.read()
  at.simulator.clock.advance(30 * day)
  at.simulator.hand({ action: 'change', carrier: early, fields: { LastName: 'Cedar' } })
  at.simulator.clock.advance(-30 * day + 60_000)
  expect(Object.keys((await at.read())?.rows ?? {})).toEqual([String(early)])
  at.simulator.clock.advance(1_000)
  at.simulator.hand({ action: 'change', carrier: late, fields: { LastName: 'Dogwood' } })
  expect(Object.keys((await at.read())?.rows ?? {})).toEqual([String(late)])
  expect(await at.read()).toBeNull()
})

test('pictures that make a page too large have smaller pages asked for', async () => {
  await using at = await source({ quirks: { changesLogged: false } })
  const { carriers } = at.simulator.seed({ carriers: Array.from({ length: 60 }, (_, i) => carrier(`Pictured${i}`)) })
  await at.read()
  at.simulator.clock.advance(60_000)
  const Picture = Buffer.alloc(150_000).toString('base64')
  for (const CarrierId of carriers)
    expect(await at.say('addCarrierImage', { CarrierId: String(CarrierId), Image: { Type: 'Photo', Picture } })).toBe(
      200,
    )
  for (const id of carriers) at.simulator.hand({ action: 'change', carrier: id, fields: { FirstName: 'Zyph' } })
  expect(Object.keys((await at.read())?.rows ?? {})).toHaveLength(60)
  expect(await at.read()).toBeNull()
})

// ---------------------------------------------------------------- too many changes

const mebibyte = 1024 * 1024

test('more changes than a cursor can hold have everybody read instead', async () => {
  await using at = await source()
  at.simulator.seed({ carriers: [carrier('Amber'), carrier('Birch')] })
  await at.read()
  const rest = Array.from({ length: 50_001 }, (_, i) => `${9_000_000_000_000_000_000n + BigInt(i)}`)
  const taken = await at.read(JSON.stringify({ ...JSON.parse(at.cursor()), rest }))
  expect([taken?.mode, taken?.gone.length, at.cursor().length < mebibyte / 2]).toEqual(['delta', 200, true])
  expect(Object.keys((await at.readFull()).rows)).toEqual(['1', '2'])
  expect(await at.read()).toBeNull()
})

test('so do as many entries of the log', async () => {
  await using at = await source()
  at.simulator.seed({ carriers: [carrier('Amber')] })
  await at.read()
  for (let n = 0; n < 20_001; n++) {
    const id = at.simulator.hand({ action: 'create', carrier: carrier('Passing') })
    at.simulator.hand({ action: 'delete', carrier: id })
  }
  expect(await at.read()).toMatchObject({ mode: 'delta', gone: { length: 200 } })
  expect(at.cursor().length).toBeLessThan(mebibyte / 2)
  expect(Object.keys((await at.readFull()).rows)).toEqual(['1'])
  expect(await at.read()).toBeNull()
}, 30_000)

test('a read of everybody that was under way then counts, and another one follows', async () => {
  await using at = await source()
  at.simulator.seed({ count: 200 })
  await at.read()
  at.simulator.setLatency({ fixedMs: 20 })
  at.simulator.clock.advance(day)
  // Begins it, and does not wait for it.
  expect(await at.read()).toBeNull()
  const rest = Array.from({ length: 50_001 }, (_, i) => `${900_000 + i}`)
  await at.read(JSON.stringify({ ...JSON.parse(at.cursor()), rest }))
  at.simulator.setLatency({ fixedMs: 0 })
  expect(Object.keys((await at.readFull()).rows)).toHaveLength(200)
  at.simulator.clock.advance(60_000)
  expect(Object.keys((await at.readFull()).rows)).toHaveLength(200)
  at.simulator.clock.advance(60_000)
  expect(await at.read()).toBeNull()
}, 30_000)

// ---------------------------------------------------------------- times of day

test.each([
  ['shows times of day', false],
  ['cuts dates to midnight', true],
] as const)('who leaves or arrives at noon does so at noon, at a server that %s', async (_, personDatesCut) => {
  await using at = await source({ quirks: { personDatesCut } })
  const noon = '2026-11-26T11:00:00Z'
  const [leaver = 0, joiner = 0] = at.simulator.seed({
    carriers: [carrier('Leaver', { leave: noon }), carrier('Joiner', { arrival: noon })],
  }).carriers
  const status = (taken: Taken | null) => [taken?.rows[leaver]?.status, taken?.rows[joiner]?.status]
  const whole = await at.read()
  expect(status(whole)).toEqual(['present', 'not-yet'])
  expect([whole?.rows[leaver]?.leaves, whole?.rows[joiner]?.arrives]).toEqual(['2026-11-26', '2026-11-26'])
  at.simulator.clock.advance(Date.parse(noon) - morning - 1000)
  expect(await at.read()).toBeNull()
  at.simulator.clock.advance(1000)
  expect(status(await at.read())).toEqual(['left', 'present'])
  expect(await at.read()).toBeNull()
})

test('in the night when clocks are put back nobody stays for the second hour, or comes in during the first', async () => {
  await using at = await source({ nowMs: Date.parse('2026-10-24T20:00:00Z'), quirks: { ambiguousTime: 'later' } })
  // 02:30 is shown at 00:30 and at 01:30 UTC.
  const [leaver = 0, joiner = 0] = at.simulator.seed({
    carriers: [
      carrier('Leaver', { leave: '2026-10-25T01:30:00Z' }),
      carrier('Joiner', { arrival: '2026-10-25T00:30:00Z' }),
    ],
  }).carriers
  await at.read()
  const at0 = Date.parse('2026-10-25T00:29:59Z')
  at.simulator.clock.advance(at0 - at.simulator.clock.now())
  expect(await at.read()).toBeNull()
  at.simulator.clock.advance(1000)
  expect((await at.read())?.rows).toMatchObject({ [leaver]: { status: 'left' } })
  at.simulator.clock.advance(3_600_000)
  expect((await at.read())?.rows).toMatchObject({ [joiner]: { status: 'present' } })
})
