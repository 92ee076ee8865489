/** Targets: enabled, stopped, let go on, and what they offer. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface LevelView {
  readonly target: string
  readonly id: string
  readonly externalId: string
  readonly name: string
  readonly usedByRules: boolean
}

/** What changed at a target behind our back, and is still so. */
export interface DriftView {
  readonly id: string
  readonly target: string
  readonly class: string
  /** A level as rules write it, a card by random id; null where it is the account as a whole. */
  readonly part: string | null
  readonly account: string | null
  readonly person: string | null
  readonly foundAt: string
}

export interface DriftCount {
  readonly target: string
  readonly class: string
  readonly count: number
}

export interface TargetActs {
  /** Every target's drifts, or one's. */
  drifts(
    target: string | undefined,
    page: { after?: string; limit: number },
  ): Promise<Paged<DriftView> & { readonly counts: readonly DriftCount[] }>
  /** Lets a target that seems to have forgotten go on: every account is made as desired again. */
  settleTarget(actor: Actor, target: string, reason: string): Promise<{ accounts: number }>
  /** Lets Gatehouse write to a target; the first plan waits for a release. */
  enableTarget(actor: Actor, target: string, reason: string): Promise<void>
  /** Nothing is written any more, lock-outs neither. */
  observeTarget(actor: Actor, target: string, reason: string): Promise<void>
  /** Stops all writing to a target, lock-outs too, until resumed. */
  pauseTarget(actor: Actor, target: string, reason: string): Promise<void>
  /** Whatever paused it: a person, or a refused login. */
  resumeTarget(actor: Actor, target: string, reason: string): Promise<void>
  /** Stops all but lock-outs, at a target or (null) everywhere, until unfrozen. */
  freeze(actor: Actor, target: string | null, reason: string): Promise<void>
  unfreeze(actor: Actor, target: string | null, reason: string): Promise<void>
  levels(target?: string): Promise<readonly LevelView[]>
}
