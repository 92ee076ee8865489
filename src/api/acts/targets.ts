/** Targets: enabled, stopped, let go on, and what they offer. */
import type { Actor } from '../../auth/actor.ts'

export interface LevelView {
  readonly target: string
  readonly id: string
  readonly externalId: string
  readonly name: string
  readonly usedByRules: boolean
}

export interface TargetActs {
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
