/** Who acts and how much they may do: three roles, each holding all rights of the one before it. */
import type { SubjectId } from '../model/id.ts'

export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

/** The authenticated subject of a token: never an argument of a request. */
export interface Actor {
  readonly subject: SubjectId
  readonly role: Role
}

export function holdsRole(actor: Actor, needed: Role): boolean {
  return roles.indexOf(actor.role) >= roles.indexOf(needed)
}
