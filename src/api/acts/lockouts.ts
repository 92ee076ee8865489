/** Lock-outs: ids and times, no personal data. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface LockoutView {
  readonly id: string
  readonly person: string | null
  readonly account: string
  /** One card of the account; null: all of it. */
  readonly credential: string | null
  readonly target: string
  readonly cause: string
  /** `not-provable`: somebody else wrote to the row; its times say nothing. */
  readonly state: 'proven' | 'open' | 'taken-back' | 'signed-off' | 'not-provable'
  readonly arrivedAt: string
  readonly decidedAt: string
  readonly startedAt: string | null
  readonly acceptedAt: string | null
  readonly provenAt: string | null
  readonly proof: string | null
  readonly requests: number
  readonly waitingMs: number
  /** Signed off, or taken back, before it was proven. */
  readonly endedAt: string | null
}

export interface AskedLockouts {
  /** As its row claims. */
  readonly state?: Exclude<LockoutView['state'], 'not-provable'>
  readonly target?: string
  readonly person?: string
  /** Decided then or later. */
  readonly since?: Date
  /** Decided before. */
  readonly until?: Date
}

export interface LockoutActs {
  /** Those that are open first, and the newest of each. @throws Refusal `target.unknown`. */
  lockouts(
    filter: AskedLockouts,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Paged<LockoutView>>
  lockout(id: string): Promise<LockoutView>
  /** Somebody takes it upon themselves, by name, that it is not proven. */
  signOffLockout(actor: Actor, id: string, reason: string): Promise<void>
  /** Signed lines with their line feeds, after an entry in the audit trail. */
  exportLockouts(actor: Actor, filter: { since?: Date; until?: Date; person?: string }): Promise<AsyncIterable<string>>
}
