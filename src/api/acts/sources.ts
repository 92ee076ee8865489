/** Sources: what they delivered, and looking for more now. */
import type { Actor } from '../../auth/actor.ts'

/** How far a source is trusted, and what waits for its sake. */
export interface SourceStandingView {
  /** Somebody changed what is stored about it: it is trusted with nothing until a person clears it. */
  readonly forged: boolean
  readonly suspectSince: string | null
  /** People locked out by its records within the last hour, and those whose lock-out is held back. */
  readonly lockedOut: number
  readonly heldBack: number
  /** Why all that follows from its last full delivery waits. */
  readonly braked: {
    readonly lost: { readonly rows: number; readonly limit: number } | null
    readonly changed: { readonly rows: number; readonly limit: number } | null
  } | null
  /** A delivery is not read until its columns are accepted. */
  readonly columnsMoved: boolean
}

/** Rows by place, field and code; never by value. */
export interface SourceView {
  readonly id: string
  readonly standing: SourceStandingView
  readonly deliveries: readonly {
    readonly id: string
    readonly mode: string
    readonly arrivedAt: string
    readonly outcome: string | null
    readonly records: number
    readonly changed: number
    readonly problems: number
    readonly missing: number
  }[]
  /** The delivery that `problems` are of; null: none had any. */
  readonly problemsOf: string | null
  readonly problems: readonly { readonly place: string; readonly field: string | null; readonly code: string }[]
}

export interface SourceActs {
  /** Looks for a delivery of the source (all sources when absent) now, and waits until it is done. */
  sync(
    actor: Actor,
    source?: string,
  ): Promise<
    readonly {
      source: string
      outcome: string
      records: number
      changed: number
      problems: number
      missing: number
      plan: string | null
    }[]
  >
  /** The last deliveries of a source, and what of them could not be used. */
  source(id: string): Promise<SourceView>
  /** Says that a suspect source is right: the lock-outs that it held back run now. How many people that are. */
  clearSource(actor: Actor, id: string, reason: string): Promise<{ people: number }>
  /** Says that the columns of the delivery that waits are right: it is read within seconds. */
  acceptSource(actor: Actor, id: string, reason: string): Promise<void>
}
