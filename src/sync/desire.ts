/** Makes what is wanted of an account desired, in memory: workers bring about nothing else, so this is where doors open and close. */
import type { CredentialId } from '../model/id.ts'
import { type DossierAccount, touch } from '../store/dossier.ts'
import {
  applyChanges,
  type Change,
  decodeIfAny,
  decodeParts,
  encodeParts,
  isPending,
  isShutting,
  type Parts,
  partOf,
} from './parts.ts'

/** What such changes open and shut. */
export interface Moved {
  /** The whole account is shut, with all its cards. */
  readonly whole: boolean
  /** Single cards that are shut; none beside a whole account. */
  readonly cardsShut: readonly CredentialId[]
  readonly cardsOn: readonly CredentialId[]
}

/** Of what is wanted now exactly these changes; the caller saves the dossier, and puts the account on the list. */
export function desire(account: DossierAccount, changes: readonly Change[]): Moved {
  const { row } = account
  const before = decodeIfAny(row.desired)
  desireParts(account, applyChanges(before, decodeParts(row.wanted), changes))
  const cards = (state: string) =>
    changes.flatMap(({ part, after }) => {
      const named = partOf(part)
      return named.is === 'card' && after === state ? [named.id] : []
    })
  const whole = changes.some(({ part, after }) => part === 'lock' && after === 'closed')
  return { whole, cardsShut: whole ? [] : cards('blocked'), cardsOn: cards('on') }
}

/** The same for parts that were put together by hand: an account that begins with less than is wanted of it. */
export function desireParts(account: DossierAccount, desired: Parts): void {
  const { row } = account
  const before = decodeIfAny(row.desired)
  const wanted = decodeParts(row.wanted)
  // Profile and validity lie in one seal, so they move together, and only when one of them does: what was wanted meanwhile, and is no
  // more, may still lie sealed beside parts that never changed.
  const moves = before?.profile !== desired.profile || before.validity !== desired.validity
  if (moves && desired.profile === wanted.profile && desired.validity === wanted.validity) {
    row.desired_facts = row.wanted_facts
    row.desired_facts_version = row.wanted_facts_version
  }
  row.desired = encodeParts(desired)
  row.pending = isPending(row.desired, wanted)
  // A lock-out that is held back stays so until nothing of it is left.
  if (row.suspect_at !== null && !isShutting(row.desired, wanted)) row.suspect_at = null
  bump(account)
}

/** Has the account brought about once more, whatever was done for it already. */
export function bump(account: DossierAccount): void {
  account.row.desired_version += 1
  touch(account)
}
