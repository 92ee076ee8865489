import { expect, test } from 'vitest'
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
