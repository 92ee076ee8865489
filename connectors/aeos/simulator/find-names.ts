/** Finds things of the site by the name or the id that a test or a person at the side door gives. */
import type { Carrier, Token } from './model.ts'
import type { Simulation } from './simulation.ts'
import { siteIds } from './site.ts'
import type { TableName } from './world.ts'

/** Throws a TypeError when there is none. */
export function rowIdOf({ world }: Simulation, table: TableName, wanted: string | number): number {
  const rows = world.table(table).rows
  for (const [id, row] of rows) if (row.Name === wanted || row.Description === wanted) return id
  if (rows.has(Number(wanted))) return Number(wanted)
  throw new TypeError(`no such ${table}: ${wanted}`)
}

/** A badge as tests write it: a bare number is one of the type `Decimal`. */
export type BadgeSpec = string | { type: string | number; number: string }

export function badgeOf(simulation: Simulation, badge: BadgeSpec): { type: number; number: string } {
  if (typeof badge === 'string') return { type: siteIds.numberType, number: badge }
  return { type: rowIdOf(simulation, 'IdentifierType', badge.type), number: badge.number }
}

/** Throws a TypeError when there is none. */
export function tokenOf(simulation: Simulation, badge: BadgeSpec): Token {
  const { type, number } = badgeOf(simulation, badge)
  const token = simulation.world.token(type, number)
  if (token === undefined) throw new TypeError(`no such badge: ${number}`)
  return token
}

/** Throws a TypeError when there is none. */
export function carrierWithId({ world }: Simulation, id: number | string): Carrier {
  const carrier = world.carriers.get(Number(id))
  if (carrier === undefined) throw new TypeError(`no such carrier: ${id}`)
  return carrier
}
