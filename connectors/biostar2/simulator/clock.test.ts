/** What is due at a moment of the simulator's clock comes due by itself, when the clock is moved, and never while it is frozen. */
import { expect, test, vi } from 'vitest'
import { simulatorClock } from '../../simulator-parts/clock.ts'
import { newUser, startLoggedIn } from './client-for-tests.ts'

test('a frozen clock that is moved brings about what was due, in the order of the moments', () => {
  const clock = simulatorClock(0)
  const done: string[] = []
  clock.after(60_000, () => done.push('at 60 s'))
  clock.after(45_000, () => done.push('at 45 s'))
  const callOff = clock.after(10_000, () => done.push('called off'))
  callOff()
  clock.advance(44_999)
  expect(done).toEqual([])
  clock.advance(1)
  expect(done).toEqual(['at 45 s'])
  clock.set(61_000)
  expect(done).toEqual(['at 45 s', 'at 60 s'])
  clock.after(0, () => done.push('at once'))
  expect(done.at(-1)).toBe('at once')
})

test('a clock that runs brings it about by itself, and freezing holds it back until it thaws', async () => {
  const clock = simulatorClock(null)
  let late = false
  clock.after(30, () => {
    late = true
  })
  clock.freeze(clock.now())
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(late).toBe(false)
  clock.thaw()
  await vi.waitFor(() => expect(late).toBe(true))
})

test('a write whose client was cut off lands 45 s later, and not before', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5) })
  const { simulator } = client
  await client.send('POST', '/api/users', newUser('5'))
  simulator.faults.add({ kind: 'late-write', delayMs: 45_000, method: 'PUT', times: 1 })
  await expect(client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })).rejects.toThrow()
  let landed = false
  const all = simulator.landed().then(() => {
    landed = true
  })
  simulator.clock.advance(44_999)
  expect(simulator.state.user('5')?.disabled).toBe(false)
  expect(landed).toBe(false)
  simulator.clock.advance(1)
  expect(simulator.state.user('5')?.disabled).toBe(true)
  await all
})

test('a server that is closed carries out nothing that was still to come', async () => {
  const client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5) })
  const { simulator } = client
  await client.send('POST', '/api/users', newUser('5'))
  simulator.faults.add({ kind: 'late-write', delayMs: 45_000, method: 'PUT', times: 1 })
  await expect(client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })).rejects.toThrow()
  await client[Symbol.asyncDispose]()
  simulator.clock.advance(60_000)
  expect(simulator.state.user('5')?.disabled).toBe(false)
})
