import { expect, test } from 'vitest'
import { until } from '../test/support/servers.ts'
import { LaneRunner, type Pump } from './lane-runner.ts'

function runnerOf(pump: Pump, slots = 1) {
  const errors: unknown[] = []
  return { runner: new LaneRunner({ lane: 'urgent', slots, pump, onError: (error) => errors.push(error) }), errors }
}

test('never more pumps run at once than there are slots, kicks included', async () => {
  let running = 0
  let most = 0
  let runs = 0
  const { runner } = runnerOf(async () => {
    runs += 1
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 5))
    running -= 1
  }, 3)
  runner.kick()
  await Promise.all(Array.from({ length: 20 }, () => runner.serve(async () => true)))
  await runner.close(1_000)
  expect({ most, runs }).toEqual({ most: 3, runs: 21 })
})

test('the message is released before the pump reads', async () => {
  const steps: string[] = []
  const { runner } = runnerOf(async () => void steps.push('pump'))
  await runner.serve(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    steps.push('released')
  })
  expect(steps).toEqual(['released', 'pump'])
})

test('a pump does not wait for a store that is away, and runs again when the message is released at last', async () => {
  const steps: string[] = []
  const { runner } = runnerOf(async () => void steps.push('pump'))
  const released = Promise.withResolvers<void>()
  const served = runner.serve(async () => {
    await released.promise
    steps.push('released')
  })
  await until('the pump started without the store', () => steps.length === 1)
  released.resolve()
  await served
  expect(steps).toEqual(['pump', 'released', 'pump'])
})

test('a pump that throws is dropped unread and called again a second later', async () => {
  let runs = 0
  const { runner, errors } = runnerOf(async () => {
    runs += 1
    if (runs === 1) throw new Error('Ann Example is not on the list')
  })
  await expect(runner.serve(async () => true)).rejects.toThrow(/^queue\.pump-failed$/)
  await until('it ran again', () => runs === 2)
  await runner.close(100)
  expect(errors.map(String)).toEqual(['QueueFailure: queue.pump-failed'])
})

test('closing lets a pump finish within the limit, and aborts its signal after that', async () => {
  let aborted = false
  const { runner: patient } = runnerOf(async (_lane, signal) => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    aborted = signal.aborted
  })
  void patient.serve(async () => true)
  await patient.close(5_000)
  expect(aborted).toBe(false)

  const { runner: stuck, errors } = runnerOf(
    (_lane, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  )
  void stuck.serve(async () => true)
  const started = performance.now()
  await stuck.close(100)
  expect(performance.now() - started).toBeLessThan(600)
  expect(errors.map(String)).toEqual(['QueueFailure: queue.close-timed-out'])
})
