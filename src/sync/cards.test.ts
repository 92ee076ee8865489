import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../test/support/servers.ts'
import { cardKey, h10301 } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import { issueCard, loseCard, resumeCard, returnCard, suspendCard } from './cards.ts'
import { mortal } from './fixtures/crash.fixture.ts'
import { type Bench, day, minute, second, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from './fixtures/hr-file.fixture.ts'
import { nextCalls, type TargetUser } from './fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { stranger } from './reconcile/site.fixture.ts'
import { startTargetWorker } from './reconcile/worker.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const row = (who: number, card = '', cardState = 'active', more: Partial<HrRow> = {}) =>
  hrRow(who, { card, cardState, ...more })
const deliver = async (...rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await settle()
}
const settle = async () => {
  for (let round = 0; round < 2; round++) {
    await bench.followCalendar()
    await bench.rest()
  }
}
const card = (number = 100) => h10301(7, number)
const where = (number = 100) =>
  Object.fromEntries(
    [...bench.target.users].flatMap(([id, { cards }]) => {
      const held = cards.get(cardKey(card(number)))
      return held === undefined ? [] : [[id, held.state]]
    }),
  )
const person = (who: number) => bench.personOf(`n${who}`)
const ref = (of: PersonId | null = null) => ({ card: card(), person: of })
const acts = { lose: loseCard, return: returnCard, suspend: suspendCard, resume: resumeCard }
const act = async (name: keyof typeof acts, of: PersonId | null = null) => {
  const done = await acts[name](bench.context, ref(of), bench.operator, 'seen')
  await settle()
  return done
}
const issue = async (who: number, number = 100) => {
  const done = await issueCard(bench.context, await person(who), card(number), bench.operator, 'seen')
  await settle()
  return done
}
const lockouts = () =>
  bench.rows<{ cause: string; card: boolean; proven: boolean; proof: string | null; ended: boolean }>(
    `select cause, credential_id is not null as card, proven_at is not null as proven, proof, ended_at is not null as ended
       from lockout order by decided_at, id`,
  )
const state = async () => (await bench.rows<{ state: string }>('select state from credential order by state'))[0]?.state

describe('a lost card', () => {
  test('is blocked at once, everywhere, with a lock-out of its own that is proven; its holder stays in', async () => {
    await deliver(row(1, '100'))
    const done = await loseCard(bench.context, ref(), bench.operator, 'found on the street')
    expect([done.person, done.lockouts.length]).toEqual([await person(1), 1])
    expect(await bench.rows('select lane from account_work')).toEqual([{ lane: 'urgent' }])
    bench.target.calls.length = 0
    await bench.work()
    expect(bench.target.calls.map(({ verb }) => verb).slice(0, 3)).toEqual(['read', 'lock', 'read'])
    expect([where(), bench.target.users.get('n1')?.lock]).toEqual([{ n1: 'blocked' }, 'open'])
    expect(await lockouts()).toEqual([
      { cause: 'operator', card: true, proven: true, proof: 'read-back', ended: false },
    ])
    const audited = await bench.rows(
      `select action, actor from audit_pending where action like 'credential.%' order by id`,
    )
    expect(audited).toEqual([
      { action: 'credential.blocked', actor: bench.operator },
      { action: 'credential.blocked', actor: bench.operator },
    ])
    expect(await bench.rows('select 1 from account_work')).toEqual([])
  })

  test('that a source speaks of has the same proof', async () => {
    await deliver(row(1, '100'))
    await deliver(row(1, '100', 'lost'))
    expect([where(), await lockouts()]).toMatchObject([
      { n1: 'blocked' },
      [{ cause: 'record', card: true, proven: true }],
    ])
  })

  test('goes out before everything else that is to be done about its holder, and whatever of that the target refuses', async () => {
    await deliver(row(1, '100'))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind: 'transient' } : null)
    await bench.deliver([row(1, '100', 'active', { family: 'Other' })])
    await loseCard(bench.context, ref(), bench.operator, 'seen')
    await bench.work()
    expect([where(), await lockouts()]).toMatchObject([{ n1: 'blocked' }, [{ proven: true }]])
    bench.target.fault = () => null
    await settle()
    expect(bench.target.users.get('n1')?.profile.name).toBe('Person1 Other')
  })

  test.each(['transient', 'rejected', 'conflict'] as const)(
    'whose block the target refuses (%s) stays urgent and open until it is proven',
    async (kind) => {
      await deliver(row(1, '100'))
      bench.target.fault = ({ verb }) => (verb === 'lock' ? { is: 'parts', parts: ['card'], kind } : null)
      await loseCard(bench.context, ref(), bench.operator, 'seen')
      for (let i = 0; i < 12; i++) {
        await bench.work()
        await bench.pass(2 * second)
      }
      expect([where(), await lockouts()]).toMatchObject([{ n1: 'on' }, [{ proven: false, ended: false }]])
      expect(await bench.rows('select lane, dead_at from account_work')).toEqual([{ lane: 'urgent', dead_at: null }])
      bench.target.fault = () => null
      await settle()
      expect([where(), await lockouts()]).toMatchObject([{ n1: 'blocked' }, [{ proven: true }]])
    },
  )

  test('that the target neither blocks nor refuses is said not to be shut', async () => {
    await deliver(row(1, '100'))
    const apply = bench.target.connection.accounts.apply.bind(bench.target.connection.accounts)
    bench.target.connection.accounts.apply = async (change, signal) =>
      change.kind === 'lock' ? { parts: [] } : apply(change, signal)
    await loseCard(bench.context, ref(), bench.operator, 'seen')
    await bench.work()
    expect((await bench.rows<{ failures: string }>('select failures from account'))[0]?.failures).toContain(
      'engine.not-shut',
    )
    bench.target.connection.accounts.apply = apply
    await settle()
    expect([where(), await lockouts()]).toMatchObject([{ n1: 'blocked' }, [{ proven: true }]])
  })

  test('that a late write opens again is blocked again, and its proof counts from then', async () => {
    await deliver(row(1))
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await bench.deliver([row(1, '100')])
    await bench.work()
    await loseCard(bench.context, ref(), bench.operator, 'seen')
    await bench.work()
    expect(await lockouts()).toMatchObject([{ proven: true }])
    const [first] = await bench.rows<{ proven_at: Date }>('select proven_at from lockout')
    expect(bench.target.land()).toBe(1)
    expect(where()).toEqual({ n1: 'on' })
    await settle()
    const [second] = await bench.rows<{ proven_at: Date }>('select proven_at from lockout')
    expect(where()).toEqual({ n1: 'blocked' })
    expect((second?.proven_at.getTime() ?? 0) > (first?.proven_at.getTime() ?? 0)).toBe(true)
  })

  test('of a protected person is blocked, too: it has a name on it', async () => {
    await deliver(row(1, '100'))
    await bench.protect(await person(1))
    await act('lose')
    expect(where()).toEqual({ n1: 'blocked' })
  })

  test('of somebody who is locked stays blocked when they are let in', async () => {
    await deliver(row(1, '100'))
    await lockPerson(bench.context, await person(1), bench.operator, 'seen')
    expect((await act('lose')).lockouts).toEqual([])
    await unlockPerson(bench.context, await person(1), bench.operator, 'seen', 1)
    await settle()
    expect([where(), bench.target.users.get('n1')?.lock]).toEqual([{ n1: 'blocked' }, 'open'])
  })

  test('is lost until somebody says in words that it is back: neither an active claim nor silence revives or frees it', async () => {
    await deliver(row(1, '100'), row(2))
    await act('lose')
    await deliver(row(1, '100', 'suspended'), row(2))
    await deliver(row(1, '100'), row(2))
    expect(where()).toEqual({ n1: 'blocked' })
    await deliver(row(1, '101'), row(2, '100'))
    expect([where(), where(101)]).toEqual([{ n1: 'blocked' }, { n1: 'on' }])
    await deliver(row(1, '100', 'returned'), row(2, '100'))
    expect(where()).toEqual({ n2: 'on' })
  })

  test('of an account that is not made yet is never on: it is made with the card blocked', async () => {
    await bench.deliver([row(1, '100')])
    const seen: string[] = []
    bench.target.fault = () => {
      seen.push(...Object.values(where()))
      return null
    }
    await act('lose')
    expect([where(), seen.includes('on'), await lockouts()]).toMatchObject([
      { n1: 'blocked' },
      false,
      [{ proven: true }],
    ])
  })

  test.each([
    [false, true],
    [true, false],
  ])(
    'at an account of somebody else with that id, who has it: %s, is proven: %s, and nothing is touched',
    async (has, proven) => {
      const cards = new Map(has ? [[cardKey(card()), { card: card(), state: 'on' as const }]] : [])
      bench.target.users.set('n1', { ...stranger(), cards })
      await bench.deliver([row(1, '100')])
      await loseCard(bench.context, ref(), bench.operator, 'seen')
      await bench.rest()
      expect([where(), await lockouts()]).toMatchObject([has ? { n1: 'on' } : {}, [{ proven }]])
      expect(await bench.rows('select lane, dead_at is not null as dead from account_work')).toEqual([
        { lane: 'bulk', dead: true },
      ])
    },
  )

  test('whose block gives way to a worker that stops is taken up by the next', async () => {
    await deliver(row(1, '100'))
    await loseCard(bench.context, ref(), bench.operator, 'seen')
    bench.target.fault = ({ verb }) => (verb === 'read' ? { is: 'hanging', lands: 'never' } : null)
    const worker = startTargetWorker(bench.context, bench.setup, () => 'read-back')
    const pumped = worker.pump('urgent')
    await until('it has begun', () => bench.target.calls.some(({ verb }) => verb === 'read'))
    await worker.stop(0)
    await pumped
    bench.target.fault = () => null
    await settle()
    expect([where(), await lockouts()]).toMatchObject([{ n1: 'blocked' }, [{ proven: true }]])
  })

  test('twice is the same as once', async () => {
    await deliver(row(1, '100'))
    await act('lose')
    expect((await act('lose')).lockouts).toEqual([])
    expect(await lockouts()).toHaveLength(1)
  })

  test('that was given back, and is still on an account, is blocked there', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, revoke: limit } } })
    await deliver(row(1, '100'))
    await deliver(row(1))
    expect([where(), await bench.heldPlan()]).toEqual([{ n1: 'on' }, expect.any(String)])
    await act('lose')
    expect([where(), await state()]).toEqual([{ n1: 'blocked' }, 'lost'])
  })
})

