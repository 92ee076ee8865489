/** The tables as TypeScript sees them: one interface per table, column for column.
 * One file because it is held, as a whole, against the migrations and the catalogue of columns. */
import type { ColumnType, Generated } from 'kysely'
import type { CardState } from '../model/card.ts'
import type { FeedName } from '../model/events/reveal.ts'
import type { EventClass, EventType } from '../model/events/types.ts'
import type {
  AccessLevelId,
  AccountId,
  ConfigVersionId,
  CredentialId,
  EnrolmentId,
  GrantId,
  KeyId,
  MatchRunId,
  PersonId,
  PinIssueId,
  PlanId,
  PullId,
  SourceRecordId,
  SubjectId,
  SuspensionId,
} from '../model/id.ts'
import type { Lane } from '../model/lane.ts'
import type { PersonState } from '../model/person.ts'

type Time = ColumnType<Date, Date | string, Date | string>
type TimeOrNull = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
type Defaulted<T> = ColumnType<T, T | undefined, T>

export interface Tables {
  gateway: GatewayTable
  config_version: ConfigVersionTable
  subject: SubjectTable
  api_token: ApiTokenTable
  source: SourceTable
  source_standing: SourceStandingTable
  target: TargetTable
  access_level: AccessLevelTable
  /** `former`: the keys before, since keys were replaced, one after the other. */
  person_key: { id: KeyId; epoch: string; wrapped: Buffer; former: ColumnType<Buffer | null, never, Buffer | null> }
  person: PersonTable
  blind_index: { purpose: string; digest: Buffer; person_id: PersonId; guard: Buffer }
  source_record: SourceRecordTable
  credential: CredentialTable
  account: AccountTable
  individual_grant: IndividualGrantTable
  pin_issue: PinIssueTable
  lock_mark: LockMarkTable
  erasure: ErasureTable
  erasure_account: ErasureAccountTable
  tombstone: TombstoneTable
  pull: PullTable
  pull_problem: { pull_id: PullId; place: string; field: string | null; code: string }
  archive: ArchiveTable
  punch: PunchTable
  punch_log: PunchLogTable
  punch_position: PunchPositionTable
  plan: PlanTable
  plan_change: PlanChangeTable
  lockout: LockoutTable
  match_run: MatchRunTable
  match_row: MatchRowTable
  drift: DriftTable
  account_work: AccountWorkTable
  outbox: {
    id: Generated<string>
    target: string
    lane: Lane
    delay_ms: Defaulted<number>
    urgent: Generated<boolean>
  }
  event_source: EventSourceTable
  event_month: EventMonthTable
  event_key: { source: string; digest: Buffer; received_on: string }
  event: EventTable
  subscription: SubscriptionTable
  subscription_position: SubscriptionPositionTable
  delivery: DeliveryTable
  /** How far the log of a source was looked through for what people present, and for alarms. */
  event_guard: { source: string; position: ColumnType<string, number, number>; guard: Buffer }
  enrolment: EnrolmentTable
  suspension: SuspensionTable
  suspension_approval: SuspensionApprovalTable
  restore: RestoreTable
  alarm: AlarmTable
  alarm_notice: AlarmNoticeTable
  /** Up to where the trail was found whole. */
  audit_mark: { singleton: Generated<boolean>; seq: string; hash: Buffer; guard: Buffer }
  audit_pending: AuditPendingTable
  audit: AuditTable
}

/** `frozen_at` is for everything; the guard is of that, and of the version. */
interface GatewayTable {
  singleton: Generated<boolean>
  id: string
  created_at: Generated<Date>
  frozen_at: TimeOrNull
  standing_version: Defaulted<number>
  standing_guard: Buffer | null
  /** Names the keys that this database is under, once they were replaced, or are about to be. */
  key_set: string | null
  key_set_guard: Buffer | null
}

/** What decides about people and doors, as it was written at some time. Of the genuine released ones, that with the highest number is in force. */
export interface ConfigVersionTable {
  id: ConfigVersionId
  /** Counted from 1, in the order in which they were proposed. */
  number: number
  state: 'proposed' | 'released' | 'rejected' | 'superseded'
  digest: Buffer
  config: Buffer
  created_at: Time
  decided_at: TimeOrNull
  /** Null: nobody has decided yet, or Gatehouse itself did. */
  decided_by: SubjectId | null
  /** What its release would have changed, counted when it was proposed; JSON of kinds, targets and numbers. */
  effect: string | null
  /** Names what everybody was resolved under: this version, and the names of the access levels then. */
  resolved: Buffer | null
  guard: Buffer
}

