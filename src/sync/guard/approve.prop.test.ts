/** Whatever people do in whatever order: an account opens exactly when two different people have approved what was found last. */
import fc from 'fast-check'
import { test } from 'vitest'
import type { SubjectId, SuspensionId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { minute, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { unlockPerson } from '../operator.ts'
import { approveSuspension, keepSuspended } from './approve.ts'
import { GuardBench } from './guard.fixture.ts'

const engine = useEngine()

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant('approve' as const), by: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('swap' as const, 'keep' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('unlock' as const, 'deliver' as const) }) },
)

test('it is lifted exactly when two different people have approved the present finding', async () => {
  const bench = await engine.begin({ guard: { unexpected: 'suspend', brake: { min: 1_000, percent: 0 } } })
  const guard = new GuardBench(bench)
  await guard.people(1)
  const people: readonly SubjectId[] = [await guard.subject(), await guard.subject(), await guard.subject('admin')]
  const person = await bench.personOf('n1')
  const openId = async () =>
    (await bench.rows<{ id: SuspensionId }>(`select id from suspension where state <> 'lifted'`))[0]?.id

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
      // Who approved what was found last; null: nothing is suspended.
      let approved: Set<SubjectId> | null = (await openId()) === undefined ? null : new Set()
      if (approved !== null)
        await keepSuspended(bench.context, (await openId()) as SuspensionId, bench.operator, 'anew')
      for (const each of steps) {
        const id = await openId()
        if (each.is === 'approve' && id !== undefined && approved !== null) {
          const by = people[each.by] as SubjectId
          const isTwice: boolean = approved.has(by)
          const done = await approveSuspension(bench.context, id, by, 'seen').catch((error: unknown) => error)
          if (isTwice !== done instanceof Refusal) throw new Error('twice by one is refused, and nothing else')
          approved = isTwice || approved.size === 0 ? new Set([...approved, by]) : null
        } else if (each.is === 'swap') {
          await bench.rest()
          await bench.pass(minute)
          await guard.swapAndWatch(1)
          approved = new Set()
        } else if (each.is === 'keep' && id !== undefined) {
          await keepSuspended(bench.context, id, bench.operator, 'seen')
          approved = new Set()
        } else if (each.is === 'unlock') await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
        else if (each.is === 'deliver') await bench.deliver([hrRow(1, { card: '101' })])
        await bench.rest()
        if (guard.isShut(1) !== (approved !== null)) throw new Error(`after ${each.is}: open or shut against approvals`)
      }
    }),
    { numRuns: 12 },
  )
}, 60_000)
