/** A burst of events: what its account says is what the log holds, what a search finds, and what the sockets told. */
import { once } from 'node:events'
import { WebSocket } from 'undici'
import { expect, test } from 'vitest'
import { type Client, startLoggedIn } from './client-for-tests.ts'
import { openStarted } from './socket-for-tests.ts'

/** Every event of the log, read page by page from the last id on. */
async function searchAll(client: Client, page = 500): Promise<{ id: string; hint: string; datetime: string }[]> {
  const found: { id: string; hint: string; datetime: string }[] = []
  for (;;) {
    const conditions = [{ column: 'id', operator: 5, values: [found.at(-1)?.id ?? '0'] }]
    const { body } = await client.send('POST', '/api/events/search', { Query: { limit: page, conditions } })
    found.push(...body.EventCollection.rows)
    if (body.EventCollection.rows.length < page) return found
  }
}

test('with every trouble in it, the account, the log, a search and the sockets agree', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ count: 50 })
  simulator.hand({ action: 'grant', user: '100001', group: 'Main Entrance' })
  const before = simulator.state.events().length
  const sockets = [await openStarted(client)]
  const burst = simulator.burst({
    events: 4000,
    perSecond: 4000,
    seed: 7,
    absences: 3,
    jumps: 3,
    cuts: 2,
    twice: 0.02,
    late: 0.02,
    lost: 0.02,
    uploadedTwice: 0.01,
  })
  expect(() => simulator.burst({ events: 1 })).toThrow('under way')
  for (let socket = sockets[0]; !burst.account().isOver; ) {
    if (socket?.socket.readyState === WebSocket.OPEN) {
      await Promise.race([once(socket.socket, 'close'), burst.done])
      continue
    }
    // The next cut may strike while it is being opened.
    socket = await openStarted(client).catch(() => undefined)
    if (socket) sockets.push(socket)
  }
  const account = await burst.done
  expect(account).toMatchObject({ isOver: true, events: 4000, absences: 3, jumps: 3, cuts: 2 })
  expect(account.rows).toBeGreaterThan(4000)
  const { keptByReaders, unknownCards, granted, refused, twiceOnSocket, lateOnSocket, lostOnSocket } = account
  for (const count of [keptByReaders, unknownCards, granted, refused, twiceOnSocket, lateOnSocket, lostOnSocket]) {
    expect(count).toBeGreaterThan(0)
  }
  const keys = burst.keys()
  expect(keys).toHaveLength(4000)
  expect(simulator.state.eventKeys().slice(before)).toHaveLength(account.rows)
  expect(new Set(simulator.state.eventKeys().slice(before))).toEqual(new Set(keys))
  const found = (await searchAll(client)).slice(before)
  expect(found).toHaveLength(account.rows)
  expect([found[0]?.id, found.at(-1)?.id]).toEqual([String(account.firstId), String(account.lastId)])
  expect(new Set(found.map(({ hint }) => hint))).toEqual(new Set(keys))
  // Readers that were away and clocks that jumped: time goes back and forth within the log.
  expect(found.map(({ datetime }) => datetime)).not.toEqual(found.map(({ datetime }) => datetime).sort())
  const told = new Set(sockets.flatMap((one) => one.events()).map(({ id }) => id))
  // The sockets missed some, and told nothing else.
  expect(told.size).toBeLessThan(4000)
  expect(new Set(keys).isSupersetOf(told)).toBe(true)
  expect(simulator.state.devices().map(({ condition, aheadMs }) => [condition, aheadMs])).toEqual(
    Array(4).fill(['online', 0]),
  )
  expect(simulator.faults.list()).toEqual([])
  for (const one of sockets) one[Symbol.dispose]()
})

test('the same seed makes the same events, and it may be stopped before its time', async () => {
  const codes = async (seed: number) => {
    await using client = await startLoggedIn()
    client.simulator.seed({ count: 20 })
    await client.simulator.burst({ events: 300, perSecond: 50_000, seed, absences: 0 }).done
    return client.simulator.state.events().map(({ code, deviceId }) => [code, deviceId])
  }
  expect(await codes(3)).toEqual(await codes(3))
  expect(await codes(3)).not.toEqual(await codes(4))
  await using client = await startLoggedIn()
  const burst = client.simulator.burst({ events: 1_000_000 })
  burst.stop()
  expect((await burst.done).events).toBeLessThan(1_000_000)
  expect(() => client.simulator.burst({ events: 0 })).toThrow(TypeError)
})
