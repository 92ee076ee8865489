import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BiostarSimulator, startBiostarSimulator } from './index.ts'

const start = Date.parse('2026-03-02T08:00:00Z')
let simulator: BiostarSimulator
beforeEach(async () => {
  simulator = await startBiostarSimulator({ nowMs: start, deviceDelayMs: 0 })
})
afterEach(() => simulator.close())

const second = (count: number) => new Date(start + count * 1000)
const at = (count: number) => simulator.state.standingAt('A1', second(count))
const tick = () => simulator.clock.advance(1000)

test('how somebody stood at a moment is known, whatever happened since', () => {
  tick()
  simulator.seed({ users: [{ id: 'A1', name: 'Test Person', cards: ['100'] }] })
  tick()
  simulator.hand({ action: 'disable', user: 'A1' })
  expect(at(2)).toBe('open')
  tick()
  simulator.hand({ action: 'block', card: '100' })
  tick()
  simulator.hand({ action: 'enable', user: 'A1' })
  tick()
  simulator.hand({ action: 'delete', user: 'A1' })
  expect([0, 1, 2, 3, 4, 5, 99].map(at)).toEqual(['absent', 'open', 'open', 'shut', 'open', 'absent', 'absent'])
})

test('a database that was put back is noticed as well', () => {
  simulator.seed({ users: [{ id: 'A1', name: 'Test Person' }] })
  simulator.backup()
  tick()
  simulator.hand({ action: 'disable', user: 'A1' })
  tick()
  simulator.putBack()
  expect([0, 1, 2].map(at)).toEqual(['open', 'shut', 'open'])
})