describe('a card given back by command', () => {
  test('leaves the account at once, whatever HR still says, and is free for another', async () => {
    await deliver(row(1, '100'), row(2))
    await act('return')
    expect(where()).toEqual({})
    await deliver(row(1, '100', 'active', { family: 'Other' }), row(2))
    expect(where()).toEqual({})
    expect(await issue(2)).toMatchObject({ waits: false, lockouts: [] })
    expect(where()).toEqual({ n2: 'on' })
  })

  test('is free for whoever waits for it', async () => {
    await deliver(row(1, '100'), row(2, '100'))
    expect(where()).toEqual({ n1: 'on' })
    await act('return')
    expect(where()).toEqual({ n2: 'on' })
  })

  test('goes through no brake', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, revoke: limit } } })
    await deliver(row(1, '100'))
    await act('return')
    expect(where()).toEqual({})
  })
})

describe('an operator’s suspension', () => {
  test('is lifted by an operator alone, and lifts no source’s', async () => {
    await deliver(row(1, '100'))
    expect((await act('suspend')).lockouts).toHaveLength(1)
    expect([where(), await lockouts()]).toMatchObject([{ n1: 'blocked' }, [{ card: true, proven: true }]])
    await deliver(row(1, '100', 'suspended'))
    await deliver(row(1, '100', 'issued'))
    expect(where()).toEqual({ n1: 'blocked' })
    await deliver(row(1, '100', 'suspended'))
    await act('resume')
    expect(where()).toEqual({ n1: 'blocked' })
    await deliver(row(1, '100'))
    expect(where()).toEqual({ n1: 'on' })
  })

  test('lifted before it was proven ends its lock-out', async () => {
    await deliver(row(1, '100'))
    await suspendCard(bench.context, ref(), bench.operator, 'seen')
    await resumeCard(bench.context, ref(), bench.operator, 'seen')
    expect(await lockouts()).toMatchObject([{ proven: false, ended: true }])
    await settle()
    expect([where(), await bench.rows('select 1 from account_work')]).toEqual([{ n1: 'on' }, []])
  })

  test('leaves a block that somebody made by hand', async () => {
    await deliver(row(1, '100'))
    const held = (bench.target.users.get('n1') as TargetUser).cards.get(cardKey(card())) as { state: string }
    held.state = 'blocked'
    await act('suspend')
    await act('resume')
    expect(where()).toEqual({ n1: 'blocked' })
  })

  test('twice counts once; of a lost card it is refused, and so is lifting what is not there', async () => {
    await deliver(row(1, '100'))
    await act('suspend')
    await act('suspend')
    await act('resume')
    await expect(act('resume')).rejects.toMatchObject({ code: 'card.not-suspended' })
    await act('lose')
    await expect(act('suspend')).rejects.toMatchObject({ code: 'card.lost' })
  })
})

