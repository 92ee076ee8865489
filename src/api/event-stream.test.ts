import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Actor } from '../auth/actor.ts'
import { createLog } from '../telemetry/log.ts'
import type { EventActs } from './acts/events.ts'
import { madeUpEvent } from './event-answers.fixture.ts'
import { type StreamParts, streamEvents } from './event-stream.ts'
import { testGateway, tokenId } from './gateway.fixture.ts'

const log = createLog({ level: 'error', human: false, write: () => undefined })
const security: Actor = { subject: tokenId as Actor['subject'], role: 'security' }

function stream(more: Partial<StreamParts>): ReadableStream<Uint8Array> {
  return streamEvents({
    ...{
      cursor: '0',
      follow: true,
      isAllowed: async () => true,
      log,
      request: 'r',
    },
    tail: async (cursor) => ({ events: [], cursor }),
    ...more,
  })
}

/** One event for each number below `count`, `limit` at a time. */
const counting =
  (count: number): EventActs['tail'] =>
  async (cursor, limit) => {
    const from = Number(cursor)
    const to = Math.min(count, from + limit)
    const events = Array.from({ length: to - from }, (_, i) => ({
      event: { ...madeUpEvent, position: from + i + 1 },
      cursor: String(from + i + 1),
    }))
    return { events, cursor: String(to) }
  }

test('events come in order, each with the id behind which to go on', async () => {
  const text = await new Response(stream({ follow: false, tail: counting(450) })).text()
  const ids = [...text.matchAll(/^id: (\d+)\nevent: event\ndata: (.*)$/gm)].map(([, id, data]) => {
    expect(JSON.parse(data ?? '').position).toBe(Number(id))
    return Number(id)
  })
  expect(ids).toEqual(Array.from({ length: 450 }, (_, i) => i + 1))
})

test('the API hands on where to begin, and answers as a stream of events', async () => {
  const gateway = testGateway()
  const ask = (headers: Record<string, string>) =>
    gateway.call('GET', '/v1/events/stream?follow=false', { as: 'security', headers })
  const fresh = await ask({})
  expect(fresh.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(await fresh.text()).toMatch(/^: gatehouse\n\nid: one\nevent: event\ndata: \{.*\}\n\n$/)
  expect(await (await ask({ 'last-event-id': 'one' })).text()).toBe(': gatehouse\n\n')
})

test('is over within a second when the token is', async () => {
  let allowed = true
  const reading = new Response(stream({ isAllowed: async () => allowed })).text()
  const begun = performance.now()
  allowed = false
  await reading
  expect(performance.now() - begun).toBeLessThan(2_000)
})

test('is over when somebody else has the token now', async () => {
  const actors: Actor[] = [security, { ...security, role: 'admin' }]
  const gateway = testGateway({ authenticate: async () => actors.shift() ?? null })
  const response = await gateway.call('GET', '/v1/events/stream', { as: 'security', headers: { 'last-event-id': 'x' } })
  expect(await response.text()).toBe(': gatehouse\n\n')
})

test('who reads slowly has no more waiting than fits, and who is gone costs nothing more', async () => {
  let asked = 0
  const endless: EventActs['tail'] = async (cursor, limit) => {
    asked += 1
    return counting(Number.MAX_SAFE_INTEGER)(cursor, limit)
  }
  const reader = stream({ tail: endless }).getReader()
  await reader.read()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const before = asked
  expect(before).toBeLessThan(20)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(asked).toBe(before)
  for (let i = 0; i < 2_000; i++) await reader.read()
  expect(asked).toBeGreaterThan(before)
  await reader.cancel()
  const then = asked
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(asked - then).toBeLessThanOrEqual(1)
})

/** Timers alone are moved; what is waited for in between goes on by itself. */
describe('a reader that takes nothing', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    return () => vi.useRealTimers()
  })
  const endless = (asked: () => void): EventActs['tail'] => {
    return async (cursor, limit) => {
      asked()
      return counting(Number.MAX_SAFE_INTEGER)(cursor, limit)
    }
  }
  /** Whatever goes on without a timer comes to its end. */
  const quiet = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  test('for thirty seconds is cut off, with what was sent still there, and nothing is asked for any more', async () => {
    let asked = 0
    const reader = stream({
      tail: endless(() => {
        asked += 1
      }),
    }).getReader()
    await quiet()
    await vi.advanceTimersByTimeAsync(29_999)
    await quiet()
    const before = asked
    expect(before).toBeGreaterThan(0)
    // One who comes back in time is told on.
    for (let n = 0; n < 1_000; n++) await reader.read()
    await quiet()
    expect(asked).toBeGreaterThan(before)
    const then = asked
    await vi.advanceTimersByTimeAsync(30_000)
    await quiet()
    let last = 1_000
    let isOver = false
    for (let n = 0; n < 5_000 && !isOver; n++) {
      const { done, value } = await reader.read()
      isOver = done
      if (value === undefined) continue
      last = Number(/^id: (\d+)$/m.exec(Buffer.from(value).toString())?.[1])
    }
    // As many as the buffer holds, and no more: the reader goes on behind the last that it has.
    expect([isOver, last > 1_000]).toEqual([true, true])
    expect(asked).toBe(then)
  })

  test('is not cut off before, though what fits was sent long ago', async () => {
    const reader = stream({ tail: endless(() => undefined) }).getReader()
    await quiet()
    for (let minute = 0; minute < 3; minute++) {
      await vi.advanceTimersByTimeAsync(29_000)
      for (let n = 0; n < 700; n++) expect((await reader.read()).done).toBe(false)
      await quiet()
    }
    await reader.cancel()
  })
})

test('what fails cuts the stream off, and is logged by its code', async () => {
  const lines: string[] = []
  const failing = stream({
    log: createLog({ level: 'warn', human: false, write: (line) => lines.push(line) }),
    tail: () => Promise.reject(Object.assign(new Error('secret words'), { code: '57P01' })),
  })
  expect(await new Response(failing).text()).toBe(': gatehouse\n\n')
  expect(lines.join('')).toContain('"code":"57P01"')
  expect(lines.join('')).not.toContain('secret')
})
