/** Attributes of people for those subscriptions that may have them: read many at a time, and remembered for half a minute. */
import type { PersonAttributes } from '../../mapping/event-filter.ts'
import type { PersonId } from '../../model/id.ts'

/** Of whom nothing is known, or nothing may be trusted, is not in the answer. */
export type ReadPeople = (ids: readonly PersonId[]) => Promise<ReadonlyMap<PersonId, PersonAttributes>>

const freshMs = 30_000
/** About 10 MB. */
const rememberedMax = 20_000

/** `read` is asked again of whom it was last asked half a minute ago. */
export function rememberPeople(read: ReadPeople, now: () => Date): ReadPeople {
  const remembered = new Map<PersonId, { readonly at: number; readonly attributes: PersonAttributes | null }>()
  return async (ids) => {
    const time = now().getTime()
    const isFresh = (id: PersonId): boolean => time - (remembered.get(id)?.at ?? Number.NEGATIVE_INFINITY) < freshMs
    const wanted = [...new Set(ids)]
    const stale = new Set(wanted.filter((id) => !isFresh(id)))
    const news = stale.size === 0 ? new Map<PersonId, PersonAttributes>() : await read([...stale])
    const found = new Map<PersonId, PersonAttributes>()
    for (const id of wanted) {
      const attributes = stale.has(id) ? (news.get(id) ?? null) : (remembered.get(id)?.attributes ?? null)
      if (attributes !== null) found.set(id, attributes)
    }
    for (const id of stale) {
      // Behind the others, so that the oldest comes first.
      remembered.delete(id)
      remembered.set(id, { at: time, attributes: news.get(id) ?? null })
    }
    for (const [id] of remembered) {
      if (remembered.size <= rememberedMax) break
      remembered.delete(id)
    }
    return found
  }
}