describe('a card issued by an operator', () => {
  test('opens at once, and is not taken away because HR does not list it', async () => {
    await deliver(row(1))
    await issue(1)
    expect(where()).toEqual({ n1: 'on' })
    await deliver(row(1, '101'))
    await deliver(row(1, '', 'active', { family: 'Other' }))
    expect([where(), where(101)]).toEqual([{ n1: 'on' }, {}])
  })

  test('is HR’s card from when HR names it', async () => {
    await deliver(row(1))
    await issue(1)
    await deliver(row(1, '100'))
    await deliver(row(1))
    expect(where()).toEqual({})
  })

  test('again, over a claim of lost, stands until HR says something else', async () => {
    await deliver(row(1, '100', 'lost'))
    await issue(1)
    expect(where()).toEqual({ n1: 'on' })
    await deliver(row(1, '100', 'lost', { family: 'Other' }))
    expect(where()).toEqual({ n1: 'on' })
    await deliver(row(1, '100'))
    await deliver(row(1, '100', 'lost'))
    expect(where()).toEqual({ n1: 'blocked' })
  })

  test('again, while HR names it as active, is HR’s card', async () => {
    await deliver(row(1, '100'))
    await act('return')
    await deliver(row(1, '100'))
    expect(where()).toEqual({})
    await issue(1)
    expect(where()).toEqual({ n1: 'on' })
    await deliver(row(1))
    expect(where()).toEqual({})
  })

  test('to a locked person opens nothing before they are unlocked', async () => {
    await deliver(row(1))
    await lockPerson(bench.context, await person(1), bench.operator, 'seen')
    await issue(1)
    await unlockPerson(bench.context, await person(1), bench.operator, 'seen', 1)
    await settle()
    expect(where()).toEqual({ n1: 'on' })
  })

  test('to a mistaken leaver for whom the door is held open', async () => {
    await deliver(row(1))
    await deliver(row(1, '', 'active', { status: 'left' }))
    await unlockPerson(bench.context, await person(1), bench.operator, 'seen', 8)
    await issue(1)
    expect(where()).toEqual({ n1: 'on' })
  })

  test('is given back with everything else when nothing is left of its holder', async () => {
    await deliver(row(1), row(2))
    await issue(1)
    await deliver(row(2))
    await bench.pass(day)
    await deliver(row(2, '', 'active', { family: 'Other' }))
    await bench.pass(8 * day)
    await settle()
    expect(await state()).toBe('returned')
  })

  test.each([
    ['of somebody else', async () => deliver(row(1), row(2, '100')), 'card.held'],
    ['lost by somebody else', async () => deliver(row(1), row(2, '100', 'lost')), 'card.held'],
    ['that works already', async () => deliver(row(1, '100')), 'card.issued'],
    [
      'for a leaver',
      async () => deliver(row(1)).then(() => deliver(row(1, '', '', { status: 'left', cardState: 'active' }))),
      'card.person-left',
    ],
  ])('%s is refused', async (_what, before, code) => {
    await before()
    await expect(issue(1)).rejects.toMatchObject({ code })
  })
})

