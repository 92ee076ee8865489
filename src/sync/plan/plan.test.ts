import { beforeEach, describe, expect, test } from 'vitest'
import type { PlanId } from '../../model/id.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrFile, hrRow } from '../fixtures/hr-file.fixture.ts'
import { newMemory, pull, type SourceMemory } from '../pull/pull.ts'
import { resolveEveryone } from '../resolve/re-resolve.ts'
import { enableTarget } from '../target-modes.ts'
import { askAgain } from './ask-again.ts'
import type { Outline } from './plan.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const many = (count: number, more: Partial<HrRow> = {}) => Array.from({ length: count }, (_, i) => row(i, more))
const none = { min: 0, percent: 0 }
const strict = (kinds: readonly string[]) =>
  engine.begin({ source: { brakes: { ...bench.brakes, ...Object.fromEntries(kinds.map((kind) => [kind, none])) } } })
/** Everybody of `rows` with an account, before a brake could hold it. */
const settle = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  const held = await bench.heldPlan()
  if (held !== null) await bench.release(held)
  await bench.rest()
}
const plans = () => bench.rows<{ origin: string; state: string }>('select origin, state from plan order by created_at')
const changes = (plan: PlanId) =>
  bench.rows<{ kind: string; part: string; held_for: string | null; dropped: boolean }>(
    'select kind, part, held_for, dropped from plan_change where plan_id = $1 order by account_id, part',
    [plan],
  )
const holds = async () => {
  const [plan] = await bench.rows<{ holds: string }>(`select holds from plan where state = 'held'`)
  return JSON.parse(plan?.holds ?? '[]') as unknown
}
const held = async (origin?: string) => (await bench.heldPlan(origin)) as PlanId
/** Of everybody what the kind at hand is about: a moved department shows in the profile besides. */
const rights = () =>
  [...bench.target.users].map(([number, { lock, levels: granted, cards, profile }]) =>
    structuredClone([number, lock, [...granted], [...cards], profile.name]),
  )
const levels = (who: number) => [...(bench.target.users.get(`n${who}`)?.levels ?? [])].sort()

test('a plan is told by as many changes as a release makes of it, though an account may have several of a kind', async () => {
  bench = await strict(['grant'])
  await settle(many(2))
  await bench.deliver(many(2, { department: 'Research' }).map((who, i) => ({ ...who, card: `10${i}` })))
  const plan = await held()
  const [{ outline } = { outline: '{}' }] = await bench.rows<{ outline: string }>(
    `select outline from plan where state = 'held'`,
  )
  const waiting = (await changes(plan)).filter(({ held_for }) => held_for !== null)
  const passed = (await changes(plan)).length - waiting.length
  expect(waiting.map(({ part }) => part.replace(/:.*/, '')).sort()).toEqual(['card', 'card', 'level', 'level'])
  const { changes: told } = JSON.parse(outline) as Outline
  expect(await bench.release(plan)).toEqual({ applied: waiting.length, dropped: 0 })
  expect(told).toBe(waiting.length + passed)
})

describe('brakes', () => {
  const scenes: readonly [kind: string, before: readonly HrRow[], after: readonly HrRow[], part: RegExp][] = [
    ['create', [], many(3), /^account$/],
    ['grant', many(3), many(3, { department: 'Research' }), /^level:/],
    ['revoke', many(3, { department: 'Research' }), many(3), /^level:/],
    ['change', many(3), many(3, { family: 'Other' }), /^profile$/],
    ['revoke', many(3).map((who, i) => ({ ...who, card: `10${i}` })), many(3), /^card:/],
    ['grant', many(3), many(3).map((who, i) => ({ ...who, card: `10${i}` })), /^card:/],
    ['grant', many(3, { status: 'suspended' }), many(3), /^lock$/],
  ]
  test.each(scenes)(
    '%s: none of that kind runs above the limit, until a person releases it',
    async (kind, before, after, part) => {
      bench = await strict([])
      if (kind === 'grant' && part.source === '^lock$') await settle(many(3))
      await settle(before)
      ;(bench.context.sources as Map<string, unknown>).set('hr', {
        ...bench.source,
        brakes: { ...bench.brakes, [kind]: { min: 2, percent: 0 } },
      })
      const shown = rights()
      await bench.deliver(after)
      await bench.rest()
      expect(rights()).toEqual(shown)
      expect(await holds()).toEqual([{ kind, target: 'doors', accounts: 3, limit: 2, why: 'brake' }])
      const plan = await held()
      for (const change of (await changes(plan)).filter(({ held_for }) => held_for !== null)) {
        expect(change).toMatchObject({ kind, held_for: 'brake', dropped: false })
        expect(change.part).toMatch(part)
      }
      expect(await bench.release(plan)).toEqual({ applied: 3, dropped: 0 })
      await bench.rest()
      expect(rights()).not.toEqual(shown)
      expect(await bench.rows('select 1 from account where pending')).toEqual([])
    },
  )

  test('a limit is the larger of a number and a share of the open accounts', async () => {
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, change: { min: 1, percent: 50 } } } })
    await settle(many(6))
    await bench.deliver([...many(3, { family: 'Other' }), ...many(6).slice(3)])
    expect(await bench.heldPlan()).toBeNull()
    await bench.deliver([...many(4, { family: 'Third' }), ...many(6).slice(4)])
    expect(await holds()).toMatchObject([{ kind: 'change', accounts: 4, limit: 3 }])
  })

  test('one that trips holds its own kind only; the rest of the same file passes', async () => {
    bench = await strict(['revoke'])
    await settle(many(2, { department: 'Research' }))
    await bench.deliver(many(3, { family: 'Other' }))
    await bench.rest()
    expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Other')
    expect(bench.target.users.get('n2')).toBeDefined()
    expect(levels(0)).toEqual(['id of Lab', 'id of Main'])
    expect((await plans()).map(({ state }) => state)).toContain('held')
  })

  test('a lock-out by record never waits for any', async () => {
    bench = await strict(['lockout-absence', 'revoke', 'change'])
    await settle(many(10))
    await bench.deliver(many(10, { status: 'left' }))
    await bench.rest()
    expect([...bench.target.users.values()].every(({ lock }) => lock === 'closed')).toBe(true)
  })
})

