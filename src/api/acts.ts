/** Everything that can be asked of a running gateway, as plain data: the API serves these acts, the CLI calls them, `main` provides them. */
import type { Actor } from '../auth/actor.ts'
import type { Employment } from '../model/person.ts'
import type { EmploymentVerdict, Explanation, RuleExplanation } from '../policy/explain.ts'

export type { Actor }

/** An act that can't be done: `code` is stable, `message` is for the caller and holds no personal data. */
export class ActError extends Error {
  override readonly name = 'ActError'
  readonly code: string
  readonly status: 400 | 403 | 404 | 409 | 503

  constructor(status: 400 | 403 | 404 | 409 | 503, code: string, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}

export interface StatusView {
  readonly version: string
  readonly startedAt: string
  readonly roles: readonly string[]
  readonly queue: { readonly backend: string; readonly ok: boolean }
  readonly people: Readonly<Record<string, number>>
  readonly sources: readonly {
    readonly id: string
    readonly lastDeliveryAt: string | null
    readonly lastCompleteAt: string | null
    readonly lastOutcome: string | null
    readonly overdue: boolean
  }[]
  readonly targets: readonly {
    readonly id: string
    readonly mode: string
    readonly accounts: number
    /** Accounts that are not as desired yet, or are looked at once more; what the target refuses counts as failing. */
    readonly waiting: number
    readonly urgentWaiting: number
    readonly dead: number
    /** Accounts with parts that the target refused. */
    readonly failing: number
    /** Its last answers were failures: only lock-outs are tried, once a second. */
    readonly unreachable: boolean
    readonly pausedBecause: string | null
    readonly restUntil: string | null
    readonly reach: string | null
  }[]
  readonly lockouts: {
    readonly open: number
    readonly proven24h: number
    readonly p50Ms: number | null
    readonly p99Ms: number | null
    readonly maxMs: number | null
  }
  readonly plans: { readonly held: number }
  readonly alarms: readonly { readonly code: string; readonly scope: string; readonly since: string }[]
  readonly audit: { readonly entries: number; readonly pending: number }
}

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

export interface PersonView {
  readonly id: string
  readonly state: string
  readonly protected: boolean
  readonly lockedByOperator: boolean
  readonly nextChangeAt: string | null
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
    /** By part: what the target refused, or has not done yet. */
    readonly failures: Readonly<Record<string, { readonly kind: string; readonly code: string }>> | null
    /** What the target last showed. */
    readonly actual: ActualView | null
    readonly actualAt: string | null
  }[]
  /** The last 50, newest first. */
  readonly lockouts: readonly LockoutView[]
}

