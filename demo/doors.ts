/** Cards held to readers of the simulated door system: what a person at the door would see. */
import type { BiostarSimulator } from '../connectors/biostar2/simulator/index.ts'
import { isShut } from './door-system.ts'
import { cardNumberOf, userIdOf } from './expectation.ts'
import { everybody } from './workforce/gateway-config.ts'
import type { WorkerRow } from './workforce/worker-row.ts'

/** How many of these people's cards open the main entrance, once every reader has heard what changed. */
export async function cardsThatOpen(simulator: BiostarSimulator, people: readonly WorkerRow[]): Promise<number> {
  await simulator.settled()
  return people.filter((row) => opens(simulator, row, everybody)).length
}

export function opens(simulator: BiostarSimulator, row: WorkerRow, door: string): boolean {
  return simulator.swipe({ card_id: cardNumberOf(row), door }).granted
}

/** How many of these people the door system shows disabled, with every card blocked. */
export function shutOut({ state }: BiostarSimulator, people: readonly WorkerRow[]): number {
  return people.filter((row) => {
    const user = state.user(userIdOf(row))
    return user !== null && isShut(user)
  }).length
}
