/** Sources: what they delivered, and looking for more now. */
import type { Actor } from '../../auth/actor.ts'

/** Rows by place, field and code; never by value. */
export interface SourceView {
  readonly id: string
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
}