describe('a held plan', () => {
  beforeEach(async () => {
    bench = await strict(['change', 'revoke'])
    await settle(many(3))
    await bench.deliver(many(3, { family: 'Other' }))
  })

  test('is kept by a later pull with the same changes', async () => {
    const plan = await held()
    await bench.deliver([...many(3, { family: 'Other' }), row(7)])
    expect(await held()).toBe(plan)
    await bench.rest()
    expect(bench.target.users.get('n7')).toBeDefined()
  })

  test('is superseded by one with other changes, which alone can be released then', async () => {
    const plan = await held()
    await bench.deliver(many(3, { family: 'Third' }))
    expect(await held()).not.toBe(plan)
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.not-held' })
    await bench.release(await held())
    await bench.rest()
    expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Third')
  })

  test('is superseded when nothing of it is wanted any more', async () => {
    const plan = await held()
    await bench.deliver(many(3))
    expect(await bench.heldPlan()).toBeNull()
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.not-held' })
    await expect(bench.reject(plan)).rejects.toMatchObject({ code: 'plan.not-held' })
  })

  test('once released adds nothing, though more be wanted by now', async () => {
    const plan = await held()
    // Everybody would get one level more by now: that was not in the plan that a person saw.
    bench.policy([{ grant: ['doors/Main', 'doors/Vault'], to: 'true' }])
    await bench.release(plan)
    await bench.rest()
    expect(bench.target.users.get('n1')?.profile.name).toBe('Person1 Other')
    expect(levels(1)).toEqual(['id of Main'])
  })

  test('lists what is no longer wanted when it is released as dropped', async () => {
    await bench.deliver([row(0, { family: 'Other', end: '2026-03-02' }), ...many(3, { family: 'Other' }).slice(1)])
    const plan = await held()
    await bench.pass(day)
    expect(await bench.release(plan)).toMatchObject({ dropped: 2 })
    expect(
      (await changes(plan))
        .filter(({ dropped }) => dropped)
        .map(({ part }) => part)
        .sort(),
    ).toEqual(['profile', 'validity'])
    await bench.rest()
    expect(bench.target.users.get('n0')).toMatchObject({ lock: 'closed', profile: { name: 'Person0 Test' } })
    expect(bench.target.users.get('n1')?.profile.name).toBe('Person1 Other')
  })

  describe('once rejected', () => {
    const again = async (plan: PlanId) =>
      askAgain(bench.context, plan, { subject: bench.operator, reason: 'seen', brakes: bench.brakes })
    let rejected: PlanId
    beforeEach(async () => {
      rejected = await held()
      await bench.reject(rejected)
    })

    test('does nothing, and no clock asks again', async () => {
      await bench.followCalendar()
      await bench.rest()
      expect([await bench.heldPlan(), bench.target.users.get('n0')?.profile.name]).toEqual([null, 'Person0 Test'])
    })

    test('comes again with the next file that says so among other things', async () => {
      await bench.deliver([...many(3, { family: 'Other' }), row(7)])
      expect(await bench.heldPlan()).not.toBeNull()
    })

    test('comes again with a file that is the very same, and not when that very file is offered once more', async () => {
      await bench.deliver(many(3, { family: 'Other' }))
      expect(await bench.heldPlan()).toBeNull()
      await bench.pass(day)
      const report = await bench.deliver(many(3, { family: 'Other' }))
      expect(report).toMatchObject({ outcome: 'unchanged', plan: await held() })
      await bench.reject(await held())
      await bench.deliver(many(3, { family: 'Other' }))
      expect(await bench.heldPlan()).toBeNull()
      await bench.pass(day)
      await bench.deliver(many(3, { family: 'Other' }))
      await bench.release(await held())
      await bench.rest()
      expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Other')
    })

    test('comes again when a person asks for it, who is named in the audit', async () => {
      expect(await again(rejected)).toEqual({ id: await held(), state: 'held' })
      expect(await held()).not.toBe(rejected)
      await bench.followCalendar()
      expect(await bench.heldPlan()).not.toBeNull()
      expect(
        await bench.rows(`select actor from audit_pending where action = 'plan.asked-again' and object = $1`, [
          rejected,
        ]),
      ).toEqual([{ actor: bench.operator }])
      await bench.release(await held())
      await bench.rest()
      expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Other')
      expect(await again(rejected)).toBeNull()
    })

    test('comes again under its own origin, also when no source caused it', async () => {
      bench.policy([{ grant: ['doors/Vault'], to: 'true' }])
      await resolveEveryone(bench.context, bench.brakes)
      await bench.reject(await held('policy'))
      await resolveEveryone(bench.context, bench.brakes)
      expect(await bench.heldPlan('policy')).toBeNull()
      const [plan] = await bench.rows<{ id: PlanId }>(
        `select id from plan where state = 'rejected' and origin = 'policy'`,
      )
      expect(await again(plan?.id as PlanId)).toEqual({ id: await held('policy'), state: 'held' })
    })

    test('is the only one that can be asked for again', async () => {
      await again(rejected)
      await expect(again(await held())).rejects.toMatchObject({ code: 'plan.not-rejected' })
      await expect(again('00000000-0000-4000-8000-000000000000' as PlanId)).rejects.toMatchObject({
        code: 'plan.unknown',
      })
    })
  })

  test('names in the audit who decided', async () => {
    const plan = await held()
    await bench.release(plan)
    expect(
      await bench.rows(`select actor from audit_pending where action = 'plan.released' and object = $1`, [plan]),
    ).toEqual([{ actor: bench.operator }])
  })

  test('that somebody changed from outside is never carried out', async () => {
    const plan = await held()
    await engine.tamper(`update plan set counts = '[]' where id = $1`, [plan])
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.forged' })
    await expect(bench.reject(plan)).rejects.toMatchObject({ code: 'plan.forged' })
  })

  test('nor one to which somebody added a change', async () => {
    const plan = await held()
    await engine.tamper(
      `insert into plan_change (plan_id, account_id, target, kind, part, before, after, held_for)
       select plan_id, account_id, target, 'grant', 'level:x', null, 'on', 'brake' from plan_change where plan_id = $1 limit 1`,
      [plan],
    )
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.forged' })
    expect(await bench.alarms()).toContain('guard.failed')
    await bench.rest()
    expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Test')
  })

  test('can be released once, and an unknown one never', async () => {
    const plan = await held()
    await bench.release(plan)
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.not-held' })
    await expect(bench.release('00000000-0000-4000-8000-000000000000' as PlanId)).rejects.toMatchObject({
      code: 'plan.unknown',
    })
  })
})

