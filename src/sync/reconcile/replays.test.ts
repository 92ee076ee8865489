import { beforeEach, expect, test } from 'vitest'
import { type Bench, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { watchLockouts } from '../lockout-watch.ts'
import { linkByHand } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { enableTarget } from '../target-modes.ts'
import { thawPerson } from '../thaw/thaw-person.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin({ enabled: false })
})

const lock = (account: string) => bench.target.users.get(account)?.lock

test('an id that an account had before it was linked proves no lock-out: a person is told which account nobody can address', async () => {
  await bench.deliver([hrRow(1)])
  const person = await bench.personOf('n1')
  const [planned] = await bench.rows<{ external_id: Buffer }>('select external_id from account')
  bench.target.users.set('4711', existing({ name: 'Person1 Test', department: 'Research' }))
  await match(bench)
  await linkByHand(bench.context, 'doors', '4711', person, bench.operator, 'seen', bench.brakes)
  await enableTarget(bench.context, 'doors', bench.operator, 'ready')
  const plan = await bench.heldPlan()
  if (plan !== null) await bench.release(plan)
  await bench.rest()
  await engine.tamper('update account set external_id = $1', [planned?.external_id])

  await bench.deliver([hrRow(1, { status: 'left' })])
  await bench.rest()
  await bench.pass(minute)
  await watchLockouts(bench.context)()

  expect(lock('4711')).toBe('open')
  expect(await bench.rows('select proven_at from lockout')).toEqual([{ proven_at: null }])
  expect(await bench.alarms()).toContain('guard.failed')
  const { lost } = await thawPerson(bench.context, person, bench.operator, 'looked into')
  expect(lost).toMatchObject([{ target: 'doors' }])
})
