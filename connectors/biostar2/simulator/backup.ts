/** What an administrator does with the database of the server: copies it, and puts an old copy back. */
import type { Simulation } from './simulation.ts'
import type { WorldCopy } from './world.ts'

export class Backup {
  readonly #simulation: Simulation
  #copy: WorldCopy | null = null

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  /** Takes the place of the copy before. */
  take(): void {
    this.#copy = this.#simulation.world.copy()
  }

  /** People and cards as they were, and every session is gone. Readers keep what they know: nobody tells them. Throws when no copy was made. */
  putBack(): void {
    const copy = this.#copy
    if (copy === null) throw new TypeError('there is no copy to put back')
    const { world, sessions, chronicle } = this.#simulation
    world.quietly(() => world.putBack(copy))
    chronicle.lookAgain()
    sessions.dropAll()
  }
}
