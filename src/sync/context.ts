/** What the sync engine works with: handed in once by the composition root, never looked up. */
import type pg from 'pg'
import type { Connection, PeopleCapability } from '../connector/contract.ts'
import type { Mapping } from '../mapping/mapping.ts'
import type { DriftPolicy } from '../model/drift.ts'
import type { AccessLevelId } from '../model/id.ts'
import type { LeaverDelays } from '../policy/leaver.ts'
import type { Policy } from '../policy/policy.ts'
import type { StateOptions } from '../policy/state.ts'
import type { Database } from '../store/database.ts'
import type { Standings } from '../store/standings.ts'
import type { CodedLog } from '../telemetry/log.ts'
import type { Traces } from '../telemetry/traces.ts'
import type { LivingKeyring } from '../vault/living-keyring.ts'
import type { Vault } from '../vault/vault.ts'
import type { ChangeKind } from './parts.ts'

/** When a brake trips: above the larger of both. */
export interface BrakeLimit {
  readonly min: number
  readonly percent: number
  /** What passes at a target where nobody has an open account yet, instead of the two; without it they count there too. */
  readonly whenEmpty?: number
}
export type Brakes = Readonly<Record<Exclude<ChangeKind, 'lockout-record'>, BrakeLimit>>

export interface SourceSetup {
  readonly id: string
  readonly zone: string
  readonly mapping: Mapping
  /** Changes whenever the mapping does, so that unchanged rows are read again under the new one. */
  readonly mappingVersion: string
  /** Changes whenever the mapping, the connector or its settings do: what was read before tells nothing of what to read now. */
  readonly readVersion: string
  /** The record's key alone, for rows that are otherwise unreadable; null when not even that can be told. */
  readonly keyOf: (cells: Readonly<Record<string, string | null>>) => string | null
  readonly absenceConfirmAfterMs: number
  readonly expectEveryMs: number | null
  /** How long its deliveries are kept, sealed; null keeps none. */
  readonly archiveKeepMs: number | null
  readonly brakes: Brakes
  /** People that it may lock out by record within an hour; above that it is suspect. */
  readonly lockoutsPerHour: BrakeLimit
  /** What a full delivery may lose and change of the one before; above that, all that follows from it waits. */
  readonly rowsLost: BrakeLimit
  readonly rowsChanged: BrakeLimit
}

/** By what existing accounts of a target are recognised. */
export interface MatchRules {
  /** `account-id`, or profile fields as the target stores them. */
  readonly employeeNumber: readonly string[]
  readonly email: readonly string[]
  readonly name: readonly string[]
  readonly card: boolean
  /** Whether the day on which an account begins tells people of one name apart. */
  readonly nameAndDate: boolean
  /** Whether zeros at its beginning tell an employee number from another. */
  readonly leadingZeros: 'tell' | 'ignore'
}

export interface TargetSetup {
  readonly id: string
  /** Written to from its first start, without a person having enabled it; what a person decided outweighs it. */
  readonly declaredEnabled: boolean
  readonly connection: Connection<'accounts'>
  /** How long the target may still carry out a request whose answer we no longer wait for, in ms. */
  readonly lateWriteMs: number
  readonly concurrency: number
  readonly match: MatchRules
  /** How often all its accounts are looked through for what changed behind our back. */
  readonly sweepEveryMs: number
  readonly deepSweep: DeepSweepPace
  /** What is done about each kind of change behind our back. */
  readonly drift: DriftPolicy
  /** Names of levels that nobody but Gatehouse gives there, whether a rule hands them out or not. */
  readonly authoritative: readonly string[]
  readonly guard: GuardPolicy
}

/** What is done when what somebody presents there changed without an order of ours. */
export interface GuardPolicy {
  readonly unexpected: 'report' | 'suspend'
  /** So many accounts are suspended within a day at most; further ones wait for an admin. */
  readonly brake: BrakeLimit
}

/** How fast accounts are read singly, where a list shows too little of them. */
export interface DeepSweepPace {
  /** Each once in this time. */
  readonly everyMs: number
  /** At most. */
  readonly requestsPerSecond: number
}

export interface SyncMetrics {
  applied(target: string, outcome: string): void
  pulled(source: string, outcome: string, records: number): void
}

export interface SyncContext {
  readonly database: Database
  readonly vault: Vault
  /** For those who turn the vault's keys over; everybody else asks the vault. */
  readonly keyring: LivingKeyring
  readonly sources: ReadonlyMap<string, SourceSetup>
  readonly targets: ReadonlyMap<string, TargetSetup>
  readonly policy: Policy
  readonly stateOptions: StateOptions
  /** When what of a leaver is taken away. */
  readonly leaver: LeaverDelays
  /** How long backups of the database are kept: until then their keys are. */
  readonly backupHorizonMs: number
  /** For how long at most an individual grant with an end may be given. */
  readonly grantLongestMs: number
  /** Digits of a PIN. */
  readonly pinLength: number
  /** The file of erasures, beside the keyring. */
  readonly erasureJournalPath: string
  /** Where sealed deliveries lie; made when the first one is kept. */
  readonly archiveFolder: string
  readonly levels: LevelCatalogue
  /** How a source gives pictures; undefined for one that has none, or that this process is not connected to. */
  readonly photoSource: (source: string) => PeopleCapability['photo']
  /** What is paused, frozen or resting. */
  readonly standings: Standings
  /**
   * For whoever decides about people, in the deciding transaction: what this context was made of must still be in force.
   * @throws Refusal `config.superseded`.
   */
  readonly refuseSuperseded: (client: pg.ClientBase) => Promise<void>
  readonly log: CodedLog
  readonly metrics: SyncMetrics
  readonly traces: Traces
  readonly now: () => Date
}

/** The access levels of all targets, pinned by the vendor's id. */
export interface LevelCatalogue {
  /** `target/name` as rules write it; undefined when the target offers none of that name. */
  byRef(ref: string): AccessLevelId | undefined
  /** The vendor's id. */
  externalId(id: AccessLevelId): string | undefined
  /** Ours, of the vendor's id at a target. */
  byExternalId(target: string, externalId: string): AccessLevelId | undefined
  /** `target/name`. */
  nameOf(id: AccessLevelId): string | undefined
}
