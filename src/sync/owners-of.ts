/** Whose accounts these are: each person once, in the order of the accounts; one that is nobody's leads to nobody. */
import type { PersonId } from '../model/id.ts'

export function ownersOf(accounts: readonly { readonly person_id: PersonId | null }[]): PersonId[] {
  const people = accounts.map(({ person_id }) => person_id).filter((id) => id !== null)
  return [...new Set(people)]
}
