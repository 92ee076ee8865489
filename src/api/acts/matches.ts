/** Whose the accounts of a target are that were there before Gatehouse. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface MatchView {
  readonly target: string
  /** `requested`, `running`, `done` or `failed`. */
  readonly state: string
  readonly requestedAt: string
  readonly finishedAt: string | null
  /** Accounts looked at so far. */
  readonly accounts: number
  /** Accounts that the target's list had so far: as many are to be looked at. */
  readonly listed: number
  /** Why it failed. */
  readonly code: string | null
  /** By class: certain, probable, ambiguous, none, unread, linked, untouchable. Empty until all people were looked at. */
  readonly classes: Readonly<Record<string, number>>
}

export interface MatchRowView {
  /** Personal data in clear, for the authorised caller only. Null for what is linked, and for operators of the target. */
  readonly account: string | null
  readonly profile: Readonly<Record<string, string>> | null
  readonly lock: string | null
  readonly cards: number | null
  readonly class: string
  readonly person: string | null
  /** Of an unread one, the code of what went wrong. */
  readonly reasons: readonly string[]
}

export interface MatchActs {
  /** Asks the process that leads the target to read all its accounts; writes nothing there. */
  startMatch(actor: Actor, target: string, reason: string): Promise<void>
  /** The last look, or the one under way. */
  match(target: string): Promise<MatchView>
  matchRows(
    target: string,
    filter: { class?: string },
    page: { after?: string; limit: number },
  ): Promise<Paged<MatchRowView>>
  /** Links every account that is certain; `left` were certain and are not any more. */
  adoptMatches(actor: Actor, target: string, reason: string): Promise<{ linked: number; left: number }>
  /** Links one account by hand: of somebody who has one there already it becomes an extra account. */
  linkAccount(actor: Actor, target: string, account: string, person: string, reason: string): Promise<void>
  /** Says that an account is none of ours, or that none of the accounts is this person's: nobody waits for that any more. */
  leaveMatch(actor: Actor, target: string, of: { account: string } | { person: string }, reason: string): Promise<void>
}
