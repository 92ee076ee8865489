/** What the acts about time and attendance keep from whoever may only read that side. */
import { expect, test } from 'vitest'
import type { Actor } from '../auth/actor.ts'
import { attendanceBench } from '../events/attendance/attendance.fixture.ts'
import { eventsBench } from '../events/events.fixture.ts'
import { useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { attendanceActs } from './acts/attendance.ts'
import type { ActsParts } from './acts/parts.ts'

const engine = useEngine()
const clerk = { subject: '6f0d7b0e-7a43-4b38-9d2b-3d9f4ae1a001', role: 'attendance' } as Actor

test('nobody is found by a card, whoever has it, and nothing of that is written', async () => {
  const bench = await engine.begin()
  await bench.deliver([hrRow(1, { card: '11' })])
  await bench.rest()
  const { context: events } = eventsBench(engine.database, engine.vault, () => bench.context.now())
  const parts = { engine: { context: bench.context }, attendance: attendanceBench(events) }
  const acts = attendanceActs(parts as unknown as ActsParts)
  const days = { from: '2026-02-28', to: '2026-03-01', reason: null }
  const [card = '', number = ''] = ['H10301:7:11', 'n1']
  const person = await bench.personOf('n1')
  expect(await acts.shifts(clerk, { by: person, ...days })).toEqual([])
  expect(await acts.punches(clerk, { by: number, ...days })).toEqual([])
  for (const by of [card, ` ${card.toLowerCase()} `]) {
    const refused = { code: 'attendance.by-card' }
    await expect(acts.shifts(clerk, { by, ...days })).rejects.toMatchObject(refused)
    await expect(acts.punches(clerk, { by, ...days })).rejects.toMatchObject(refused)
    const at = bench.context.now().toISOString()
    await expect(acts.addPunch(clerk, { by, punch: 'in', at, reason: 'forgot it' })).rejects.toMatchObject(refused)
  }
  expect(await bench.rows('select n from punch')).toEqual([])
})
