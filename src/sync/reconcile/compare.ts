/** Compares what an account shall be with what the target shows, part by part. */
import type { ActualAccount, DesiredAccount, Profile } from '../../connector/contract.ts'
import { isShown } from '../../connector/profile.ts'
import type { PartRef, Validity } from '../../model/account.ts'
import { type Card, cardKey } from '../../model/card.ts'
import type { NotedAccount } from './noted-account.ts'
import { photoShown } from './photo-part.ts'

export interface Expectation {
  readonly desired: DesiredAccount
  /** What `facts` look like at the target. */
  readonly profile: Profile
  readonly revoke: { readonly levels: readonly string[]; readonly cards: readonly Card[] }
  /** By the target's own ids: cards of others, blocked by a lock of ours that is over. */
  readonly unblock: readonly string[]
  /** As `facts.photo`; absent where the picture is left alone. */
  readonly photo?: string | null
}

/** Parts that are not yet as desired, `noted` being what the account showed before; empty means settled. */
export function openParts(
  { desired, profile, revoke, unblock, photo }: Expectation,
  actual: NotedAccount,
  now: Date,
  noted: NotedAccount | null = null,
): PartRef[] {
  const parts: PartRef[] = []
  if (actual.lock !== desired.lock) parts.push({ kind: 'lock' })
  if (!sameValidity(desired.validity, actual.validity, now)) parts.push({ kind: 'validity' })
  if (!isShown(profile, actual.profile)) parts.push({ kind: 'profile' })
  if (photo !== undefined && photoShown(noted, actual) !== photo) parts.push({ kind: 'photo' })
  const states = cardStates(actual)
  for (const { card, state } of desired.cards)
    if (states.get(cardKey(card)) !== state) parts.push({ kind: 'card', card })
  for (const card of revoke.cards) if (states.has(cardKey(card))) parts.push({ kind: 'card', card })
  for (const { card, ref, state } of actual.cards)
    if (state === 'blocked' && unblock.includes(ref))
      parts.push(card === null ? { kind: 'lock' } : { kind: 'card', card })
  const levels = new Set([...actual.levels, ...actual.inheritedLevels])
  for (const level of desired.levels) if (!levels.has(level)) parts.push({ kind: 'level', level })
  for (const level of revoke.levels) if (actual.levels.includes(level)) parts.push({ kind: 'level', level })
  return parts
}

/** By the card's key; one whose number nobody can read is none of ours. */
export function cardStates({ cards }: ActualAccount): ReadonlyMap<string, 'on' | 'blocked'> {
  return new Map(cards.flatMap(({ card, state }) => (card === null ? [] : [[cardKey(card), state] as const])))
}

/** Whether nobody gets in with this account: disabled, and every card blocked. */
export function isShut(actual: ActualAccount): boolean {
  return actual.lock === 'closed' && actual.cards.every(({ state }) => state === 'blocked')
}

/** To the second, as targets keep it; a start that lies in the past on both sides is the same start. */
export function sameValidity(desired: Validity, actual: Validity, now: Date): boolean {
  return sameStart(desired.from, actual.from, now.getTime()) && seconds(desired.until) === seconds(actual.until)
}

function sameStart(desired: string | null, actual: string | null, now: number): boolean {
  if (seconds(desired) === seconds(actual)) return true
  const begun = (from: string | null): boolean => from === null || Date.parse(from) <= now
  return begun(desired) && begun(actual)
}

function seconds(instant: string | null): number | null {
  return instant === null ? null : Math.floor(Date.parse(instant) / 1000)
}