export interface SubjectTable {
  id: SubjectId
  name: Buffer
  name_digest: Buffer
  role: 'viewer' | 'operator' | 'admin' | 'security' | 'attendance'
  created_at: Generated<Date>
  disabled_at: TimeOrNull
  guard: Buffer
}

export interface ApiTokenTable {
  id: string
  subject_id: SubjectId
  mac: Buffer
  created_at: Generated<Date>
  expires_at: Time
  revoked_at: TimeOrNull
  guard: Buffer
}

export interface SourceTable {
  id: string
  fingerprint: Buffer | null
  fingerprint_at: TimeOrNull
  delivery_at: TimeOrNull
  complete_at: TimeOrNull
  complete_records: number | null
  /** When the source made its last delivery: the same bytes of the same time are the same delivery. */
  written_at: TimeOrNull
  registered_at: Generated<Date>
}

/** What decides how far a source is trusted: guarded, unlike the times of its deliveries. */
export interface SourceStandingTable {
  source: string
  /** How many people it locked out by record, by minute, as far as the last hour is concerned: JSON of `[minute, people]`. */
  lockouts: string
  /** Since when it is suspect; null: it is not. */
  suspect_at: TimeOrNull
  /** When the newest suspicion began that has ended: lock-outs held by it and by older ones were let go. */
  cleared_at: TimeOrNull
  /** How many the last accepted complete delivery held; null: there was none yet. */
  records: number | null
  /** Of mapping and columns of the last full delivery that was taken: while it is the same, a changed row is a changed record. */
  shape: Buffer | null
  /** The accepted columns, in their order, of full deliveries and of changes. */
  columns_full: Buffer | null
  columns_delta: Buffer | null
  /** Those of a delivery that waits until a person has accepted them. */
  offered_full: Buffer | null
  offered_delta: Buffer | null
  /** The full delivery that is being taken in, and what it changed and lost so far. */
  reading: Buffer | null
  altered: Defaulted<number>
  lost: Defaulted<number>
  /** Why the last full delivery waits as a whole, as JSON; null: it does not. */
  braked: string | null
  /** Where the source is read on, sealed, with what was read so far: other settings or another mapping begin anew. Null: at the beginning. */
  cursor: Defaulted<Buffer | null>
  guard: Buffer
}

export interface TargetTable {
  id: string
  identity_rule: string | null
  paused_at: TimeOrNull
  pause_code: string | null
  rest_until: TimeOrNull
  breaker_until: TimeOrNull
  breaker_failures: Defaulted<number>
  reach: string | null
  owner: string | null
  owner_until: TimeOrNull
  levels_at: TimeOrNull
  /** What a person decided; null leaves it to the configuration. */
  mode: 'observe' | 'enabled' | null
  mode_at: TimeOrNull
  mode_by: SubjectId | null
  /** When the first plan was released after a person enabled the target. */
  first_release_at: TimeOrNull
  /** Since when the target seems to have forgotten. */
  restored_at: TimeOrNull
  /** The newest look at all its accounts that ended well: who may have an account by it is made none. */
  match_id: MatchRunId | null
  mode_guard: Buffer | null
  /** When all its accounts were last looked through; null: to be done at once. */
  swept_at: TimeOrNull
  sweep_counts: string | null
  sweep_guard: Buffer | null
  /** Where single reads of accounts, of which a list shows too little, go on. */
  looked_through: AccountId | null
  /** JSON of how far that is. */
  deep_sweep: string | null
  deep_guard: Buffer | null
  frozen_at: TimeOrNull
  /** Counts changes of what is paused and frozen. */
  standing_version: Defaulted<number>
  standing_guard: Buffer | null
}

export interface AccessLevelTable {
  id: AccessLevelId
  target: string
  external_id: string
  name: string
  gone_at: TimeOrNull
  guard: Buffer
}

export interface PersonTable {
  id: PersonId
  key_id: KeyId
  state: PersonState
  left_at: TimeOrNull
  next_change_at: TimeOrNull
  protected: Defaulted<boolean>
  locked_at: TimeOrNull
  unlocked_until: TimeOrNull
  /** Names of the rows that belong to this person; null: signed before there were any. */
  holdings: string | null
  guard: Buffer
}

