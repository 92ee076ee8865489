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

  /** Everything as it was, both logs included: ids that were given since are given again. Throws when no copy was made. */
  putBack(): void {
    if (this.#copy === null) throw new TypeError('there is no copy to put back')
    this.#simulation.world.putBack(this.#copy)
    this.#simulation.chronicle.lookAgain()
  }
}
