/** Says of one account whose it is, and how sure that is: certain only when nothing that is known speaks against it. */
import type { PersonId } from '../../model/id.ts'
import type { Ground } from './marks.ts'
import type { NameFit } from './names.ts'

export const matchClasses = ['certain', 'probable', 'ambiguous', 'none', 'unread', 'linked', 'untouchable'] as const
export type MatchClass = (typeof matchClasses)[number]

/** Why an account is in its class, for people and programs. */
export type MatchReason =
  | Ground
  | 'name'
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
 * By unique identifiers: all that lead to anybody must lead to the same person, and two of them, or one and the name, make it
 * certain. A number alone is not: systems that count their own users hit upon somebody's number by chance.
 */
export function classify(candidates: readonly Candidate[], byName: readonly PersonId[]): Verdict {
  const grounds = [...new Set(candidates.flatMap((each) => [...each.grounds]))].sort()
  if (grounds.length === 0) return classifyByName(byName)
  const agreed = candidates.filter((each) => grounds.every((ground) => each.grounds.has(ground)))
  const [one, other] = agreed
  if (one === undefined) return { is: 'ambiguous', person: null, reasons: [...grounds, 'identifiers-disagree'] }
  // A mailbox that two people share tells nothing; a number besides that only one of them has, does.
  const telling = grounds.filter((ground) => candidates.filter((each) => each.grounds.has(ground)).length === 1)
  if (other !== undefined || telling.length === 0)
    return { is: 'ambiguous', person: null, reasons: [...grounds, 'several-people'] }
  const doubts: MatchReason[] = []
  if (one.hasAccount) doubts.push('second-account')
  if (one.numberDiffers) doubts.push('employee-number-differs')
  if (one.name === 'differs' || (one.name === 'partly' && telling.length === 1)) doubts.push('name-differs')
  if (one.name === 'unknown' && telling.length === 1) doubts.push('one-identifier')
  const reasons: MatchReason[] = [...grounds, ...(one.name === 'fits' ? (['name'] as const) : []), ...doubts]
  return { is: doubts.length === 0 ? 'certain' : 'probable', person: one.person, reasons }
}

function classifyByName(people: readonly PersonId[]): Verdict {
  const [person, other] = people
  if (person === undefined) return { is: 'none', person: null, reasons: [] }
  if (other !== undefined) return { is: 'ambiguous', person: null, reasons: ['name', 'several-people'] }
  return { is: 'probable', person, reasons: ['name'] }
}
