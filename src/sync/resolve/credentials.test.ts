import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { type Bench, day, hour, second, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const row = (who: number, card = '', cardState = 'active', more: Partial<HrRow> = {}) =>
  hrRow(who, { card, cardState, ...more })
/** Delivers, lets everything come to rest, and tells the card's state on each account that carries it. */
const settled = async (rows: readonly HrRow[], card = '100') => {
  await bench.deliver(rows)
  await settle()
  return where(card)
}
/** Twice: whoever waits for a card gets it when it was seen to be gone elsewhere. */
const settle = async () => {
  for (let round = 0; round < 2; round++) {
    await bench.followCalendar()
    await bench.rest()
  }
}
const where = (card: string) =>
  Object.fromEntries(
    [...bench.target.users].flatMap(([number, { cards }]) => {
      const held = cards.get(cardKey(h10301(7, Number(card))))
      return held === undefined ? [] : [[number, held.state]]
    }),
  )

describe("a card's life", () => {
  test.each([
    ['issued', 'on'],
    ['active', 'on'],
    ['suspended', 'blocked'],
    ['lost', 'blocked'],
  ])('%s: it is %s', async (state, shown) => {
    expect(await settled([row(1, '100', state)])).toEqual({ n1: shown })
  })

  test('a card that was given back is not registered anew', async () => {
    expect(await settled([row(1, '100', 'returned')])).toEqual({})
    expect(await bench.rows('select 1 from credential')).toEqual([])
  })

  test('suspended it comes back by itself; lost it never does, and a person is told', async () => {
    expect(await settled([row(1, '100')])).toEqual({ n1: 'on' })
    expect(await settled([row(1, '100', 'suspended')])).toEqual({ n1: 'blocked' })
    expect(await settled([row(1, '100')])).toEqual({ n1: 'on' })
    expect(await settled([row(1, '100', 'lost')])).toEqual({ n1: 'blocked' })
    expect(await settled([row(1, '100')])).toEqual({ n1: 'blocked' })
    expect(bench.logged.map(({ event }) => event)).toContain('card.not-revived')
  })

  test('a lost card is blocked at once, outside every plan', async () => {
    await settled([row(1, '100')])
    await bench.deliver([row(1, '100', 'lost')])
    expect(await bench.rows('select lane from account_work')).toEqual([{ lane: 'urgent' }])
    await bench.rest()
    expect(where('100')).toEqual({ n1: 'blocked' })
    expect(bench.target.users.get('n1')?.lock).toBe('open')
  })

  test('what a row no longer names is taken off and never comes back by itself', async () => {
    await settled([row(1, '100')])
    expect(await settled([row(1)])).toEqual({})
    expect(await settled([row(1, '100')])).toEqual({})
    expect(bench.logged.map(({ event }) => event)).toContain('card.not-revived')
  })

  test('a new card takes the place of the old one', async () => {
    await settled([row(1, '100')])
    expect(await settled([row(1, '101')], '101')).toEqual({ n1: 'on' })
    expect(where('100')).toEqual({})
  })

  test('when two records of one person speak of the card, the stricter word counts', async () => {
    expect(await settled([row(1, '100'), row(1, '100', 'suspended', { id: '1b' })])).toEqual({ n1: 'blocked' })
  })

  test('somebody else’s card on the account stays as it is', async () => {
    await settled([row(1, '100')])
    const card = h10301(9, 9)
    bench.target.users.get('n1')?.cards.set(cardKey(card), { card, state: 'on' })
    await settled([row(1, '101')])
    expect(bench.target.users.get('n1')?.cards.get(cardKey(card))?.state).toBe('on')
  })
})

describe('a card that another of our people holds', () => {
  test('waits until it is given back, and then works without anybody touching the second person', async () => {
    expect(await settled([row(1, '100'), row(2)])).toEqual({ n1: 'on' })
    expect(await settled([row(1, '100'), row(2, '100')])).toEqual({ n1: 'on' })
    expect(await settled([row(1), row(2, '100')])).toEqual({ n2: 'on' })
  })

  test('is free when the source says in words that it was given back', async () => {
    await settled([row(1, '100'), row(2, '100')])
    expect(await settled([row(1, '100', 'returned'), row(2, '100')])).toEqual({ n2: 'on' })
  })

  test.each([
    ['giver first', [row(1), row(2, '100')]],
    ['taker first', [row(2, '100'), row(1)]],
  ])('goes over on one page, %s', async (_order, rows) => {
    await settled([row(1, '100'), row(2)])
    expect(await settled(rows)).toEqual({ n2: 'on' })
  })

  test('goes over when giver and taker come on different pages, the taker first', async () => {
    await settled([row(1, '100'), row(2)])
    await bench.deliver([row(2, '100'), row(1)], { perPage: 1 })
    await settle()
    expect(where('100')).toEqual({ n2: 'on' })
  })

  test('goes over from a leaver at once, when it was given back', async () => {
    await settled([row(1, '100'), row(2)])
    await settled([row(1, '100', 'returned', { status: 'left' }), row(2)])
    expect(await settled([row(1, '100', 'returned', { status: 'left' }), row(2, '100')])).toEqual({ n2: 'on' })
    expect(bench.target.users.get('n1')?.lock).toBe('closed')
  })

  test('is free when nothing is left of a person of whom no source speaks any more, unless it is lost', async () => {
    await settled([row(1, '100'), row(2, '101', 'lost'), row(3)])
    await bench.deliver([row(3)])
    await bench.pass(20 * hour)
    await bench.deliver([row(3, '102')])
    await bench.rest()
    await bench.pass(7 * day - second)
    expect(await settled([row(3, '100')])).toEqual({ n1: 'blocked' })
    await bench.pass(second)
    await bench.followCalendar()
    await bench.rest()
    await bench.followCalendar()
    await bench.rest()
    expect(where('100')).toEqual({ n3: 'on' })
    expect(await settled([row(3, '101')], '101')).toEqual({})
  })

  test('of two newcomers with one card the first gets it', async () => {
    expect(await settled([row(1, '100'), row(2, '100')])).toEqual({ n1: 'on' })
  })

  test('waits also while it is lost or suspended there: it may still be found', async () => {
    await settled([row(1, '100', 'lost'), row(2)])
    expect(await settled([row(1, '100', 'lost'), row(2, '100')])).toEqual({ n1: 'blocked' })
  })

  test('who waits has an account with everything else', async () => {
    await settled([row(1, '100'), row(2, '100')])
    expect([...(bench.target.users.get('n2')?.levels ?? [])].sort()).toEqual(['id of Lab', 'id of Main'])
  })

  test('gets to its new holder also when the old account is slow to let go of it', async () => {
    await settled([row(1, '100'), row(2)])
    bench.target.fault = ({ externalId, verb }) =>
      externalId === 'n1' && verb === 'put' ? { is: 'parts', parts: ['card'], kind: 'transient' } : null
    await bench.deliver([row(1), row(2, '100')])
    for (let i = 0; i < 10; i++) {
      await bench.work()
      await bench.pass(60_000)
    }
    expect(where('100')).toEqual({ n1: 'on' })
    bench.target.fault = () => null
    await bench.rest()
    await settle()
    expect(where('100')).toEqual({ n2: 'on' })
  })
})

describe('leavers and cards', () => {
  test('every card is blocked with the account, and taken off when the rights are', async () => {
    await settled([row(1, '100')])
    expect(await settled([row(1, '100', 'active', { status: 'left' })])).toEqual({ n1: 'blocked' })
    await bench.pass(7 * day - hour)
    await bench.followCalendar()
    await bench.rest()
    expect(where('100')).toEqual({ n1: 'blocked' })
    await bench.pass(hour)
    await bench.followCalendar()
    await bench.rest()
    expect(where('100')).toEqual({})
  })

  test('a card lost while its holder is locked out stays blocked when they come back', async () => {
    await settled([row(1, '100')])
    await settled([row(1, '100', 'active', { status: 'suspended' })])
    await settled([row(1, '100', 'lost', { status: 'suspended' })])
    expect(await settled([row(1, '100', 'lost')])).toEqual({ n1: 'blocked' })
    expect(bench.target.users.get('n1')?.lock).toBe('open')
  })
})