export interface SourceRecordTable {
  id: SourceRecordId
  source: string
  key_digest: Buffer
  row_digest: Buffer
  person_id: PersonId | null
  key_id: KeyId
  record: Buffer
  version: number
  presence: 'present' | 'missing' | 'gone'
  missing_since: TimeOrNull
  guard: Buffer
}

export interface CredentialTable {
  id: CredentialId
  person_id: PersonId
  digest: Buffer
  card: Buffer
  state: CardState
  source: string | null
  waits: Defaulted<boolean>
  /** Since when an operator has suspended it, whatever the source says; null: not. */
  held_at: TimeOrNull
  /** Of a card that an operator issued: what the sources claimed then (`none`, or a state). While no source has it, that counts no more. */
  issued_over: string | null
  guard: Buffer
}

export interface AccountTable {
  id: AccountId
  target: string
  person_id: PersonId | null
  key_id: KeyId
  is_primary: Defaulted<boolean>
  external_digest: Buffer
  external_id: Buffer
  wanted: string
  wanted_facts: Buffer
  wanted_facts_version: number
  wanted_by: string
  pending: boolean
  desired: string | null
  desired_facts: Buffer | null
  desired_facts_version: number | null
  desired_version: Defaulted<number>
  /** Signs `desired` alone, so that a copy of it can be told from a forged one. */
  desired_mac: Buffer | null
  owned: string | null
  owned_guard: Buffer | null
  applied_version: Defaulted<number>
  actual: Buffer | null
  actual_version: number | null
  actual_at: TimeOrNull
  failures: string | null
  failing_since: TimeOrNull
  /** The desired version of which somebody said by name that it may stay as it is. */
  discarded_version: number | null
  /** Signs that; without it, nobody said so. */
  discarded_guard: Buffer | null
  frozen_at: TimeOrNull
  /** A lock-out waits because its source is suspect; this says since when that is. */
  suspect_at: TimeOrNull
  /** It is shut, whatever anybody else says, until two people approved that it opens. */
  suspension: SuspensionId | null
  guard: Buffer
}

export interface IndividualGrantTable {
  id: GrantId
  person_id: PersonId
  access_level_id: AccessLevelId
  until: TimeOrNull
  reason: Buffer
  subject_id: SubjectId
  created_at: Time
  ended_at: TimeOrNull
  ending: 'revoked' | 'expired' | 'left' | null
  guard: Buffer
}

/** That somebody whom this digest finds was locked by an operator. */
export interface LockMarkTable {
  purpose: string
  digest: Buffer
  person_id: PersonId
  guard: Buffer
}

/** A PIN on its way: the row is deleted when every target has it. */
export interface PinIssueTable {
  id: PinIssueId
  person_id: PersonId
  pin: Buffer
  subject_id: SubjectId
  created_at: Time
  guard: Buffer
}

export interface ErasureTable {
  id: string
  person_id: PersonId
  key_id: KeyId
  asked_at: Time
  /** A subject's id, or `journal` when an older database was put back. */
  asked_by: string
  /** The newest epoch when the person's key was deleted: no copy of that lies under a newer one. */
  epoch: string | null
  deleted_at: TimeOrNull
  /** When that epoch was destroyed: backups don't open from then on. */
  unreadable_at: TimeOrNull
  /** When a person allowed the erased to be brought in again. */
  lifted_at: TimeOrNull
  /** Signed lines for auditors: what was deleted, and that backups are closed. */
  statement: string | null
  closing: string | null
  guard: Buffer
}

/** What became of an account of somebody who is erased; null: nothing yet. */
export type Removal = 'removed' | 'never-made' | 'not-ours' | 'untouchable' | 'signed-off'

export interface ErasureAccountTable {
  account_id: AccountId
  erasure_id: string
  target: string
  outcome: Removal | null
  at: TimeOrNull
  guard: Buffer
}

export interface TombstoneTable {
  purpose: string
  digest: Buffer
  erasure_id: string
  guard: Buffer
}

export interface PullTable {
  id: PullId
  source: string
  mode: 'full' | 'delta'
  arrived_at: Time
  settled_ms: number
  finished_at: TimeOrNull
  outcome: string | null
  complete: boolean | null
  records: Defaulted<number>
  changed: Defaulted<number>
  problems: Defaulted<number>
  missing: Defaulted<number>
}

