/** What was given up or refused, by account and part, and what a person does about it; ids only. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface FailureView {
  readonly account: string
  readonly target: string
  /** `account`, `lock`, `profile`, `photo`, `validity`, `card:<id>` or `level:<id>`. */
  readonly part: string
  readonly kind: string
  readonly code: string
  /** `given-up`: the whole account waits for a person. `refused`: this part does. `retrying`: it is tried again by itself. */
  readonly state: 'given-up' | 'refused' | 'retrying'
  /** What to do. */
  readonly action: string | null
  readonly since: string | null
  readonly attempts: number
}

export interface FailureActs {
  /** `limit` counts accounts. @throws Refusal `target.unknown`. */
  failures(
    target: string | undefined,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Paged<FailureView>>
  /** One account, all of a target (null as account), or all. Returns how many accounts. */
  retryFailures(
    actor: Actor,
    which: { readonly account: string } | { readonly target: string | null },
    reason: string,
  ): Promise<number>
  /** It stays as it is until something newer is desired. */
  discardFailure(actor: Actor, account: string, reason: string): Promise<void>
}