describe('whose card it is', () => {
  test('is never guessed', async () => {
    await deliver(row(1, '100'), row(2, '100'), row(3))
    await expect(act('lose', await person(2))).rejects.toMatchObject({ code: 'card.waits' })
    await expect(act('lose', await person(3))).rejects.toMatchObject({ code: 'card.not-theirs' })
    const unknown = { card: card(999), person: null }
    await expect(loseCard(bench.context, unknown, bench.operator, 'x')).rejects.toMatchObject({ code: 'card.unknown' })
    expect((await act('lose')).person).toBe(await person(1))
    await act('return', await person(1))
    await act('return', await person(2))
    await expect(act('lose')).rejects.toMatchObject({ code: 'card.returned' })
  })

  test('can not be changed in the database: the person is frozen', async () => {
    await deliver(row(1, '100'), row(2))
    await engine.tamper(`update gatehouse.credential set state = 'active', held_at = null, issued_over = 'none'`)
    await expect(act('lose')).rejects.toMatchObject({ code: 'card.forged' })
    await expect(issue(2)).rejects.toMatchObject({ code: 'card.held' })
  })
})

/** Every step of the target: that no card is ever on two accounts. */
const neverTwice = () => {
  const seen: string[] = []
  const before = bench.target.fault
  bench.target.fault = (call) => {
    const held = Object.keys(where())
    if (held.length > 1) seen.push(held.join('+'))
    return before(call)
  }
  return seen
}

