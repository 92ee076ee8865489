/** Individual grants: rights that operators give by name. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

/** Holds a reason that somebody typed: for those who may see the person. */
export interface GrantView {
  readonly id: string
  readonly person: string
  /** `target/name`, or the id of a level that its target offers no more. */
  readonly level: string
  /** Null: without an end. */
  readonly until: string | null
  readonly since: string
  /** Name of who gave it; null when that can't be told. */
  readonly by: string | null
  /** Null when a row of the person can't be trusted. */
  readonly reason: string | null
  /** What keeps it from opening anything; null: nothing. */
  readonly waits: string | null
}

export interface GrantActs {
  /** `level` is `target/name`; `until` a duration, a last day or a time, null for no end. */
  addGrant(
    actor: Actor,
    person: string,
    request: { readonly level: string; readonly until: string | null; readonly reason: string },
  ): Promise<GrantView>
  revokeGrant(actor: Actor, id: string, reason: string): Promise<void>
  /** Of one person, those that are not over. */
  grantsOf(person: string): Promise<readonly GrantView[]>
  /** Of everybody. */
  grants(page: { after?: string; limit: number }): Promise<Paged<GrantView>>
}
