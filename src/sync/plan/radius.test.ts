import { expect, test } from 'vitest'
import { registerTargets } from '../../store/standings.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { memoryTarget } from '../fixtures/memory-target.fixture.ts'
import type { Outline } from './plan.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const radii = async () => {
  const plans = await bench.rows<{ outline: string }>('select outline from plan order by created_at')
  return plans.map(({ outline }) => (JSON.parse(outline) as Outline).radius)
}
const last = async () => (await radii()).at(-1)
const begin = async (hold: readonly string[] = []) => {
  const none = { min: 0, percent: 0 }
  bench = await engine.begin()
  const brakes = { ...bench.brakes, ...Object.fromEntries(hold.map((kind) => [kind, none])) }
  ;(bench.context.sources as Map<string, unknown>).set('hr', { ...bench.source, brakes })
}

test('counts people, doors, who joins and who loses everything, of what waits and of what passed', async () => {
  await begin()
  await bench.deliver([row(0), row(1, { department: 'Research' })])
  expect(await last()).toEqual({ people: 2, levels: 2, losing: 0, joining: 2 })
  await bench.deliver([row(0, { family: 'Other' }), row(1), row(2)])
  expect(await last()).toEqual({ people: 3, levels: 2, losing: 0, joining: 1 })
  // Missing people wait as such, and would lose everything.
  await bench.deliver([row(0, { family: 'Other' }), row(1, { department: 'Research' })])
  expect(await last()).toEqual({ people: 2, levels: 2, losing: 1, joining: 0 })
})

test('of a plan that passed beside one that waits already, counts what passed alone', async () => {
  await begin(['change'])
  await bench.deliver([row(0), row(1)])
  await bench.deliver([row(0, { family: 'Other' }), row(1)])
  await bench.deliver([row(0, { family: 'Other' }), row(1), row(2)])
  expect((await radii()).slice(1)).toEqual([
    { people: 1, levels: 0, losing: 0, joining: 0 },
    { people: 1, levels: 1, losing: 0, joining: 1 },
  ])
})

test('somebody who keeps another door does not lose everything; a person with several accounts is one', async () => {
  await begin(['revoke'])
  const gates = memoryTarget(['Gate'])
  const setup = { ...bench.setup, id: 'gates', declaredEnabled: true, connection: gates.connection }
  ;(bench.context.targets as Map<string, unknown>).set('gates', setup)
  await registerTargets(engine.database.pool, engine.vault, ['gates'])
  await bench.levels.discover(setup, new AbortController().signal)
  bench.policy([
    { grant: ['doors/Main'], to: 'employment.department == "Research"' },
    { grant: ['gates/Gate'], to: 'employment.department != "Stores"' },
  ])
  const research = (who: number) => row(who, { department: 'Research' })
  await bench.deliver([research(0), research(1)])
  expect(await last()).toEqual({ people: 2, levels: 2, losing: 0, joining: 2 })
  // One keeps the gate; the other loses both, and counts once.
  await bench.deliver([row(0), row(1, { department: 'Stores' })])
  expect(await last()).toEqual({ people: 2, levels: 2, losing: 1, joining: 0 })
  // An account of somebody who is known elsewhere is no joiner.
  await bench.deliver([row(0), row(1, { department: 'Stores' }), row(2)])
  await bench.deliver([row(0), row(1, { department: 'Stores' }), research(2)])
  expect(await last()).toMatchObject({ joining: 0 })
})
