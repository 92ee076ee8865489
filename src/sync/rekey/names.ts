/** The short keyed names that texts of an account hold, of its profile, its validity and cards found at it: made anew from what they name. */
import type { ActualAccount } from '../../connector/contract.ts'
import { readFacts } from '../account-facts.ts'
import { decodeParts, encodeParts } from '../parts.ts'
import { writtenDigest } from '../resolve/profile-digest.ts'
import { validityDigest } from '../resolve/validity-digest.ts'
import type { Turn } from './turn.ts'

export type Rename = (part: 'profile' | 'validity', name: string) => string

/** By what any of these facts are written as; a name of something else stays another name. */
export function renaming(turn: Turn, target: string, facts: readonly (string | null | undefined)[]): Rename {
  const names = new Map<string, string>()
  const render = turn.render(target)
  for (const text of facts) {
    if (typeof text !== 'string') continue
    const { facts: of, validity } = readFacts(text)
    names.set(`validity ${validityDigest(turn.old, validity)}`, validityDigest(turn.next, validity))
    const profile = render?.(of)
    if (profile !== undefined)
      for (const takesPhotos of [false, true]) {
        const accounts = { render: () => profile, takesPhotos }
        names.set(`profile ${writtenDigest(turn.old, accounts, of)}`, writtenDigest(turn.next, accounts, of))
      }
  }
  return (part, name) => names.get(`${part} ${name}`) ?? turn.next.carryOver.name(name)
}

/** What is wanted or desired, with new names; a text that is none stays, as does its wrong guard. */
export function renamedParts(text: string, rename: Rename): string {
  try {
    const parts = decodeParts(text)
    return encodeParts({
      ...parts,
      profile: rename('profile', parts.profile),
      validity: rename('validity', parts.validity),
    })
  } catch {
    return text
  }
}

/** The cards that the target showed, each by its key, by what `old` makes of it: what `next` makes of it. */
export function renamedCards(
  keyOf: (shown: ActualAccount['cards'][number]) => string,
  lastSeen: string | null | undefined,
  old: (key: string) => string,
  next: (key: string) => string,
): ReadonlyMap<string, string> {
  const actual = typeof lastSeen === 'string' ? (JSON.parse(lastSeen) as ActualAccount | null) : null
  const keys = (actual?.cards ?? []).map(keyOf)
  return new Map(keys.map((key) => [old(key), next(key)]))
}
