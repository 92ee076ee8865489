import fc from 'fast-check'
import { expect, test } from 'vitest'
import { day, useEngine } from './fixtures/engine.fixture.ts'
import { histories } from './fixtures/history.fixture.ts'
import { History } from './fixtures/history-play.fixture.ts'

/** `HISTORIES` says how many; `HISTORIES_SEED` (and `HISTORIES_PATH`, as a failure prints them) plays the same ones again. */
const runs = Number(process.env.HISTORIES ?? 200)
const seed = Number(process.env.HISTORIES_SEED ?? Math.floor(Math.random() * 2 ** 31))
const path = process.env.HISTORIES_PATH

const engine = useEngine()

/** So that five people suffice to make every brake trip. */
const limit = { min: 2, percent: 0 }
/** As it is by default; and so that whoever comes back within a history may find any of it gone. */
const leavers = fc.constantFrom(
  {},
  { removeAfterMs: day, withdrawAfterMs: 2 * day, deleteAfterMs: 3 * day },
  { removeAfterMs: 2 * day, withdrawAfterMs: 0, deleteAfterMs: 2 * day },
)
const brakes = { 'lockout-absence': limit, revoke: limit, grant: limit, create: limit, change: limit, delete: limit }

test(`in the end everybody has what they should, whatever happened (HISTORIES=${runs} HISTORIES_SEED=${seed})`, {
  // Half a second each, and three times that where the machine has more to do.
  timeout: Math.max(600_000, runs * 1_500),
}, async () => {
  // A door system that lets two accounts have one card must never be seen to have that.
  const property = fc.asyncProperty(histories, fc.boolean(), leavers, async (steps, sharesCards, leaver) => {
    const source = { brakes, lockoutsPerHour: limit, rowsLost: limit, rowsChanged: limit }
    const history = new History(await engine.begin({ source, leaver }))
    history.bench.target.sharesCards = sharesCards
    await history.run(steps)
    await history.end()
    history.check()
    // Nothing is refused any more.
    expect(await history.bench.rows('select failures from account where failures is not null')).toEqual([])
  })
  // One that does not come to rest has failed too.
  await fc.assert(property, { numRuns: runs, seed, timeout: 20_000, ...(path === undefined ? {} : { path }) })
})
