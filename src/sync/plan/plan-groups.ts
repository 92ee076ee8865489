/** The changes of a plan by kind, target and reason to wait: counted for the brakes, and hashed so that a release is bound to them. */
import { createHash, type Hash } from 'node:crypto'
import type { AccountId } from '../../model/id.ts'
import type { HeldFor } from '../../store/schema.ts'
import type { ChangeKind } from '../parts.ts'
import type { KindCount } from './brake.ts'

/** Reasons that hold one account's changes, however few there are of their kind. */
export type HeldAlone = Exclude<HeldFor, 'brake'>

export interface PlanStep {
  readonly account: AccountId
  readonly target: string
  readonly kind: ChangeKind
  readonly part: string
  readonly before: string | null
  readonly after: string | null
  readonly alone: HeldAlone | null
}

export interface PlanGroup {
  readonly kind: ChangeKind
  readonly target: string
  readonly alone: HeldAlone | null
  readonly accounts: number
  /** Steps: an account may have several of a kind. */
  readonly steps: number
}

type Open = { -readonly [Name in keyof PlanGroup]: PlanGroup[Name] } & { last: AccountId | null; readonly hash: Hash }

export class PlanGroups {
  readonly #groups = new Map<string, Open>()

  /** Steps come in the order of accounts, and of parts within one: that order is what the hash covers. */
  add({ account, target, kind, part, before, after, alone }: PlanStep): void {
    const key = `${target} ${kind} ${alone ?? ''}`
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { kind, target, alone, accounts: 0, steps: 0, last: null, hash: createHash('sha256') }
      this.#groups.set(key, group)
    }
    if (group.last !== account) group.accounts += 1
    group.last = account
    group.steps += 1
    group.hash.update(JSON.stringify([account, part, before, after]))
  }

  get all(): readonly PlanGroup[] {
    return [...this.#groups.values()]
  }

  /** SHA-256 over those groups that `include` names; of no changes at all it is null. */
  digest(include: (group: PlanGroup) => boolean): Buffer | null {
    const chosen = [...this.#groups].filter(([, group]) => include(group)).sort(([a], [b]) => (a < b ? -1 : 1))
    if (chosen.length === 0) return null
    const whole = createHash('sha256')
    for (const [key, { hash }] of chosen) whole.update(key).update(hash.copy().digest())
    return whole.digest()
  }
}

/** Accounts per kind and target. */
export function countsOf(groups: readonly PlanGroup[]): readonly KindCount[] {
  const counts = new Map<string, KindCount>()
  for (const { kind, target, accounts } of groups) {
    const key = `${target} ${kind}`
    counts.set(key, { kind, target, accounts: (counts.get(key)?.accounts ?? 0) + accounts })
  }
  return [...counts.values()]
}