/** A delivery kept as it came; `id` names its file and its key. */
export interface ArchiveTable {
  id: KeyId
  source: string
  pull_id: PullId
  fingerprint: Buffer
  /** How long the delivery was; a bigint, so PostgreSQL gives it as text. */
  bytes: ColumnType<string, number, number>
  created_at: Time
  expires_at: Time
  epoch: string
  wrapped: Buffer
  guard: Buffer
}

/** Somebody came, went or had a break, or a correction of that; numbered without a gap. */
export interface PunchTable {
  /** A bigint, so PostgreSQL gives it as text. */
  n: ColumnType<string, number, never>
  /** In UTC, of when it happened, as its event is filed; in rows of before, the day of work. */
  day: string
  /** Under a key of that day. */
  person_digest: Buffer
  /** Of the event that it was made of; null: somebody wrote it by hand. */
  event_digest: Buffer | null
  sealed: Buffer
  guard: Buffer
}

/** How many punches there are. */
export interface PunchLogTable {
  singleton: boolean
  last_n: ColumnType<string, number, number>
  guard: Buffer
}

/** Up to where events of a source were looked through for punches. */
export interface PunchPositionTable {
  source: string
  position: ColumnType<string, number, number>
  guard: Buffer
}

export interface PlanTable {
  id: PlanId
  origin: string
  pull_id: PullId | null
  state: 'held' | 'passed' | 'released' | 'rejected' | 'superseded'
  hash: Buffer
  counts: string
  holds: string
  created_at: Generated<Date>
  decided_at: TimeOrNull
  decided_by: SubjectId | null
  /** Of a released plan: when the last of its changes was made. */
  applied_at: TimeOrNull
  /** What it would do at a glance, as JSON. */
  outline: string | null
  guard: Buffer
}

export type HeldFor =
  | 'brake'
  | 'unconfirmed'
  | 'protected'
  | 'observe'
  | 'first-plan'
  | 'restored'
  | 'frozen'
  | 'suspect'
  | 'pull'

export interface PlanChangeTable {
  plan_id: PlanId
  account_id: AccountId
  target: string
  kind: string
  part: string
  before: string | null
  after: string | null
  /** Why it waits for a release; null passes at once. */
  held_for: HeldFor | null
  dropped: Defaulted<boolean>
}

export interface LockoutTable {
  id: string
  account_id: AccountId
  person_id: PersonId | null
  /** One card of the account; null: the whole account. */
  credential_id: CredentialId | null
  target: string
  version: number
  cause: string
  arrived_at: Time
  decided_at: Time
  started_at: TimeOrNull
  accepted_at: TimeOrNull
  proven_at: TimeOrNull
  proof: string | null
  requests: Defaulted<number>
  waiting_ms: Defaulted<number>
  ended_at: TimeOrNull
  /** Somebody took it upon themselves, by name, before it was proven. */
  signed_off_at: TimeOrNull
  signed_off_by: SubjectId | null
  sign_off_guard: Buffer | null
  /** Signs the decision; null in rows from before there was one. */
  guard: Buffer | null
  /** Signs the steps since; null as long as there are none. */
  steps_guard: Buffer | null
  /** Names the span that led to it, by two random numbers; null when nothing is traced. */
  trace: string | null
}

/** One look at all accounts of a target, to find out whose they are. */
export interface MatchRunTable {
  id: MatchRunId
  target: string
  state: 'requested' | 'running' | 'done' | 'failed'
  requested_at: Time
  requested_by: SubjectId
  /** The process that reads. */
  owner: string | null
  finished_at: TimeOrNull
  /** Looked at so far. */
  accounts: Defaulted<number>
  /** Those that the list had so far: as many are to be looked at. */
  listed: Defaulted<number>
  /** Why it failed. */
  code: string | null
  /** Which accounts may be whose (`Leads`); null until it ended well. */
  leads: string | null
  /** What a person has decided by it (`Settled`); null: nothing yet. */
  settled: string | null
  guard: Buffer
}

export interface MatchRowTable {
  id: string
  run_id: MatchRunId
  n: number
  external_digest: Buffer
  /** The account as it was found; null once it is linked, and for what is none of ours. */
  found: Buffer | null
  /** Null until all people were looked at. */
  class: string | null
  person_id: PersonId | null
  reasons: string | null
  guard: Buffer | null
}

