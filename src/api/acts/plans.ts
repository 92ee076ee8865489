/** Plans: what would change, and the decision about it. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface PlanView {
  readonly id: string
  readonly origin: string
  readonly state: string
  readonly hash: string
  readonly createdAt: string
  readonly decidedAt: string | null
  readonly decidedBy: string | null
  /** For operators; null for others, and when nobody decided. */
  readonly decidedByName: string | null
  /** Per kind: how many accounts, whether they are held, and the limit that held them. */
  readonly kinds: readonly {
    readonly kind: string
    readonly target: string
    readonly changes: number
    readonly limit: number | null
    readonly held: boolean
    readonly why: string | null
  }[]
  /** Changes, as `planChanges` lists them and a release counts them: an account may have several of a kind. */
  readonly total: number
  /** Accounts of its origin that are in no plan, since a person has to decide about what a match found; null in lists. */
  readonly waits: readonly { readonly target: string; readonly for: 'match'; readonly accounts: number }[] | null
  /** Null of a plan from before it was counted. */
  readonly radius: RadiusView | null
  /** Of one plan that is looked at: what the plans of the same origin before it came to, 30 at most. */
  readonly usual: { readonly plans: number; readonly median: RadiusView; readonly largest: RadiusView } | null
  /** Why its delivery waits as a whole. */
  readonly pull: {
    readonly lost: { readonly rows: number; readonly limit: number } | null
    readonly changed: { readonly rows: number; readonly limit: number } | null
  } | null
}

/** How far a plan reaches. */
export interface RadiusView {
  readonly people: number
  /** Access levels that somebody gains or loses. */
  readonly levels: number
  /** People who could open something, and nothing any more. */
  readonly losing: number
  /** People who get their first account. */
  readonly joining: number
}

export interface PlanChangeView {
  readonly account: string
  readonly person: string | null
  readonly target: string
  readonly kind: string
  readonly part: string
  /** Of a level, as rules write it; of a card, its number, for operators. */
  readonly name: string | null
  /** What a new account begins with, by name; cards for operators. Null for other changes, and when something else is wanted by now. */
  readonly brings: { readonly levels: readonly string[]; readonly cards: readonly string[] } | null
  readonly before: string | null
  readonly after: string | null
  readonly held: boolean
  readonly dropped: boolean
}

export interface PlanActs {
  plans(actor: Actor, filter: { state?: string }, page: { after?: string; limit: number }): Promise<Paged<PlanView>>
  plan(actor: Actor, id: string): Promise<PlanView>
  planChanges(
    actor: Actor,
    id: string,
    filter: { dropped?: boolean },
    page: { after?: string; limit: number },
  ): Promise<Paged<PlanChangeView>>
  /** Resolves again, applies what is still wanted exactly so, and counts the rest: `planChanges` lists what was dropped. */
  releasePlan(actor: Actor, id: string, reason: string): Promise<{ applied: number; dropped: number }>
  /** Nothing of it is done. The same comes again with the next delivery of its source, or when a person asks for it. */
  rejectPlan(actor: Actor, id: string, reason: string): Promise<void>
  /** Makes a rejected plan anew, of what is still wanted; `plan` is null when that is nothing. */
  askAgain(actor: Actor, id: string, reason: string): Promise<{ plan: string | null; state: 'held' | 'passed' | null }>
}
