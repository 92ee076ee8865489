import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, useEngine } from './fixtures/engine.fixture.ts'
import { hrRow, hrSource } from './fixtures/hr-file.fixture.ts'
import { brakesOf, sourceOf, sourceOrigin, targetOrigin } from './origin.ts'
import { replan } from './plan/replan.ts'
import { planThawed } from './plan/thawed.ts'
import { resolveEveryone } from './resolve/re-resolve.ts'
import { freezeByHand, unfreezeByHand } from './stop.ts'

const engine = useEngine()
let bench: Bench

const none = { min: 0, percent: 0 }
const strict = { 'lockout-absence': none, revoke: none, grant: none, create: none, change: none, delete: none }

test('a source is found in its own origin alone', () => {
  const others = ['clock', 'policy', 'operator', targetOrigin('hr'), 'hr']
  expect([sourceOf(sourceOrigin('hr')), ...others.map(sourceOf)]).toEqual(['hr', ...others.map(() => null)])
})

describe('a source that is called like what no source brought', () => {
  const levels = () => bench.target.users.get('n0')?.levels.size

  beforeEach(async () => {
    const names = ['clock', 'policy', 'operator', 'doors']
    bench = await engine.begin({ source: { brakes: strict }, sources: names.map((name) => hrSource(name)) })
    await bench.deliver([hrRow(0, { department: 'Sales' })])
    await bench.release((await bench.heldPlan()) as never)
    await bench.rest()
    bench.policy([{ grant: ['doors/Main', 'doors/Lab'], to: 'true' }])
  })

  const ways: readonly [what: string, again: () => Promise<void>][] = [
    [
      'the plans of a target are made again',
      async () => {
        await resolveEveryone(bench.context, strict)
        await replan(bench.context, 'doors', strict)
      },
    ],
    [
      'a target is frozen no more',
      async () => {
        await freezeByHand(bench.context, 'doors', bench.operator, 'odd changes')
        await resolveEveryone(bench.context, strict)
        await unfreezeByHand(bench.context, 'doors', bench.operator, 'all well')
        await planThawed(bench.context, strict)
      },
    ],
    [
      'a person is protected no more',
      async () => {
        const person = await bench.personOf('n0')
        await resolveEveryone(bench.context, strict)
        await bench.protect(person)
        await bench.unprotect(person)
      },
    ],
  ]
  test.each(ways)('lends that its brakes in no way: %s', async (_what, again) => {
    await again()
    await bench.rest()
    expect(await bench.heldPlan('policy')).not.toBeNull()
    expect(levels()).toBe(1)
  })

  test('has its own brakes, and nobody else has them', () => {
    const { context } = bench
    const lax = context.sources.get('clock')?.brakes
    expect(brakesOf(context, 'source:clock', strict)).toBe(lax)
    expect(['clock', 'target:clock', 'source:gone'].map((origin) => brakesOf(context, origin, strict))).toEqual([
      strict,
      strict,
      strict,
    ])
  })
})
