/** Says of one account whose it is, and how sure that is: certain only when nothing that is known speaks against it. */
import type { PersonId } from '../../model/id.ts'
import type { DateFit } from './dates.ts'
import type { Ground } from './marks.ts'
import type { NameFit } from './names.ts'

export const matchClasses = ['certain', 'probable', 'ambiguous', 'none', 'unread', 'linked', 'untouchable'] as const
export type MatchClass = (typeof matchClasses)[number]

/** Why an account is in its class, for people and programs. */
export type MatchReason =
  | Ground
  | 'name'
  | 'start-date'
  | 'start-date-differs'
  | 'name-differs'
  | 'one-identifier'
  | 'employee-number-differs'
  | 'identifiers-disagree'
  | 'several-people'
  | 'several-accounts'
  | 'second-account'

/** Somebody whom identifiers of the account lead to. */
export interface Candidate {
  readonly person: PersonId
  readonly grounds: ReadonlySet<Ground>
  /** Those of the grounds of which another account there shows the same. */
  readonly shared: ReadonlySet<Ground>
  readonly name: NameFit
  /** The account shows an employee number of its own, and this person has another. */
  readonly numberDiffers: boolean
  /** Has an account at this target, made or linked. */
  readonly hasAccount: boolean
}

export interface Verdict {
  readonly is: Exclude<MatchClass, 'unread' | 'linked' | 'untouchable'>
  readonly person: PersonId | null
  readonly reasons: readonly MatchReason[]
}

/**
 * By identifiers that are unique on both sides: one person has it, and one account shows it. All that lead to anybody must lead to the
 * same person, and two that are unique, or one and the name, make it certain. A number alone does not: systems that count their own
 * users hit upon somebody's number by chance.
 */
export function classify(candidates: readonly Candidate[], byName: ReadonlyMap<PersonId, DateFit>): Verdict {
  const grounds = [...new Set(candidates.flatMap((each) => [...each.grounds]))].sort()
  if (grounds.length === 0) return classifyByName(byName)
  const agreed = candidates.filter((each) => grounds.every((ground) => each.grounds.has(ground)))
  const [one, other] = agreed
  if (one === undefined) return ambiguous(grounds, 'identifiers-disagree')
  // A mailbox that two people share tells nothing; a number besides that only one of them has, does.
  const theirs = grounds.filter((ground) => candidates.filter((each) => each.grounds.has(ground)).length === 1)
  if (other !== undefined || theirs.length === 0) return ambiguous(grounds, 'several-people')
  // Nor does a mailbox that two accounts show. A number is meant to be one account's: where it is not, nothing else tells which.
  const telling = theirs.filter((ground) => !one.shared.has(ground))
  if (telling.length === 0 || one.shared.has('employee-number')) return ambiguous(grounds, 'several-accounts')
  const doubts: MatchReason[] = []
  if (one.hasAccount) doubts.push('second-account')
  if (one.numberDiffers) doubts.push('employee-number-differs')
  if (one.name === 'differs' || (one.name === 'partly' && telling.length === 1)) doubts.push('name-differs')
  if (one.name === 'unknown' && telling.length === 1) doubts.push('one-identifier')
  const reasons: MatchReason[] = [...grounds, ...(one.name === 'fits' ? (['name'] as const) : []), ...doubts]
  return { is: doubts.length === 0 ? 'certain' : 'probable', person: one.person, reasons }
}

function ambiguous(grounds: readonly Ground[], why: MatchReason): Verdict {
  return { is: 'ambiguous', person: null, reasons: [...grounds, why] }
}

/**
 * People of its name, with whether it begins on a first day of theirs. If one does, that passes over those of whom another day is known; it
 * makes nobody certain, since many begin on one day.
 */
function classifyByName(people: ReadonlyMap<PersonId, DateFit>): Verdict {
  const fits = [...people.values()].includes('fits')
  const [one, other] = [...people].filter(([, date]) => !fits || date !== 'differs')
  if (one === undefined) return { is: 'none', person: null, reasons: [] }
  const reasons: MatchReason[] = fits ? ['name', 'start-date'] : ['name']
  if (other !== undefined) return { is: 'ambiguous', person: null, reasons: [...reasons, 'several-people'] }
  const [person, date] = one
  return { is: 'probable', person, reasons: date === 'differs' ? [...reasons, 'start-date-differs'] : reasons }
}

/**
 * Nobody is given two accounts by guess: one that is certain leaves the others of the same person at most probable, and so does one that
 * begins on their day where nothing but the name speaks for all of them. Where none or several do, nobody can tell which is theirs.
 */
export function settleRivals(verdicts: ReadonlyMap<number, Verdict>): ReadonlyMap<number, Verdict> {
  const settled = new Map(verdicts)
  for (const [person, rivals] of Map.groupBy(verdicts, ([, each]) => each.person)) {
    if (person === null || rivals.length === 1) continue
    const isByName = rivals.every(([, { reasons }]) => reasons[0] === 'name')
    const first = rivals.filter(([, { is, reasons }]) => (isByName ? reasons.includes('start-date') : is === 'certain'))
    for (const [n, verdict] of rivals) {
      if (first.length !== 1)
        settled.set(n, { ...verdict, is: 'ambiguous', reasons: [...verdict.reasons, 'several-accounts'] })
      else if (n !== first[0]?.[0] && !verdict.reasons.includes('second-account'))
        settled.set(n, { ...verdict, reasons: [...verdict.reasons, 'second-account'] })
    }
  }
  return settled
}
