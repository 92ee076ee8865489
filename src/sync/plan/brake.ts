/** Brakes: how many changes of one kind a plan may make at one target before a person must look at it. */
import type { BrakeLimit, Brakes } from '../context.ts'
import type { ChangeKind } from '../parts.ts'
import type { HeldAlone } from './plan-groups.ts'

/** Changes of one kind at one target, in accounts. */
export interface KindCount {
  readonly kind: ChangeKind
  readonly target: string
  readonly accounts: number
}

export interface Hold extends KindCount {
  /** The most that would have passed; null when the hold has another reason. */
  readonly limit: number | null
  readonly why: 'brake' | HeldAlone
  /** The target has no open account, of which a share could pass; left out where it has some. */
  readonly empty?: true
}

/** The most accounts that pass: the larger of the fixed number and the share of the target's active accounts. */
export function brakeLimit({ min, percent, whenEmpty }: BrakeLimit, activeAccounts: number): number {
  if (activeAccounts === 0 && whenEmpty !== undefined) return whenEmpty
  return Math.max(min, Math.floor((activeAccounts * percent) / 100))
}

/** Kinds whose brake trips: then none of that kind runs. `earlier`: so many of a kind passed there within the same day. */
export function tripped(
  counts: readonly KindCount[],
  brakes: Brakes,
  activeAccounts: (target: string) => number,
  earlier: (count: KindCount) => number = () => 0,
): readonly Hold[] {
  return counts.flatMap((count) => {
    const { kind, target, accounts } = count
    // Lock-outs by record have no brake here: one that is in a plan waits since its person is protected or its source suspect.
    if (kind === 'lockout-record') return []
    const active = activeAccounts(target)
    const limit = Math.max(0, brakeLimit(brakes[kind], active) - earlier(count))
    if (accounts <= limit) return []
    const empty = active === 0 && brakes[kind].whenEmpty !== undefined ? { empty: true as const } : {}
    return [{ kind, target, accounts, limit, why: 'brake' as const, ...empty }]
  })
}