/** The parts of an account, cards and levels by name. */
export interface PartsView {
  readonly lock: string
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

export interface LockoutView {
  readonly id: string
  readonly person: string | null
  readonly account: string
  readonly target: string
  readonly cause: string
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

export interface ExplanationView extends Omit<Explanation, 'rules'> {
  readonly rules: readonly (Omit<RuleExplanation, 'employments'> & { readonly employments: readonly VerdictView[] })[]
  readonly lockedByOperator: boolean
  readonly heldOpenUntil: string | null
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
    readonly value: string | number | boolean | null
  }[]
}

export interface AuditEntryView {
  readonly seq: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly object: string
  readonly details: Readonly<Record<string, unknown>>
  readonly hash: string
}

/** Rows by place, field and code; never by value. */
export interface SourceView {
  readonly id: string
  readonly deliveries: readonly {
    readonly id: string
    readonly mode: string
    readonly arrivedAt: string
    readonly outcome: string | null
    readonly records: number
    readonly changed: number
    readonly problems: number
    readonly missing: number
  }[]
  /** The delivery that `problems` are of; null: none had any. */
  readonly problemsOf: string | null
  readonly problems: readonly { readonly place: string; readonly field: string | null; readonly code: string }[]
}

export interface LevelView {
  readonly target: string
  readonly id: string
  readonly externalId: string
  readonly name: string
  readonly usedByRules: boolean
}

export interface ArchiveView {
  readonly id: string
  readonly source: string
  /** The pull that took the delivery in. */
  readonly pull: string
  readonly createdAt: string
  /** When its key is destroyed. */
  readonly expiresAt: string
  readonly bytes: number
  /** `forged`: the row was changed from outside; it can't be opened, and somebody should ask who did it. */
  readonly state: 'kept' | 'forged'
}

export interface TokenView {
  readonly id: string
  readonly subject: string
  readonly name: string
  readonly role: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly revokedAt: string | null
}

/** One page of rows and the cursor of the next (null: no more). */
export interface Paged<T> {
  readonly rows: readonly T[]
  readonly next: string | null
}

export interface Acts {
  status(): Promise<StatusView>
  /** Looks for a delivery of the source (all sources when absent) now, and waits until it is done. */
  sync(
    actor: Actor,
    source?: string,
  ): Promise<
    readonly {
      source: string
      outcome: string
      records: number
      changed: number
      problems: number
      missing: number
      plan: string | null
    }[]
  >
  /** The last deliveries of a source, and what of them could not be used. */
  source(id: string): Promise<SourceView>
  plans(filter: { state?: string }, page: { after?: string; limit: number }): Promise<Paged<PlanView>>
  plan(id: string): Promise<PlanView>
  planChanges(id: string, page: { after?: string; limit: number }): Promise<Paged<PlanChangeView>>
  /** Resolves again, applies what is still wanted exactly so; `dropped` lists the rest. */
  releasePlan(actor: Actor, id: string, reason: string): Promise<{ applied: number; dropped: number }>
  rejectPlan(actor: Actor, id: string, reason: string): Promise<void>
  /** Stops all writing to a target, lock-outs too, until resumed. */
  pauseTarget(actor: Actor, target: string, reason: string): Promise<void>
  /** Whatever paused it: a person, or a refused login. */
  resumeTarget(actor: Actor, target: string, reason: string): Promise<void>
  /** By employee number, card (`H10301:facility:number` or `CSN:hex`) or person id. */
  findPerson(by: string): Promise<string>
  person(id: string): Promise<PersonView>
  explain(id: string): Promise<ExplanationView>
  /** `paused`: targets where nothing happens until they are resumed. */
  lockPerson(
    actor: Actor,
    id: string,
    reason: string,
  ): Promise<{ lockouts: readonly string[]; paused: readonly string[] }>
  unlockPerson(actor: Actor, id: string, reason: string, hours: number): Promise<void>
  lockout(id: string): Promise<LockoutView>
  levels(target?: string): Promise<readonly LevelView[]>
  archives(source: string | undefined, page: { after?: string; limit: number }): Promise<Paged<ArchiveView>>
  /** The delivery as it came: plain personal data, after an entry in the audit trail. */
  openArchive(
    actor: Actor,
    id: string,
    reason: string,
  ): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }>
  /** At once and for ever: the key goes first, then the file. */
  destroyArchive(actor: Actor, id: string, reason: string): Promise<void>
  audit(page: { after?: string; limit: number }): Promise<Paged<AuditEntryView>>
  verifyAudit(): Promise<{
    ok: boolean
    entries: number
    head: string | null
    brokenAt: number | null
    why: string | null
  }>
  tokens(): Promise<readonly TokenView[]>
  /** The secret is shown once, here. Only an admin makes tokens for others. */
  createToken(
    actor: Actor,
    request: { name: string; role: Actor['role']; days: number },
  ): Promise<{ id: string; subject: string; token: string; expiresAt: string }>
  revokeToken(actor: Actor, id: string): Promise<void>
  metrics(): Promise<string>
  ready(): Promise<{ ok: boolean; checks: readonly { name: string; ok: boolean; detail?: string }[] }>
}
