import { beforeEach, expect, test } from 'vitest'
import type { AccessEvent } from '../../model/events/event.ts'
import type { EventType } from '../../model/events/types.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { doorScope } from './door-alarms.ts'
import { GuardBench } from './guard.fixture.ts'

const engine = useEngine()
let bench: Bench
let guard: GuardBench

beforeEach(async () => {
  bench = await engine.begin({ guard: { unexpected: 'report' } })
  guard = new GuardBench(bench)
})

const door = { id: '17', name: 'Vault' }
const scopeOf = (place: string) => doorScope(bench.context.vault, 'doors', place)

async function tell(...events: readonly (readonly [EventType, Partial<AccessEvent>])[]): Promise<void> {
  for (const [type, more] of events) guard.tell(type, more)
  await guard.watch()
}

async function on(): Promise<readonly (readonly [string, string])[]> {
  const rows = await bench.rows<{ code: string; scope: string }>(
    'select code, scope from alarm where cleared_at is null order by code, scope',
  )
  return rows.map(({ code, scope }) => [code, scope])
}

test.each([
  ['alarm.door_forced', 'door.forced'],
  ['alarm.door_held', 'door.held'],
  ['alarm.tamper', 'door.tamper'],
] as const)('%s is an alarm until the system says that it is over, and names no door', async (type, code) => {
  await tell([type, { door, active: true }])
  expect(await on()).toEqual([[code, scopeOf('17')]])
  expect(scopeOf('17')).not.toContain('17:')
  await tell([type, { door, active: true }], [type, { door, active: null }])
  expect(await on()).toHaveLength(1)
  await tell([type, { door, active: false }])
  expect(await on()).toEqual([])
})

test('duress does not end by itself', async () => {
  await tell(['alarm.duress', { door, active: null }])
  await tell(['alarm.duress', { door, active: false }])
  expect(await on()).toEqual([['door.duress', scopeOf('17')]])
})

test('what begins and ends within one look leaves nothing on; each place is one of its own', async () => {
  await tell(
    ['alarm.door_held', { door, active: true }],
    ['alarm.door_held', { door, active: false }],
    ['system.communication_lost', { reader: { id: 'r1', name: null } }],
    ['system.communication_lost', { vendor: { code: '24', name: null, detail: { HostName: 'epu-1' } } }],
    ['system.communication_lost', {}],
    ['access.granted', { door }],
  )
  const lost = ['r1', 'epu-1', ''].map((place) => ['door.unheard', scopeOf(place)])
  expect(await on()).toEqual(lost.toSorted())
  await tell(['system.communication_restored', { reader: { id: 'r1', name: null } }])
  expect(await on()).toHaveLength(2)
})
