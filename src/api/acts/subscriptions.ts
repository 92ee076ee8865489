/** Subscriptions: how far each is and how it fares, on and off, once more from somewhere, and what was tried. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface SubscriptionView {
  readonly id: string
  readonly connector: string
  readonly feed: string
  /** What the receiver is told as it is. */
  readonly reveal: readonly string[]
  readonly state: 'enabled' | 'disabled'
  readonly stateSince: string
  /** Why it is disabled. */
  readonly stateCode: string | null
  /** Rows of it were changed outside Gatehouse: nothing is delivered until a person says from where. */
  readonly forged: boolean
  /** Events in the log that it has not come to yet; those that are not for it among them. */
  readonly waiting: number
  /** When the receiver last took anything. */
  readonly takenAt: string | null
  /** How it fails; null while it does not. */
  readonly failing: {
    readonly since: string
    readonly attempts: number
    readonly code: string | null
    readonly nextTryAt: string | null
  } | null
  readonly positions: readonly { readonly source: string; readonly position: number; readonly newest: number }[]
}

export interface DeliveryView {
  readonly id: string
  /** `taken` sums up what went well right after each other; `refused`: one event that the receiver will never take. */
  readonly outcome: 'taken' | 'failed' | 'refused' | 'test'
  readonly at: string
  readonly endedAt: string
  readonly batches: number
  readonly events: number
  /** Of people who were erased, left out. */
  readonly erased: number
  /** On which the filter broke, left out. */
  readonly unfiltered: number
  /** No longer in the log when it was their turn. */
  readonly lost: number
  readonly attempt: number
  readonly status: number | null
  readonly code: string | null
  readonly longestMs: number
  readonly spans: readonly { readonly source: string; readonly from: number; readonly to: number }[]
}

export interface SubscriptionTestView {
  /** The receiver said that it took the message. */
  readonly taken: boolean
  readonly status: number | null
  /** Why not; null when it did. */
  readonly code: string | null
  readonly tookMs: number
}

/** From when on, or from which event on: its system and its `sequence`, as the receiver has them. */
export type ReplayStart = { readonly time: string } | { readonly source: string; readonly position: number }

export interface SubscriptionActs {
  subscriptions(): Promise<readonly SubscriptionView[]>
  subscription(id: string): Promise<SubscriptionView>
  enableSubscription(actor: Actor, id: string, reason: string): Promise<void>
  disableSubscription(actor: Actor, id: string, reason: string): Promise<void>
  /** Sends the receiver an event that never happened. */
  testSubscription(actor: Actor, id: string): Promise<SubscriptionTestView>
  /** How many positions are gone through once more. */
  replaySubscription(
    actor: Actor,
    id: string,
    from: ReplayStart,
    reason: string,
  ): Promise<{ readonly positions: number }>
  /** A sealed file of one whose receiver is a folder, as text: after an entry in the audit trail. */
  openSubscriptionFile(
    actor: Actor,
    id: string,
    file: string,
    reason: string,
  ): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }>
  deliveries(id: string, page: { readonly after?: string; readonly limit: number }): Promise<Paged<DeliveryView>>
}
