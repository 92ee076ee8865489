/** The accounts of one look at a target, as digests in memory: people are held against them one after the other. */
import type { PersonId } from '../../model/id.ts'
import type { PersonFacts } from '../../model/person.ts'
import type { Leads } from '../../store/match-leads.ts'
import { certain } from '../certain.ts'
import { textKey } from '../text-key.ts'
import { type Candidate, classify, settleRivals, type Verdict } from './classify.ts'
import { type DateFit, dateFit } from './dates.ts'
import type { Ground, Mark, Shown } from './marks.ts'
import { nameFit, nameKey, nameKeysOf } from './names.ts'

/** A person as they are held against the accounts. */
export interface Met {
  readonly person: PersonId
  readonly marks: readonly Mark[]
  readonly facts: PersonFacts
  readonly numbers: readonly string[]
  /** First days; null for one that is not known. */
  readonly days: readonly (string | null)[]
  readonly hasAccount: boolean
}

interface Entry extends Omit<Shown, 'marks'> {
  readonly candidates: Map<PersonId, Candidate & { readonly grounds: Set<Ground>; readonly shared: Set<Ground> }>
  readonly namesakes: Map<PersonId, DateFit>
}

/** About a kilobyte an account: names and digests, none of which is ever written. All accounts are added before anybody is met. */
export class AccountBook {
  readonly #entries = new Map<number, Entry>()
  readonly #byMark = new Map<string, number[]>()
  readonly #byName = new Map<string, number[]>()

  get size(): number {
    return this.#entries.size
  }

  /** `n` is the account's place in the look. */
  add(n: number, { marks, ...shown }: Shown): void {
    const { name } = shown
    this.#entries.set(n, { ...shown, candidates: new Map(), namesakes: new Map() })
    for (const mark of marks) push(this.#byMark, markKey(mark), n)
    const key = name === null ? null : nameKey(name)
    if (key !== null) push(this.#byName, key, n)
  }

  meet({ person, marks, facts, numbers, days, hasAccount }: Met): void {
    for (const mark of marks) {
      const places = this.#byMark.get(markKey(mark)) ?? []
      for (const n of places) {
        const { candidates, name, numbers: shown } = certain(this.#entries.get(n))
        const known = candidates.get(person) ?? {
          ...{ person, grounds: new Set<Ground>(), shared: new Set<Ground>(), name: nameFit(name, facts), hasAccount },
          numberDiffers: shown.length > 0 && numbers.length > 0 && !shown.some((number) => numbers.includes(number)),
        }
        known.grounds.add(mark.ground)
        if (places.length > 1) known.shared.add(mark.ground)
        candidates.set(person, known)
      }
    }
    for (const key of nameKeysOf(facts))
      for (const n of this.#byName.get(key) ?? []) {
        const { namesakes, day } = certain(this.#entries.get(n))
        namesakes.set(person, dateFit(day, days))
      }
  }

  /** Whose each account is, by its place; when everybody was met. */
  verdicts(): ReadonlyMap<number, Verdict> {
    const each = [...this.#entries].map(
      ([n, { candidates, namesakes }]) => [n, classify([...candidates.values()], namesakes)] as const,
    )
    return settleRivals(new Map(each))
  }

  /**
   * To whom each account leads, but those at these places: also to whom nothing but its name does, unless it is certain whose it is. Until it
   * is linked, it may be the account of any of them.
   */
  leads(verdicts: ReadonlyMap<number, Verdict>, without: (n: number) => boolean): Leads {
    const groups = new Map<string, [number[], PersonId[]]>()
    for (const [n, { candidates, namesakes }] of this.#entries) {
      const byName = verdicts.get(n)?.is === 'certain' ? [] : namesakes.keys()
      const people = [...new Set([...candidates.keys(), ...byName])].sort()
      if (people.length === 0 || without(n)) continue
      const key = people.join()
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [[n], people])
      else group[0].push(n)
    }
    return [...groups.values()]
  }
}

function markKey({ ground, digest }: Mark): string {
  return `${ground}:${textKey(digest)}`
}

function push(map: Map<string, number[]>, key: string, n: number): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [n])
  else if (list.at(-1) !== n) list.push(n)
}