describe('a target that is only observed', () => {
  beforeEach(async () => {
    bench = await engine.begin({ enabled: false })
    await bench.deliver(many(3))
  })

  test('holds everything, and a release of nothing else is refused', async () => {
    expect(await holds()).toEqual([{ kind: 'create', target: 'doors', accounts: 3, limit: null, why: 'observe' }])
    await expect(bench.release(await held())).rejects.toMatchObject({ code: 'plan.observed' })
    await bench.rest()
    expect(bench.target.users.size).toBe(0)
  })

  test('once enabled has a first plan that waits for a release', async () => {
    await enableTarget(bench.context, 'doors', bench.operator, 'accounts matched')
    await bench.release(await held())
    await bench.rest()
    expect(bench.target.users.size).toBe(3)
  })
})

describe('protected people', () => {
  beforeEach(async () => {
    await settle([row(0, { department: 'Research' }), row(1, { department: 'Research' })])
    await bench.protect(await bench.personOf('n0'))
  })

  test('are not locked out by a record, nor lose rights, before a person releases it; everybody else is', async () => {
    await bench.deliver([row(0, { status: 'left' }), row(1, { status: 'left' })])
    await bench.rest()
    expect([bench.target.users.get('n0')?.lock, bench.target.users.get('n1')?.lock]).toEqual(['open', 'closed'])
    expect(await holds()).toMatchObject([{ why: 'protected', accounts: 1 }])
    await bench.release(await held())
    await bench.rest()
    expect(bench.target.users.get('n0')?.lock).toBe('closed')
  })

  test('wait for a revoke as well, and not for a grant', async () => {
    await bench.deliver([row(0), row(1)])
    bench.policy([{ grant: ['doors/Main', 'doors/Vault'], to: 'true' }])
    await resolveEveryone(bench.context, bench.brakes)
    await bench.rest()
    expect([levels(0), levels(1)]).toEqual([
      ['id of Lab', 'id of Main', 'id of Vault'],
      ['id of Main', 'id of Vault'],
    ])
  })
})

