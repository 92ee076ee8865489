/** Searches a place for values that must not be there, and in the same pass for one that was planted there: a search that finds nothing must first prove that it finds. */
import { ByteSearch, type Needle } from './byte-search.ts'
import { formsOf, needlesOf, type Sought } from './forms.ts'
import type { Place } from './places.ts'

export interface Searched {
  readonly place: string
  readonly bytes: number
  /** What was found, by kind and made-up person; never the value. */
  readonly leaks: readonly string[]
  readonly foundPlanted: boolean
}

const planted = 'planted'

/** `canary` was put into the place by the caller. */
export async function searchPlace(place: Place, known: readonly Sought[], canary: string): Promise<Searched> {
  const needles: Needle[] = [...known.flatMap(needlesOf), ...formsOf(planted, canary)]
  const { found, bytes } = await new ByteSearch(needles).through(place.pieces())
  return {
    place: place.name,
    bytes,
    leaks: [...found].filter((name) => name !== planted).sort(),
    foundPlanted: found.has(planted),
  }
}