describe('a hand-over, at a target that would let two accounts have one card', () => {
  beforeEach(async () => {
    bench.target.sharesCards = true
    await deliver(row(1, '100'), row(2))
  })

  test.each([
    ['by HR, giver first', () => bench.deliver([row(1), row(2, '100')])],
    ['by HR, taker first', () => bench.deliver([row(2, '100'), row(1)], { perPage: 1 })],
    [
      'by command',
      async () => {
        await returnCard(bench.context, ref(), bench.operator, 'seen')
        await issueCard(bench.context, await person(2), card(), bench.operator, 'seen')
      },
    ],
  ])('%s: the card leaves the one before it comes to the other', async (_how, handOver) => {
    const twice = neverTwice()
    await handOver()
    const waiting = await bench.rows('select waits from credential where waits')
    expect(waiting).toEqual([{ waits: true }])
    await settle()
    expect([where(), twice]).toEqual([{ n2: 'on' }, []])
  })

  test('waits as long as the old account can not be written, however long that is', async () => {
    const twice = neverTwice()
    const before = bench.target.fault
    bench.target.fault = (call) =>
      before(call) ?? (call.externalId === 'n1' && call.verb === 'put' ? { is: 'failure', kind: 'transient' } : null)
    await bench.deliver([row(1), row(2, '100')])
    for (let i = 0; i < 30; i++) {
      await bench.followCalendar()
      await bench.work()
      await bench.pass(minute)
    }
    expect(where()).toEqual({ n1: 'on' })
    bench.target.fault = before
    await settle()
    expect([where(), twice]).toEqual([{ n2: 'on' }, []])
  })

  test('waits for a write to the old account that may still land', async () => {
    bench = await engine.begin()
    bench.target.sharesCards = true
    await deliver(row(1), row(2))
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await bench.deliver([row(1, '100'), row(2)])
    await bench.work()
    const twice = neverTwice()
    await bench.deliver([row(1), row(2, '100')])
    await bench.followCalendar()
    await bench.work()
    await bench.followCalendar()
    await bench.work()
    expect(where()).toEqual({})
    bench.target.land()
    expect(where()).toEqual({ n1: 'on' })
    await settle()
    expect([where(), twice]).toEqual([{ n2: 'on' }, []])
  })

  test.each(Array.from({ length: 14 }, (_, steps) => [steps]))(
    'survives a process that dies after %i steps',
    async (steps) => {
      const twice = neverTwice()
      await bench.deliver([row(1), row(2, '100')])
      await bench.work(mortal(bench.context, bench.setup, steps)).catch(() => undefined)
      await settle()
      expect([where(), twice]).toEqual([{ n2: 'on' }, []])
    },
  )

  test('whose wake-up was lost is found by the sweep', async () => {
    await bench.deliver([row(1), row(2, '100')])
    await bench.work()
    await bench.rows('update person set next_change_at = null')
    await bench.work()
    await settle()
    expect(where()).toEqual({ n2: 'on' })
  })

  test('by command goes through no brake, though the card was not free at first', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, grant: limit, revoke: limit } } })
    bench.target.sharesCards = true
    await deliver(row(1, '100'), row(2))
    await returnCard(bench.context, ref(), bench.operator, 'seen')
    const done = await issueCard(bench.context, await person(2), card(), bench.operator, 'seen')
    await settle()
    expect([done.waits, where(), await bench.heldPlan('clock')]).toEqual([true, { n2: 'on' }, null])
  })

  test('back and forth', async () => {
    const twice = neverTwice()
    await deliver(row(1), row(2, '100'))
    await returnCard(bench.context, ref(), bench.operator, 'seen')
    await issueCard(bench.context, await person(1), card(), bench.operator, 'seen')
    await settle()
    expect([where(), twice]).toEqual([{ n1: 'on' }, []])
  })
})