export interface DriftTable {
  id: string
  target: string
  /** Null: an account that nobody of ours has. */
  account_id: AccountId | null
  external_digest: Buffer
  /** Sealed; null for an account of ours, which has it itself. */
  external_id: Buffer | null
  class: string
  part: string
  found_at: Time
  /** Since when it counts as known. */
  accepted_at: TimeOrNull
  /** Null with `accepted_at`: by the configuration. */
  accepted_by: SubjectId | null
  guard: Buffer
}

export interface Intent {
  readonly desired: string
  readonly mac: string
}

export interface AccountWorkTable {
  account_id: AccountId
  target: string
  lane: Lane
  due_at: ColumnType<Date, Date | undefined, Date>
  verify_at: TimeOrNull
  /** Desired states that runs set out for and that nobody has read back and noted yet. */
  intents: Defaulted<Intent[]>
  attempts: Defaulted<number>
  lease_owner: string | null
  lease_until: TimeOrNull
  lease_counter: Defaulted<string>
  dead_at: TimeOrNull
}

interface AlarmTable {
  code: string
  scope: string
  raised_at: Defaulted<Date>
  cleared_at: TimeOrNull
  /** How many things it is about now; null when that is one, or nothing that is counted. */
  count: number | null
  cleared_guard: Buffer | null
  raised_guard: Buffer | null
}

/** A change of an alarm that is still to be told. */
interface AlarmNoticeTable {
  seq: Generated<string>
  id: string
  code: string
  scope: string
  is_on: boolean
  at: Time
  count: number | null
  attempts: Defaulted<number>
  first_try_at: TimeOrNull
  next_try_at: Defaulted<Date>
  logged_at: TimeOrNull
  guard: Buffer
}

/** One restore from a backup; the latest one tells whether the store has caught up. */
export interface RestoreTable {
  id: string
  /** The moment that the backup is of. */
  made_at: Time
  restored_at: Time
  /** When everybody who was out was put on the urgent list again. */
  relocked_at: TimeOrNull
  /** JSON: targets whose accounts were read anew. */
  stock_taken: string
  settled_at: TimeOrNull
  /** JSON: by target, the last account that was read anew; null: none, anywhere. */
  stock_at: string | null
  /** JSON: sources that have delivered everybody since; null: none. */
  heard: string | null
  guard: Buffer
}

/** What is known of a target that reports events. Bigints come from PostgreSQL as text. */
export interface EventSourceTable {
  source: string
  /** Of its newest event; they are numbered from 1 without a gap. */
  position: ColumnType<string, number, number>
  /** Where the connector goes on, sealed; null: from now on. */
  cursor: Buffer | null
  /** Counts who has followed the source: whoever was overtaken appends nothing more. */
  turn: number
  /** Up to here events were sealed under keys that were replaced since, and up to `renewed_to` they have been sealed anew. */
  former_to: ColumnType<string, number, number>
  renewed_to: ColumnType<string, number, number>
  /** When anything was heard last, be it that nothing happened. */
  heard_at: TimeOrNull
  /** When an event came last. */
  received_at: TimeOrNull
  /** Events so far that were not as a connector must report them. */
  malformed: Defaulted<string>
  /** By how much clocks of devices were ahead of ours, half of them more and half less; and by how much the one that was furthest off. */
  device_skew_ms: number | null
  furthest_skew_ms: number | null
  /** The same of the system's own clock. */
  system_skew_ms: number | null
  skew_at: TimeOrNull
  guard: Buffer
}

/** How many events of one class a source reported in one month, by when they were received. */
export interface EventMonthTable {
  source: string
  class: EventClass
  /** As `2026-11`. */
  month: string
  events: ColumnType<string, number, number>
  first_position: ColumnType<string, number, number>
  last_position: ColumnType<string, number, number>
  /** When their time was over and all of them were dropped. */
  forgotten_at: TimeOrNull
  guard: Buffer
}

