/** One presence of a person in one target, in parts that are wanted, desired and read back separately. */
import type { Card } from './card.ts'

export type LockState = 'open' | 'closed'

/** A card on an account: `on` opens doors, `blocked` is refused at every reader. */
export interface AccountCard {
  readonly card: Card
  readonly state: 'on' | 'blocked'
}

/** Instants (ISO 8601, UTC) between which the target itself lets the account in; null is unbounded. */
export interface Validity {
  readonly from: string | null
  readonly until: string | null
}

/** Names a part of an account. `level` is the target's own id of the access level. */
export type PartRef =
  | { readonly kind: 'lock' | 'validity' | 'profile' | 'pin' | 'photo' }
  | { readonly kind: 'card'; readonly card: Card }
  | { readonly kind: 'level'; readonly level: string }
