/** Who acts and how much they may do: three roles of which each holds the rights of the one before it, and two that read one side each. */
import type { SubjectId } from '../model/id.ts'

const ranks = ['viewer', 'operator', 'admin'] as const

/** Sides of the wall between who went where and who worked when: whoever reads one of them reads nothing else, and nobody reads both. */
const sides = ['security', 'attendance'] as const
export type Side = (typeof sides)[number]

export const roles = [...ranks, ...sides] as const
export type Role = (typeof roles)[number]

/** The authenticated subject of a token: never an argument of a request. */
export interface Actor {
  readonly subject: SubjectId
  readonly role: Role
}

export function holdsRole(actor: Actor, needed: Role): boolean {
  const rank = rankOf(needed)
  return rank < 0 ? actor.role === needed : rankOf(actor.role) >= rank
}

/** `own`: it is this actor's side. `crossing`: with a reason, which is recorded. Null: never. */
export function wayTo(side: Side, { role }: Actor): 'own' | 'crossing' | null {
  if (role === side) return 'own'
  return role === 'admin' ? 'crossing' : null
}

function rankOf(role: Role): number {
  return (ranks as readonly Role[]).indexOf(role)
}
