import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PlanId } from '../../model/id.ts'
import { type Bench, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { decodeParts } from '../parts.ts'

const engine = useEngine()

const runs = Number(process.env.HISTORIES ?? 60)

/** What one delivery may do to somebody, and by which brake that is held. */
const fates = {
  none: { brake: null, more: {} },
  moved: { brake: 'revoke', more: { department: 'Sales' } },
  renamed: { brake: 'change', more: { family: 'Other' } },
  carded: { brake: 'grant', more: { card: 'own' } },
  joined: { brake: 'create', more: {} },
  left: { brake: null, more: { status: 'left' } },
} as const
type Fate = keyof typeof fates
const kinds = ['revoke', 'change', 'grant', 'create'] as const

const known: fc.Arbitrary<Fate> = fc.constantFrom('none', 'moved', 'renamed', 'carded', 'left')
const rowOf = (who: number, fate: Fate): HrRow => {
  const more: Partial<HrRow> = fates[fate].more
  return hrRow(who, { ...more, ...(fate === 'carded' ? { card: `${200 + who}` } : {}) })
}

/** What can be seen at the door of what a fate would do. */
function happened(bench: Bench, who: number, fate: Fate): boolean | null {
  const user = bench.target.users.get(`n${who}`)
  if (fate === 'joined') return user !== undefined
  if (fate === 'left') return user?.lock === 'closed'
  if (fate === 'moved') return user?.levels.has('id of Lab') === false
  if (fate === 'renamed') return user?.profile.name === `Person${who} Other`
  return fate === 'carded' ? user?.cards.size === 1 : null
}

test('of a kind whose brake trips nothing runs, and of every other kind all does; lock-outs by record always do', {
  timeout: 300_000,
}, async () => {
  const limits = fc.record({
    revoke: fc.nat({ max: 4 }),
    change: fc.nat({ max: 4 }),
    grant: fc.nat({ max: 4 }),
    create: fc.nat({ max: 4 }),
  })
  const property = fc.asyncProperty(
    fc.array(known, { minLength: 3, maxLength: 8 }),
    fc.nat({ max: 5 }),
    limits,
    async (fatesOfKnown, joiners, limit) => {
      const bench = await engine.begin()
      await bench.deliver(fatesOfKnown.map((_, who) => hrRow(who)))
      await bench.rest()
      const all = [...fatesOfKnown, ...Array.from({ length: joiners }, (): Fate => 'joined')]
      const brakes = Object.fromEntries(kinds.map((kind) => [kind, { min: limit[kind], percent: 0 }]))
      ;(bench.context.sources as Map<string, unknown>).set('hr', {
        ...bench.source,
        brakes: { ...bench.brakes, ...brakes },
      })
      await bench.deliver(all.map((fate, who) => rowOf(who, fate)))
      await bench.rest()
      // A move shows in the profile as well: that is another change of the same account.
      const counted = (kind: string) =>
        all.filter((fate) => fates[fate].brake === kind || (kind === 'change' && fate === 'moved')).length
      for (const [who, fate] of all.entries()) {
        const { brake } = fates[fate]
        const isHeld = brake !== null && counted(brake) > limit[brake]
        if (fate !== 'none') expect(happened(bench, who, fate), `${fate} of ${who}`).toBe(!isHeld)
      }
    },
  )
  await fc.assert(property, { numRuns: runs })
})

test('a release makes only what the plan lists, and lists what the world no longer wants, whatever happened in between', {
  timeout: 300_000,
}, async () => {
  const meanwhile = fc.array(
    fc.oneof(
      fc.record({ is: fc.constant('deliver' as const), fates: fc.array(known, { minLength: 4, maxLength: 4 }) }),
      fc.record({ is: fc.constant('policy' as const), level: fc.constantFrom('Vault', 'Lab') }),
      fc.record({ is: fc.constant('pass' as const) }),
    ),
    { maxLength: 3 },
  )
  const property = fc.asyncProperty(
    fc.array(known, { minLength: 4, maxLength: 4 }),
    meanwhile,
    async (planned, steps) => {
      const none = { min: 0, percent: 0 }
      const brakes = { 'lockout-absence': none, revoke: none, grant: none, create: none, change: none, delete: none }
      const bench = await engine.begin()
      await bench.deliver(planned.map((_, who) => hrRow(who)))
      await bench.rest()
      ;(bench.context.sources as Map<string, unknown>).set('hr', { ...bench.source, brakes })
      await bench.deliver(planned.map((fate, who) => rowOf(who, fate)))
      const plan = (await bench.heldPlan()) as PlanId
      if (plan === null) return
      // Only resolved, and not planned: the plan that a person has seen still waits.
      const lockPlans = await bench.context.database.pool.connect()
      await lockPlans.query(`select pg_advisory_lock(hashtext('gatehouse.plan'), hashtext('source:hr'))`)
      const waiting: Promise<unknown>[] = []
      for (const step of steps) {
        if (step.is === 'pass') await bench.pass(hour)
        else if (step.is === 'policy')
          bench.policy([{ grant: ['doors/Main', `doors/${step.level}`], to: 'employment.department == "Research"' }])
        else {
          const done = bench.deliver(
            step.fates.map((fate, who) => rowOf(who, fate)),
            { mode: 'delta' },
          )
          waiting.push(done)
          await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 150))])
          // One at a time, as a source delivers.
          break
        }
      }
      const before = await desiredOf(bench)
      const listed = await bench.rows<{ account_id: string; part: string }>(
        'select account_id, part from plan_change where plan_id = $1 and held_for is not null',
        [plan],
      )
      const { applied, dropped } = await bench.release(plan)
      const after = await desiredOf(bench)
      const marked = await bench.rows('select 1 from plan_change where plan_id = $1 and dropped', [plan])
      expect([applied + dropped, marked.length]).toEqual([listed.length, dropped])
      for (const [account, now] of after) {
        const was = before.get(account)
        if (was === undefined || now.lock === 'closed') continue
        const parts = listed.filter(({ account_id }) => account_id === account).map(({ part }) => part)
        const gained = now.levels.filter((id) => !was.levels.includes(id)).map((id) => `level:${id}`)
        const lost = was.levels.filter((id) => !now.levels.includes(id)).map((id) => `level:${id}`)
        const cards = Object.keys(now.cards)
          .filter((id) => !(id in was.cards))
          .map((id) => `card:${id}`)
        expect(parts).toEqual(expect.arrayContaining([...gained, ...lost, ...cards]))
      }
      await lockPlans.query(`select pg_advisory_unlock(hashtext('gatehouse.plan'), hashtext('source:hr'))`)
      lockPlans.release()
      await Promise.all(waiting)
    },
  )
  await fc.assert(property, { numRuns: Math.ceil(runs / 2) })
})

async function desiredOf(bench: Bench) {
  const rows = await bench.rows<{ id: string; desired: string }>(
    'select id, desired from account where desired is not null',
  )
  return new Map(rows.map(({ id, desired }) => [id, decodeParts(desired)]))
}
