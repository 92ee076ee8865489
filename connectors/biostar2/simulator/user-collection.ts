/** The `UserCollection` that every list of people answers with. */
import type { Fields } from './dialects.ts'
import type { Answer } from './route.ts'
import type { Simulation } from './simulation.ts'

export function userCollection({ quirks }: Simulation, total: number, rows: readonly Fields[]): Answer {
  switch (quirks.emptyUserList) {
    case 'no-collection':
      return {}
    case 'no-rows':
      return { body: { UserCollection: { total: 0, rows: [] } } }
    default:
      return { body: { UserCollection: { total, rows } } }
  }
}
