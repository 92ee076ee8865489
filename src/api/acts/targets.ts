/** Targets: enabled, stopped, let go on, and what they offer. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface LevelView {
  readonly target: string
  readonly id: string
  readonly externalId: string
  readonly name: string
  readonly usedByRules: boolean
  /** Who is to have it now, by rules or by grants of their own. */
  readonly people: number
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
  /** What the configuration says about such a change: report, revert or accept. */
  readonly policy: string
  /** How often the configuration had it undone lately. */
  readonly reverted: number
  /** It came back each time, and is undone no more. */
  readonly fought: boolean
  /** Since when it may stay; null: it may not. */
  readonly acceptedAt: string | null
}

export interface DriftCount {
  readonly target: string
  readonly class: string
  readonly policy: string
  /** Without those that were accepted. */
  readonly count: number
  readonly accepted: number
}

/** Which changes of a target a person means: one, those of an account, those of a class, or of a class at an account. */
export interface DriftChoice {
  readonly id?: string | undefined
  readonly account?: string | undefined
  readonly class?: string | undefined
}

export interface DriftDecision {
  /** Changes that were decided about. */
  readonly drifts: number
  /** Those that were left: not Gatehouse's to undo, of somebody with changes that wait, or being worked on. */
  readonly left: number
}

export interface TargetActs {
  /** Every target's drifts, or one's. */
  drifts(
    target: string | undefined,
    page: { after?: string; limit: number },
  ): Promise<Paged<DriftView> & { readonly counts: readonly DriftCount[] }>
  /** They may stay: reported no more, and left by the next write. */
  acceptDrift(actor: Actor, target: string, chosen: DriftChoice, reason: string): Promise<DriftDecision>
  /** They are undone, once. */
  revertDrift(actor: Actor, target: string, chosen: DriftChoice, reason: string): Promise<DriftDecision>
  /** They may stay no longer. */
  withdrawDrift(actor: Actor, target: string, chosen: DriftChoice, reason: string): Promise<DriftDecision>
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
