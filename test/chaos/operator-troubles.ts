/** What people do to a gateway that has trouble enough: each act keeps its promise while files come and processes die. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { BiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import type { PersonView } from '../../src/api/acts/people.ts'
import { until } from '../support/servers.ts'
import type { Operator } from './operator.ts'
import { armFaults, type World } from './world.ts'

/** What the engine needs under fire for something that it does by itself. */
const patienceMs = 180_000

/** Nothing may be sent to the target until a person says so, whatever happens meanwhile. */
export async function paused(world: World, meanwhile: (world: World) => Promise<void>): Promise<void> {
  const { operator, simulator, fleet } = world
  await operator.pause()
  await runOut(simulator, anyWrite)
  await meanwhile(world)
  await fleet.ready()
  const before = anyWrite(simulator)
  await sleep(1_500)
  expect(anyWrite(simulator), 'requests sent while paused').toBe(before)
  await operator.resume()
}

/** Whoever joins waits, and whoever leaves does not. */
export async function frozen({ operator, simulator, hr }: World): Promise<void> {
  await operator.freeze()
  await runOut(simulator, creations)
  const before = creations(simulator)
  const gone = await hr.leave(2)
  // Of a suspect source a person says that it is right: its plan, with whatever else is in it, is not released while all is frozen.
  await until(
    'leavers are shut out while all else is frozen',
    async () => {
      if (areShut(simulator, gone)) return true
      await operator.clearSource()
      await sleep(1_000)
      return false
    },
    patienceMs,
  )
  await sleep(1_000)
  expect(creations(simulator), 'accounts made while frozen').toBe(before)
  await operator.unfreeze()
}

/** The server comes back as it was some time ago: leavers are shut again at once, and all else waits for a person. */
export async function putBack({ operator, simulator, hr, fleet }: World): Promise<void> {
  simulator.backup()
  // Well above the share of accounts that may differ before a target counts as one that forgot.
  const moved = await hr.move(Math.max(15, Math.ceil(simulator.state.userCount * 0.06)))
  const gone = await hr.leave(3)
  await until('they left', () => areShut(simulator, gone), patienceMs)
  await mostSettled(operator, moved)
  const before = moved.map((id) => simulator.state.user(id)?.groups)
  // Whoever puts it back has frozen it before, as the guide says: nothing new is made there until it is noticed. It is down meanwhile, and
  // healthy when it is back.
  await operator.freeze()
  await operator.pause()
  simulator.faults.clear()
  await sleep(2_000)
  simulator.putBack()
  await operator.resume()
  await fleet.ready()
  await until(
    'it is noticed that the target forgot',
    async () => (await operator.status()).targets[0]?.restoredAt,
    patienceMs,
  )
  await until('leavers are shut out again', () => areShut(simulator, gone), patienceMs)
  const after = moved.map((id) => simulator.state.user(id)?.groups)
  expect(after, 'nothing but lock-outs is written before a person says so').not.toEqual(before)
  await operator.settle()
  await operator.unfreeze()
  armFaults(simulator)
}

export async function erased({ operator, hr, chance }: World): Promise<void> {
  const { userId } = await hr.forgetSomebody(chance)
  await operator.erase(userId)
}

export async function keysRotated(world: World, meanwhile: (world: World) => Promise<void>): Promise<void> {
  await world.operator.rotateKeys()
  await meanwhile(world)
}

export async function configurationReleased(world: World, meanwhile: (world: World) => Promise<void>): Promise<void> {
  await world.reconfigure()
  await world.operator.releaseConfiguration(() => meanwhile(world))
}

/** Four of five are as they should be, and were read back: whoever is not would be written once more, whatever the target shows. */
async function mostSettled(operator: Operator, users: readonly string[]): Promise<void> {
  const waiting = new Set(users)
  await until(
    () => `most are as they should be: ${[...waiting].join(', ')} are not`,
    async () => {
      for (const userId of waiting) {
        const { id } = await operator.findSoon(userId)
        const { accounts } = await operator.ask<PersonView>(`/v1/people/${id}`)
        if (accounts.length > 0 && accounts.every(({ settled }) => settled)) waiting.delete(userId)
      }
      return waiting.size < users.length / 5
    },
    patienceMs,
  )
}

/** Somebody who was never made can not get in either. */
function areShut({ state }: BiostarSimulator, users: readonly string[]): boolean {
  return users.every((id) => {
    const user = state.user(id)
    return user === null || (user.disabled && user.cards.every(({ blocked }) => blocked))
  })
}

function anyWrite({ requests }: BiostarSimulator): number {
  return requests.find({ path: '/(users|cards)' }).filter(({ method }) => method !== 'GET').length
}

function creations({ requests }: BiostarSimulator): number {
  return requests.find({ path: '^/api/users$', method: '^POST$' }).length
}

/** What was begun before runs to its end. */
async function runOut(simulator: BiostarSimulator, count: (simulator: BiostarSimulator) => number): Promise<void> {
  for (let before = -1, tries = 0; before !== count(simulator) && tries < 20; tries += 1) {
    before = count(simulator)
    await sleep(1_000)
  }
}
