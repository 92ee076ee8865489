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
  /** Changes per kind: how many, how many held, and the limit that held them. */
  readonly kinds: readonly {
    readonly kind: string
    readonly target: string
    readonly changes: number
    readonly limit: number | null
    readonly held: boolean
    readonly why: string | null
  }[]
  readonly total: number
}

export interface PlanChangeView {
  readonly account: string
  readonly person: string | null
  readonly target: string
  readonly kind: string
  readonly part: string
  /** Of a level, as rules write it. */
  readonly name: string | null
  readonly before: string | null
  readonly after: string | null
  readonly held: boolean
  readonly dropped: boolean
}

export interface PlanActs {
  plans(filter: { state?: string }, page: { after?: string; limit: number }): Promise<Paged<PlanView>>
  plan(id: string): Promise<PlanView>
  planChanges(id: string, page: { after?: string; limit: number }): Promise<Paged<PlanChangeView>>
  /** Resolves again, applies what is still wanted exactly so; `dropped` lists the rest. */
  releasePlan(actor: Actor, id: string, reason: string): Promise<{ applied: number; dropped: number }>
  rejectPlan(actor: Actor, id: string, reason: string): Promise<void>
}
