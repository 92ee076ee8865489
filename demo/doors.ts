/** Cards held to readers of a door system: what a person at the door would see. */
import { atEach, type DoorSystem, isShut, type PerSystem } from './door-system.ts'
import { cardNumberOf, userIdOf } from './expectation.ts'
import { everybody } from './workforce/gateway-config.ts'
import type { WorkerRow } from './workforce/worker-row.ts'

/** At each door system, how many of these people's cards open the main entrance, once every reader has heard what changed. */
export function cardsThatOpen(systems: readonly DoorSystem[], people: readonly WorkerRow[]): Promise<PerSystem> {
  return atEach(systems, async (system) => {
    await system.settled()
    return people.filter((row) => opens(system, row, everybody)).length
  })
}

/** Whether at every door system so many of these people's cards open the main entrance. */
export async function openEverywhere(
  systems: readonly DoorSystem[],
  people: readonly WorkerRow[],
  count: number = people.length,
): Promise<boolean> {
  return [...(await cardsThatOpen(systems, people)).values()].every((opening) => opening === count)
}

export function opens(system: DoorSystem, row: WorkerRow, door: string): boolean {
  return system.opens(cardNumberOf(row), door)
}

/** How many of these people are closed there, with every card blocked. */
export function shutOut(system: DoorSystem, people: readonly WorkerRow[]): number {
  return people.filter((row) => isShutOut(system, row)).length
}

export function isShutOut(system: DoorSystem, row: WorkerRow): boolean {
  const account = system.account(userIdOf(row))
  return account !== null && isShut(account)
}

/** Levels and cards of somebody there, to be compared. */
export function levelsAndCards({ account }: DoorSystem, row: WorkerRow): string {
  const seen = account(userIdOf(row))
  return JSON.stringify([[...(seen?.levels ?? [])].sort(), seen?.cards])
}
