/** People of whom nothing is decided, since a row of theirs was changed outside Gatehouse. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface FrozenView {
  readonly person: string
  /** Accounts on which nothing is done. */
  readonly accounts: readonly string[]
  readonly since: string
}

/** What of the person could not be trusted, and what became of it. */
export interface ThawedView {
  /** Their own row; they are neither protected nor held open any more. */
  readonly person: boolean
  /** Dropped, to be told again by the sources. */
  readonly records: number
  /** Count as lost now, or are dropped. */
  readonly cards: number
  /** Dropped. */
  readonly grants: number
  /** Closed, whatever they were. */
  readonly accounts: number
  /** Nobody can address these any more: they have to be closed at the door system by hand. */
  readonly lost: readonly { readonly account: string; readonly target: string }[]
  /** To watch until they are proven. */
  readonly lockouts: readonly string[]
}

export interface FrozenActs {
  frozen(page: { readonly after?: string; readonly limit: number }): Promise<Paged<FrozenView>>
  /** Shuts the person out everywhere until somebody unlocks them, and has the sources tell anew what was dropped. */
  thaw(actor: Actor, person: string, reason: string): Promise<ThawedView>
}