describe('a changed policy', () => {
  test('is a plan of its own, under the same brakes', async () => {
    bench = await strict(['revoke'])
    await settle(many(3, { department: 'Research' }))
    bench.policy([
      { grant: ['doors/Main'], to: 'true' },
      { grant: ['doors/Vault'], to: 'employment.department == "Research"' },
    ])
    await resolveEveryone(bench.context, bench.brakes)
    await bench.rest()
    expect(levels(0)).toEqual(['id of Lab', 'id of Main', 'id of Vault'])
    expect(await plans()).toContainEqual({ origin: 'policy', state: 'held' })
    await bench.release(await held('policy'))
    await bench.rest()
    expect(levels(0)).toEqual(['id of Main', 'id of Vault'])
  })

  test('never takes away what a rule can not tell', async () => {
    await settle(many(1, { department: 'Research' }))
    await settle(many(1, { department: 'hidden' }))
    expect(levels(0)).toEqual(['id of Lab', 'id of Main'])
  })
})

describe('a pull without news', () => {
  const deliver = (rows: readonly HrRow[], memory: SourceMemory) =>
    pull(
      bench.context,
      bench.source,
      hrFile(rows, { arrivedAt: bench.context.now() }),
      new AbortController().signal,
      memory,
    )

  test('keeps the plan that waits, and asks again once it was decided', async () => {
    bench = await strict(['grant'])
    await settle(many(2))
    const memory = newMemory()
    const moved = many(2, { department: 'Research' })
    const first = await deliver(moved, memory)
    const again = await deliver(moved.toReversed(), memory)
    expect([again.plan, memory.plan]).toEqual([first.plan, first.plan])
    const before = await plans()
    await bench.reject(first.plan as PlanId)
    const after = await deliver(moved, memory)
    expect(after.plan).not.toBe(first.plan)
    expect((await plans()).length).toBe(before.length + 1)
    expect(levels(0)).toEqual(['id of Main'])
  })
})

test('a change that slips into a release after its check is not made, and is alarmed', async () => {
  bench = await strict(['grant'])
  await settle(many(2))
  await bench.deliver(many(2, { department: 'Research' }))
  const plan = await held()
  // Made while the first batch is applied, so that the plan seems to have one more.
  await engine.tamper(`create function slip_in() returns trigger language plpgsql security definer as $$ begin
      insert into gatehouse.plan_change (plan_id, account_id, target, kind, part, after, held_for)
      values ('${plan}', 'ffffffff-ffff-4fff-bfff-ffffffffffff', 'doors', 'grant', 'level:x', 'on', 'brake');
      return null; end $$`)
  await engine.tamper('create trigger slip_in after update on account for each statement execute function slip_in()')
  try {
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.forged' })
  } finally {
    await engine.tamper('drop trigger slip_in on account')
    await engine.tamper('drop function slip_in')
  }
  expect(await bench.alarms()).toContain('guard.failed')
})

test('killed between making a plan and carrying it out, the next one lets the same changes pass', async () => {
  const rows = many(3)
  for (let steps = 0; steps < 80; steps++) {
    bench = await engine.begin()
    const dying = mortal(bench.context, bench.setup, steps)
    const file = hrFile(rows, { arrivedAt: bench.context.now() })
    await pull(dying.context, bench.source, file, new AbortController().signal).catch(() => undefined)
    if (!dying.dead()) break
    const { length } = await bench.rows('select 1 from plan')
    if (length === 0) continue
    await bench.deliver(rows)
    await bench.rest()
    expect(bench.target.users.size, `after ${steps} steps`).toBe(3)
    expect(await bench.rows('select 1 from account where pending')).toEqual([])
  }
})
