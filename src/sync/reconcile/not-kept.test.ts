import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, minute, second, useEngine } from '../fixtures/engine.fixture.ts'
import { row, Site } from './site.fixture.ts'

const engine = useEngine()
let bench: Bench
let site: Site
beforeEach(async () => {
  bench = await engine.begin()
  site = new Site(bench)
})

const refused = (refuses: 'put' | 'lock', times: number) => {
  let left = times
  bench.target.fault = ({ verb }) => {
    if (verb !== refuses || left === 0) return null
    left -= 1
    return { is: 'failure', kind: 'transient' }
  }
}

/** So many tries, each when it is due. */
const tries = async (count: number) => {
  for (let at = 0; at < count; at += 1) {
    await bench.work()
    await bench.pass(2 * minute)
  }
}

describe('an account that is shut', () => {
  /** Moved, and left before the target took that; the lock-out takes as many tries as that needs. */
  const leaves = async (lockTries: number) => {
    await site.settle(row(1))
    refused('put', 1)
    const moved = { family: 'Other', department: 'Sales' }
    await bench.deliver([row(1, moved)])
    await bench.work()
    refused('lock', lockTries)
    bench.target.calls.length = 0
    await bench.deliver([row(1, { ...moved, status: 'left' })])
    for (let at = 0; at <= lockTries; at += 1) {
      await bench.work()
      await bench.pass(2 * second)
    }
  }

  test('keeps its profile when rights are taken from it', async () => {
    await leaves(0)
    expect(bench.target.calls.map(({ verb }) => verb)).toEqual(['lock', 'read', 'read', 'put', 'read'])
    expect([site.user()?.lock, site.levels()]).toEqual(['closed', ['Main']])
    expect(site.user()?.profile).toEqual({ name: 'Person1 Test', department: 'Research' })
  })

  test.each([5, 6, 8])(
    'and could not be at once, but only after %i tries, is left with no failure',
    async (lockTries) => {
      await leaves(lockTries)
      await bench.rest()
      expect([site.user()?.lock, site.levels()]).toEqual(['closed', ['Main']])
      expect([(await site.account()).failures, await site.work()]).toEqual([null, []])
    },
  )
})

test('a part that is not kept once, after other trouble, is not left to a person', async () => {
  await site.settle(row(1))
  refused('put', 7)
  await bench.deliver([row(1, { family: 'Other' })])
  await tries(7)
  const { accounts } = bench.target.connection
  const { apply } = accounts
  // As a write that lands late, or one of a process that was overtaken, would.
  accounts.apply = async (change, signal) => {
    accounts.apply = apply
    const applied = await apply(change, signal)
    site.user()?.levels.delete('id of Main')
    return applied
  }
  await bench.rest()
  expect([site.levels(), site.user()?.profile.name]).toEqual([['Lab', 'Main'], 'Person1 Other'])
  expect([(await site.account()).failures, await site.work()]).toEqual([null, []])
})
