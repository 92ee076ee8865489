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
  const lost = ['r1', 'epu-1', '8704'].map((place) => ['door.unheard', scopeOf(place)])
  expect(await on()).toEqual(lost.toSorted())
  await tell(['system.communication_restored', { reader: { id: 'r1', name: null } }])
  expect(await on()).toHaveLength(2)
})

test('of two readers of one door, one that is back or whole again ends no alarm of the other', async () => {
  const [inside, outside] = [
    { door, reader: { id: 'r1', name: null } },
    { door, reader: { id: 'r2', name: null } },
  ]
  await tell(['system.communication_lost', inside], ['system.communication_lost', outside])
  await tell(['alarm.tamper', { ...inside, active: true }], ['alarm.tamper', { ...outside, active: true }])
  expect(await on()).toHaveLength(4)
  await tell(['system.communication_restored', inside], ['alarm.tamper', { ...outside, active: false }])
  expect(await on()).toEqual([
    ['door.tamper', scopeOf('r1')],
    ['door.unheard', scopeOf('r2')],
  ])
})

test('a door that is held, told by either of its readers, is one alarm', async () => {
  await tell(
    ['alarm.door_held', { door, reader: { id: 'r1', name: null }, active: true }],
    ['alarm.door_held', { door, reader: { id: 'r2', name: null }, active: false }],
  )
  expect(await on()).toEqual([])
})

test('where no reader is named, what the system calls the opposite ends it, and nothing else does', async () => {
  const vendor = (code: string, name: string | null) => ({ vendor: { code, name, detail: {} } })
  await tell(
    ['system.communication_lost', vendor('4017', 'VMS_DISCONNECTED')],
    ['system.communication_lost', vendor('14592', 'DEVICE_COMM_LOCKED')],
    ['system.communication_lost', vendor('24', null)],
  )
  expect(await on()).toHaveLength(3)
  await tell(['system.communication_restored', vendor('15104', 'DEVICE_TCP_CONNECTED')])
  expect(await on()).toHaveLength(3)
  await tell(
    ['system.communication_restored', vendor('4016', 'VMS_CONNECTED')],
    ['system.communication_restored', vendor('24', null)],
  )
  expect(await on()).toHaveLength(1)
  await tell(['system.communication_restored', vendor('14848', 'DEVICE_COMM_UNLOCKED')])
  expect(await on()).toEqual([])
})

test('above fifty alarms of a kind at a target one counts them; another kind, or what is on, is not hidden by it', async () => {
  const at = (id: number) => ({ door: { id: `${id}`, name: null }, active: true })
  await tell(...Array.from({ length: 52 }, (_, i) => ['alarm.door_held', at(i)] as const))
  await tell(['alarm.duress', at(60)], ['alarm.door_held', at(3)])
  const counts = await bench.rows('select code, scope, count from alarm where count is not null')
  expect(counts).toEqual([{ code: 'door.many', scope: 'doors', count: 2 }])
  const codes = (await on()).map(([code]) => code)
  expect([codes.filter((code) => code === 'door.held').length, codes.includes('door.duress')]).toEqual([50, true])
  await tell(['alarm.door_held', { ...at(3), active: false }], ['alarm.door_held', at(51)])
  expect((await on()).filter(([, scope]) => scope === scopeOf('51'))).toHaveLength(1)
})

test('duress at any door has an alarm of its own, however many there are', async () => {
  const at = (id: number) => ({ door: { id: `${id}`, name: null }, active: true })
  await tell(...Array.from({ length: 52 }, (_, i) => ['alarm.duress', at(i)] as const))
  expect((await on()).map(([code]) => code)).toEqual(Array(52).fill('door.duress'))
})

test('alarms that somebody else put there hide none of ours, by their number or by their name', async () => {
  await bench.rows(
    `insert into alarm (code, scope, raised_at, raised_guard)
       select 'door.held', 'doors:' || md5(i::text), now(), '\\x00'::bytea from generate_series(1, 60) i
       union all select 'door.many', 'doors', now(), null union all select 'door.duress', $1::text, now(), null`,
    [scopeOf('7')],
  )
  const door = { id: '7', name: null }
  await tell(['alarm.door_held', { door, active: true }], ['alarm.duress', { door }])
  await tell(['alarm.door_held', { door, active: true }], ['alarm.duress', { door }])
  expect(await bench.rows('select code, scope, is_on from alarm_notice order by code')).toEqual([
    { code: 'door.duress', scope: scopeOf('7'), is_on: true },
    { code: 'door.held', scope: scopeOf('7'), is_on: true },
  ])
})
