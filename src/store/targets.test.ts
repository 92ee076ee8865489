import { beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from './database.fixture.ts'
import { noteFailure, noteSuccess } from './targets.ts'

const database = useDatabase()
beforeEach(async () => {
  await database.pool.query('delete from target')
  await database.pool.query(`insert into target (id) values ('hq')`)
})

async function fail(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) await noteFailure(database.pool, 'hq')
}

/** How much longer the breaker stays open, in s; 0 when it is closed. */
async function openForS(): Promise<number> {
  const { rows } = await database.pool.query<{ left: number }>(
    `select coalesce(greatest(0, extract(epoch from breaker_until - now())), 0)::float8 as left from target where id = 'hq'`,
  )
  return rows[0]?.left ?? Number.NaN
}

/** Whether only lock-outs are tried. */
async function isOpen(): Promise<boolean> {
  return (await openForS()) > 0
}

/** As if the time until the breaker closes had passed. */
async function letItClose(): Promise<void> {
  await database.pool.query(`update target set breaker_until = now() - interval '1 ms'`)
}

describe('the breaker of a target', () => {
  test('stays closed for four failures in a row, and opens for a second at the fifth', async () => {
    await fail(4)
    expect(await isOpen()).toBe(false)
    await fail(1)
    expect(await isOpen()).toBe(true)
    expect(await openForS()).toBeLessThanOrEqual(1)
  })

  test('is not held open longer by requests that were under way when it opened', async () => {
    await fail(20)
    expect(await openForS()).toBeLessThanOrEqual(1)
  })

  test('opens for twice as long each time that it closed in vain, up to half a minute', async () => {
    await fail(5)
    const seconds: number[] = []
    for (let round = 0; round < 6; round += 1) {
      await letItClose()
      await fail(1)
      seconds.push(Math.round(await openForS()))
    }
    expect(seconds).toEqual([2, 4, 8, 16, 30, 30])
  })

  test('closes at the first success, and counts from the beginning again', async () => {
    await fail(6)
    await noteSuccess(database.pool, 'hq')
    expect(await isOpen()).toBe(false)
    await fail(4)
    expect(await isOpen()).toBe(false)
  })
})
