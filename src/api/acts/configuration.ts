/** The configuration: what is in force, what is proposed instead, and the decision about it. */
import type { Actor } from '../../auth/actor.ts'

export interface ReleasedConfigView {
  readonly version: number
  /** Names exactly these sections. */
  readonly digest: string
  readonly releasedAt: string
  /** Null: the file of an empty gateway. */
  readonly releasedBy: string | null
  /** As written, by name; secrets as their references. */
  readonly sections: Readonly<Record<string, unknown>>
}

export interface ProposedConfigView {
  readonly version: number
  readonly digest: string
  readonly proposedAt: string
  /** By path; null where there was, or is to be, nothing. */
  readonly edits: readonly { readonly path: string; readonly before: string | null; readonly after: string | null }[]
  /** What follows from the edits beyond what can be counted. */
  readonly notes: readonly string[]
  /** What would change; null while it is being counted. */
  readonly effect: {
    readonly people: number
    readonly accounts: number
    readonly kinds: readonly { readonly kind: string; readonly target: string; readonly accounts: number }[]
    /** People whom each rule gives its levels, in the order of the rules; null while nobody is known. */
    readonly given: readonly number[] | null
  } | null
  /** Why it can't be released as things are; empty when it can. */
  readonly obstacles: readonly { readonly code: string; readonly message: string }[]
}

export interface ConfigView {
  readonly released: ReleasedConfigView
  readonly proposed: ProposedConfigView | null
}

export interface ConfigurationActs {
  configuration(): Promise<ConfigView>
  /** Reads the file of the process that is asked. */
  proposeConfiguration(actor: Actor): Promise<{ standing: 'in-force' | 'proposed' | 'rejected' }>
  /** `digest`: as shown, or how it begins. */
  releaseConfiguration(actor: Actor, digest: string, reason: string): Promise<{ version: number }>
  rejectConfiguration(actor: Actor, digest: string, reason: string): Promise<{ version: number }>
}