export interface EventTable {
  source: string
  position: ColumnType<string, number, number>
  class: EventClass
  type: EventType
  /** What it is filed under: when it happened, or when it was received where that can't be true. */
  at: Time
  received_at: Time
  /** A card was shown that is nobody's. */
  strange_card: boolean
  /** Each of one day, so that two days can't be joined. */
  person_digest: Buffer | null
  card_digest: Buffer | null
  door_digest: Buffer | null
  /** Which person's key sealed it, itself sealed: else a dump would show somebody's whole way by its id. Null: the gateway's own. */
  whose: Buffer | null
  sealed: Buffer
  guard: Buffer
}

/** From `owner` on, nothing is signed: it only delays. */
export interface SubscriptionTable {
  id: string
  state: Defaulted<'enabled' | 'disabled'>
  state_at: Defaulted<Date>
  /** Why it is disabled. */
  state_code: string | null
  /** Counts changes, so that an older state shows as one. */
  version: Defaulted<number>
  /** Counts replays: positions of another epoch count for nothing. */
  epoch: Defaulted<number>
  /** JSON list of the sources that have a position, so that one which is gone shows. */
  sources: Defaulted<string>
  /** What it is fed with. Null in rows of before that was noted: their sources tell, where they have any. */
  feed: FeedName | null
  /** Null: somebody deleted the row, and it was made again. */
  guard: Buffer | null
  /** Since when it is in no configuration any more. */
  left_at: TimeOrNull
  owner: string | null
  owner_until: TimeOrNull
  /** When the receiver last took anything. */
  taken_at: TimeOrNull
  /** Failures in a row. */
  attempts: Defaulted<number>
  failing_since: TimeOrNull
  next_try_at: TimeOrNull
  /** Of the last failure, while it fails: what `ConnectorError` calls so. */
  kind: string | null
  code: string | null
}

/** Up to where everything was taken, or is not for this receiver. */
export interface SubscriptionPositionTable {
  subscription: string
  source: string
  epoch: number
  /** Comes from PostgreSQL as text. */
  position: ColumnType<string, number, number>
  guard: Buffer
}

/** What was tried, without what was in it; what went well right after each other is one row. */
export interface DeliveryTable {
  id: Generated<string>
  subscription: string
  outcome: 'taken' | 'failed' | 'refused' | 'test'
  begun_at: Time
  ended_at: Time
  /** JSON: positions from and to, by source. */
  spans: string
  batches: number
  events: ColumnType<string, number, number>
  /** Of people who were erased, left out. */
  erased: ColumnType<string, number, number>
  /** On which the filter broke, left out. */
  unfiltered: ColumnType<string, number, number>
  /** No longer in the log when it was their turn. */
  lost: ColumnType<string, number, number>
  attempt: number
  /** That the receiver answered last, where there are any. */
  status: number | null
  code: string | null
  longest_ms: number
}

/** A time in which what is enrolled for a person is expected. */
export interface EnrolmentTable {
  id: EnrolmentId
  person_id: PersonId
  opened_at: Time
  opened_by: SubjectId
  until: Time
  reason: Buffer
  closed_at: TimeOrNull
  closed_by: SubjectId | null
  guard: Buffer
}

/** Why a change of what somebody presents at doors was not expected. */
export type SuspensionCause = 'event' | 'biometrics' | 'pin' | 'card' | 'record' | 'unread'

export interface SuspensionTable {
  id: SuspensionId
  account_id: AccountId
  person_id: PersonId
  target: string
  /** `waits`: it is not shut before an admin says so. */
  state: 'waits' | 'shut' | 'lifted'
  waits_for: 'brake' | 'protected' | null
  /** Of what was found last. */
  cause: SuspensionCause
  /** Names what was found last, at random: an approval is of this, and of nothing that is found later. */
  finding: string
  found_at: Time
  last_found_at: Time
  shut_at: TimeOrNull
  /** Somebody said by name that it stays shut. */
  kept_at: TimeOrNull
  kept_by: SubjectId | null
  lifted_at: TimeOrNull
  guard: Buffer
}

export interface SuspensionApprovalTable {
  id: string
  suspension_id: SuspensionId
  finding: string
  person_id: PersonId
  subject_id: SubjectId
  reason: Buffer
  at: Time
  guard: Buffer
}

export interface AuditPendingTable {
  id: Generated<string>
  at: Time
  actor: string
  action: string
  object: string
  details: Buffer
  details_row: string
  guard: Buffer
}

export interface AuditTable {
  seq: string
  at: Time
  actor: string
  action: string
  object: string
  details: Buffer
  details_row: string
  hash: Buffer
  mac: Buffer
}
