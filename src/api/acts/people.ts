/** People: found, shown, explained, locked and unlocked. */
import type { Actor } from '../../auth/actor.ts'
import type { Employment } from '../../model/person.ts'
import type { EmploymentVerdict, Explanation, RuleExplanation } from '../../policy/explain.ts'
import type { GrantView } from './grants.ts'
import type { LockoutView } from './lockouts.ts'

export interface PersonView {
  readonly id: string
  readonly state: string
  readonly protected: boolean
  readonly lockedByOperator: boolean
  readonly nextChangeAt: string | null
  /** Null for whoever has not left. */
  readonly leaver: LeaverView | null
  /** Personal data in clear, for the authorised caller only. */
  readonly profile: {
    readonly facts: Readonly<Record<string, string | null>>
    readonly kind: string | null
    readonly employments: readonly Employment[]
    readonly cards: readonly { readonly card: string; readonly state: string; readonly waits: boolean }[]
  }
  readonly accounts: readonly {
    readonly target: string
    readonly account: string
    readonly externalId: string
    readonly wanted: PartsView
    readonly desired: PartsView | null
    readonly settled: boolean
    /** Why it is not made; `match`: one that was found may be theirs, and a person has to decide. */
    readonly waits: string | null
    /** Null: it is not suspended, and does not wait to be. */
    readonly suspension: AccountSuspensionView | null
    /** By part: what the target refused, or has not done yet. */
    readonly failures: Readonly<Record<string, { readonly kind: string; readonly code: string }>> | null
    /** What the target last showed. */
    readonly actual: ActualView | null
    readonly actualAt: string | null
  }[]
  /** Individual grants that are not over. */
  readonly grants: readonly GrantView[]
  /** The last 50, newest first. */
  readonly lockouts: readonly LockoutView[]
}

/** What the person presents there changed, and nobody explained it. */
export interface AccountSuspensionView {
  readonly id: string
  /** `waits`: not shut yet, for the brake or since the person is protected. `forged`: somebody else wrote it, or took it away; it is shut anew within seconds. */
  readonly state: 'shut' | 'waits' | 'forged'
  /** Shut since then, or found then where it waits; null where that was forged. */
  readonly since: string | null
}

/** When what of a leaver is taken away, by the configuration; plans and protection may hold it longer. */
export interface LeaverView {
  readonly leftAt: string
  readonly levelsOffAt: string
  readonly cardsOffAt: string
  /** Null: accounts are not deleted. */
  readonly deletedAt: string | null
}

/** The parts of an account, cards and levels by name. */
export interface PartsView {
  readonly lock: string
  /** There is to be no such account any more. */
  readonly deleted: boolean
  readonly cards: Readonly<Record<string, string>>
  readonly levels: readonly string[]
}

export interface ActualView {
  readonly externalId: string
  readonly lock: string
  readonly validity: { readonly from: string | null; readonly until: string | null }
  readonly profile: Readonly<Record<string, string | null>>
  /** Null for a card whose number fits no known format. */
  readonly cards: readonly { readonly card: string | null; readonly ref: string; readonly state: string }[]
  readonly levels: readonly string[]
  readonly inheritedLevels: readonly string[]
  readonly pin: boolean
  readonly untouchable: boolean
}

export interface ExplanationView extends Omit<Explanation, 'rules'> {
  readonly rules: readonly (Omit<RuleExplanation, 'employments'> & { readonly employments: readonly VerdictView[] })[]
  /** What was given by name, besides the rules. */
  readonly individual: readonly GrantView[]
  readonly lockedByOperator: boolean
  readonly heldOpenUntil: string | null
  readonly leaver: LeaverView | null
  /** Levels that a target's own rules give a leaver, which nobody can take away there: the account stays, shut. */
  readonly shutDespite: readonly { readonly target: string; readonly levels: readonly string[] }[]
  readonly records: readonly {
    readonly source: string
    readonly presence: string
    readonly missingSince: string | null
  }[]
  /** What each target would be written. */
  readonly written: readonly { readonly target: string; readonly profile: Readonly<Record<string, string | null>> }[]
}

/** Everything is there: what does not apply, and the value of a field that isn't known, is null. */
interface VerdictView extends Omit<EmploymentVerdict, 'code' | 'failedAt' | 'fields'> {
  readonly code: string | null
  readonly failedAt: { readonly line: number; readonly column: number } | null
  readonly fields: readonly {
    readonly field: string
    readonly known: boolean
    readonly value: string | number | boolean | null | readonly string[]
  }[]
}

export interface UnlockedView {
  /** An operator's lock was there, and is lifted. */
  readonly lifted: boolean
  /** Null: the sources decide. */
  readonly heldOpenUntil: string | null
  /** What the sources say: a leaver is still a leaver. */
  readonly state: string
}

export interface PeopleActs {
  /**
   * By employee number, card (`H10301:facility:number` or `CSN:hex`) or person id. `acting`: to do something to them, so that a card which
   * need not be in its holder's hands names nobody.
   */
  findPerson(by: string, acting: boolean): Promise<string>
  person(id: string): Promise<PersonView>
  explain(id: string): Promise<ExplanationView>
  /** `paused`, `observed`: targets where nothing happens until they are resumed, or enabled. */
  lockPerson(
    actor: Actor,
    id: string,
    reason: string,
  ): Promise<{ lockouts: readonly string[]; paused: readonly string[]; observed: readonly string[] }>
  /** Nobody locks them out or takes their rights from now on but by the release of a plan, or by an operator's lock. */
  protectPerson(actor: Actor, id: string, reason: string): Promise<void>
  unprotectPerson(actor: Actor, id: string, reason: string): Promise<void>
  /** Lifts an operator's lock and nothing else; of whoever was not locked, holds the door open for `hours` against the sources. */
  unlockPerson(actor: Actor, id: string, reason: string, hours: number): Promise<UnlockedView>
}
