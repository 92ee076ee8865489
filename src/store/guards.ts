/** Which columns of each row decide something: exactly these are signed, and checked before any effect.
 * One file because what is signed is judged as a whole. */
import type { Selectable } from 'kysely'
import type { AccountId } from '../model/id.ts'
import type { GuardValue } from '../vault/vault.ts'
import type {
  AccessLevelTable,
  AccountTable,
  ApiTokenTable,
  ArchiveTable,
  ConfigVersionTable,
  CredentialTable,
  DriftTable,
  EnrolmentTable,
  ErasureAccountTable,
  ErasureTable,
  EventMonthTable,
  EventSourceTable,
  EventTable,
  IndividualGrantTable,
  LockMarkTable,
  LockoutTable,
  MatchRowTable,
  MatchRunTable,
  PersonTable,
  PinIssueTable,
  PlanTable,
  PunchTable,
  RestoreTable,
  SourceRecordTable,
  SourceStandingTable,
  SubjectTable,
  SubscriptionPositionTable,
  SubscriptionTable,
  SuspensionApprovalTable,
  SuspensionTable,
  TargetTable,
} from './schema.ts'

export type PersonRow = Selectable<PersonTable>
export type SourceRecordRow = Selectable<SourceRecordTable>
export type CredentialRow = Selectable<CredentialTable>
export type GrantRow = Selectable<IndividualGrantTable>
export type PinIssueRow = Selectable<PinIssueTable>
export type LockMarkRow = Selectable<LockMarkTable>
export type AccountRow = Selectable<AccountTable>
export type PunchRow = Selectable<PunchTable>
export type PlanRow = Selectable<PlanTable>
export type SourceStandingRow = Selectable<SourceStandingTable>
export type LevelRow = Selectable<AccessLevelTable>
export type LockoutRow = Selectable<LockoutTable>
export type ArchiveRow = Selectable<ArchiveTable>
export type MatchRunRow = Selectable<MatchRunTable>
export type DriftRow = Selectable<DriftTable>
export type MatchRow = Selectable<MatchRowTable>
export type RestoreRow = Selectable<RestoreTable>
/** Without the text itself, which is opened only where it is needed; its digest is here. */
export type ConfigVersionRow = Omit<Selectable<ConfigVersionTable>, 'config' | 'resolved'>
export type SubjectRow = Selectable<SubjectTable>
export type TokenRow = Selectable<ApiTokenTable>
export type ErasureRow = Selectable<ErasureTable>
export type ErasureAccountRow = Selectable<ErasureAccountTable>
export type EventSourceRow = Selectable<EventSourceTable>
export type EventMonthRow = Selectable<EventMonthTable>
export type EventRow = Selectable<EventTable>
export type EnrolmentRow = Selectable<EnrolmentTable>
export type SuspensionRow = Selectable<SuspensionTable>
export type ApprovalRow = Selectable<SuspensionApprovalTable>
export type TargetModeRow = Pick<Selectable<TargetTable>, (typeof guardedOfTarget)[number] | 'mode_guard'>

/** State and `next_change_at` are derived and re-computed; who may not be locked, who was, and what is theirs, decides. */
export function personGuard(row: PersonRow): readonly GuardValue[] {
  const first = [row.id, row.key_id, row.protected, row.left_at, row.locked_at, row.unlocked_until]
  return [...first, ...later(row.holdings)]
}

export function blindIndexGuard(purpose: string, digest: Buffer, person: string): readonly GuardValue[] {
  return [purpose, digest, person]
}

export function sourceRecordGuard(row: SourceRecordRow): readonly GuardValue[] {
  return [
    row.id,
    row.source,
    row.key_digest,
    row.row_digest,
    row.person_id,
    row.key_id,
    row.version,
    row.presence,
    row.missing_since,
  ]
}

/** Without an operator's word, a card is signed as it was before there were any. */
export function credentialGuard(row: CredentialRow): readonly GuardValue[] {
  const word = row.held_at === null && row.issued_over === null ? [] : [row.held_at, row.issued_over]
  return [row.id, row.person_id, row.digest, row.state, row.source, row.waits, ...word]
}

/** Everything but the reason, whose seal is bound to the row. */
export function grantGuard(row: Omit<GrantRow, 'guard' | 'reason'>): readonly GuardValue[] {
  const { id, person_id, access_level_id, until, subject_id, created_at, ended_at, ending } = row
  return [id, person_id, access_level_id, until, subject_id, created_at, ended_at, ending]
}

/** Whose PIN it is, and who issued it; the seal is bound to the row. */
export function pinIssueGuard(row: Omit<PinIssueRow, 'guard' | 'pin'>): readonly GuardValue[] {
  return [row.id, row.person_id, row.subject_id, row.created_at]
}

/** That a person whom this digest finds was locked by an operator. */
export function lockMarkGuard(row: Omit<LockMarkRow, 'guard'>): readonly GuardValue[] {
  return [row.purpose, row.digest, row.person_id]
}

/** `applied_version` and `actual` are what the target showed: forging them delays, never grants. */
export const guardedOfAccount = [
  'id',
  'target',
  'person_id',
  'key_id',
  'is_primary',
  'external_digest',
  'wanted',
  'wanted_facts_version',
  'wanted_by',
  'desired',
  'desired_facts_version',
  'desired_version',
  'suspect_at',
  'suspension',
] as const

const firstOfAccount = guardedOfAccount.filter((name) => name !== 'suspect_at' && name !== 'suspension')

export function accountGuard(row: Pick<AccountRow, (typeof guardedOfAccount)[number]>): readonly GuardValue[] {
  return [...firstOfAccount.map((name) => row[name]), ...later(row.suspect_at, row.suspension)]
}

/** Columns that a later schema brought: without a value they leave the guards of older rows as they were. */
function later(...values: readonly GuardValue[]): readonly GuardValue[] {
  return values.slice(0, values.findLastIndex((value) => value !== null) + 1)
}

/** What Gatehouse calls its own at a target, also when that is nothing yet: a forged one would have it lift a block that somebody else made. */
export function ownedGuard(account: AccountId, owned: string | null): readonly GuardValue[] {
  return [account, owned]
}

/** A desired state as a run sets out for it: only what was really desired of the account at some time counts as an intent. */
export function intentGuard(account: AccountId, desired: string): readonly GuardValue[] {
  return [account, desired]
}

/** That an account may stay as it is, as long as this is the version desired: a forged one would keep a right that is to be taken away. */
export function discardGuard(account: AccountId, version: number | null): readonly GuardValue[] {
  return [account, version]
}

/** Which of the target's levels an id of ours, named in guarded rows, stands for. */
export function levelGuard(row: Pick<LevelRow, 'id' | 'target' | 'external_id' | 'name'>): readonly GuardValue[] {
  return [row.id, row.target, row.external_id, row.name]
}

export const guardedOfTarget = [
  'id',
  'mode',
  'mode_at',
  'mode_by',
  'first_release_at',
  'restored_at',
  'match_id',
] as const

const firstOfTarget = guardedOfTarget.filter((name) => name !== 'match_id')

/**
 * Whether a target may be written to, and whether it was matched: a thief who could say so would have accounts changed that nobody has looked
 * at, or second ones made.
 */
export function targetModeGuard(row: Omit<TargetModeRow, 'mode_guard'>): readonly GuardValue[] {
  return [...firstOfTarget.map((name) => row[name]), ...later(row.match_id)]
}

/** What was counted decides what is taken for new, and its time when the next sweep is due. */
export function sweepGuard(row: Pick<Selectable<TargetTable>, 'id' | 'sweep_counts'>): readonly GuardValue[] {
  return [row.id, row.sweep_counts]
}

/** How far single reads have come, and what they found: whoever wrote it could have accounts passed over. */
export function deepGuard(
  row: Pick<Selectable<TargetTable>, 'id' | 'deep_sweep' | 'looked_through'>,
): readonly GuardValue[] {
  return [row.id, row.deep_sweep, row.looked_through]
}

/** What was known to have changed before a target forgot is not taken for what it forgot; and nobody but a person, or the configuration, says that it may stay. */
export function driftGuard(row: Omit<DriftRow, 'guard' | 'external_id'>): readonly GuardValue[] {
  const first = [row.id, row.target, row.account_id, row.external_digest, row.class, row.part, row.found_at]
  return [...first, ...later(row.accepted_at, row.accepted_by)]
}

/** How old it is decides whether accounts may still be linked by it, and who may have an account by it is made none. */
export function matchRunGuard(
  row: Omit<MatchRunRow, 'guard' | 'owner' | 'accounts' | 'listed' | 'code'>,
): readonly GuardValue[] {
  const first = [row.id, row.target, row.state, row.requested_at, row.requested_by, row.finished_at]
  return [...first, ...later(row.leads, row.settled)]
}

/** Whose an account is, as one look at the target came to it: a forged one would give somebody another person's account. */
export function matchRowGuard(row: Omit<MatchRow, 'guard' | 'found'>): readonly GuardValue[] {
  return [row.id, row.run_id, row.n, row.external_digest, row.class, row.person_id, row.reasons]
}

export function planGuard(row: Omit<PlanRow, 'guard' | 'created_at' | 'decided_at'>): readonly GuardValue[] {
  const first = [row.id, row.origin, row.pull_id, row.state, row.hash, row.counts, row.holds, row.decided_by]
  return [...first, row.applied_at, ...later(row.outline)]
}

/** Everything: who could raise a count, or forget one, would decide how much a source may do. */
export function sourceStandingGuard(row: Omit<SourceStandingRow, 'guard'>): readonly GuardValue[] {
  return [
    row.source,
    row.lockouts,
    row.suspect_at,
    row.cleared_at,
    row.records,
    row.shape,
    row.columns_full,
    row.columns_delta,
    row.offered_full,
    row.offered_delta,
    row.reading,
    row.altered,
    row.lost,
    row.braked,
    ...later(row.cursor),
  ]
}

/** Whom a lock-out was decided for, why, and when the news came: its clock starts here. */
export function lockoutGuard(
  row: Pick<
    LockoutRow,
    'id' | 'account_id' | 'person_id' | 'target' | 'version' | 'cause' | 'arrived_at' | 'decided_at' | 'credential_id'
  >,
): readonly GuardValue[] {
  const whole = [
    row.id,
    row.account_id,
    row.person_id,
    row.target,
    row.version,
    row.cause,
    row.arrived_at,
    row.decided_at,
  ]
  return row.credential_id === null ? whole : [...whole, row.credential_id]
}

/** What came of a lock-out: what is claimed here, an auditor is shown. */
export type LockoutSteps = Pick<
  LockoutRow,
  'started_at' | 'accepted_at' | 'proven_at' | 'proof' | 'requests' | 'waiting_ms' | 'ended_at'
>

export function lockoutStepsGuard(id: string, steps: LockoutSteps): readonly GuardValue[] {
  return [
    id,
    steps.started_at,
    steps.accepted_at,
    steps.proven_at,
    steps.proof,
    steps.requests,
    steps.waiting_ms,
    steps.ended_at,
  ]
}

/** Who took an unproven lock-out upon themselves, and when. */
export function signOffGuard(row: Pick<LockoutRow, 'id' | 'signed_off_at' | 'signed_off_by'>): readonly GuardValue[] {
  return [row.id, row.signed_off_at, row.signed_off_by]
}

/** Everything: whose file it is, for how long it may be opened, and with what. */
export function archiveGuard(row: Omit<ArchiveRow, 'guard'>): readonly GuardValue[] {
  return [
    row.id,
    row.source,
    row.pull_id,
    row.fingerprint,
    row.bytes,
    row.created_at,
    row.expires_at,
    row.epoch,
    row.wrapped,
  ]
}

/** That an alarm is over: only Gatehouse says so. */
export function clearedGuard(code: string, scope: string, at: Date): readonly GuardValue[] {
  return [code, scope, at]
}

/** That an alarm is on, and since when: one that somebody else put there is told all the same. */
export function raisedGuard(code: string, scope: string, at: Date): readonly GuardValue[] {
  return [code, scope, at]
}

export function noticeGuard(
  id: string,
  code: string,
  scope: string,
  isOn: boolean,
  at: Date,
  count: number | null,
): readonly GuardValue[] {
  return [id, code, scope, isOn, at, count]
}

/** Whether a target, or everything, is paused or frozen. `version` counts changes, so that an older state shows as one. */
export interface StandingRow {
  readonly scope: string
  readonly paused_at: Date | null
  readonly pause_code: string | null
  readonly frozen_at: Date | null
  readonly version: number
}

export function standingGuard(row: StandingRow): readonly GuardValue[] {
  return [row.scope, row.paused_at, row.pause_code, row.frozen_at, row.version]
}

/** Everything: whoever could say that the store has caught up would have stale rights granted again. */
export function restoreGuard(row: Omit<RestoreRow, 'guard'>): readonly GuardValue[] {
  const first = [row.id, row.made_at, row.restored_at, row.relocked_at, row.stock_taken, row.settled_at]
  return [...first, ...later(row.stock_at, row.heard)]
}

/** Also what its release would change: whoever releases it must have been told the truth. */
export function configVersionGuard(row: Omit<ConfigVersionRow, 'guard'>): readonly GuardValue[] {
  return [row.id, row.number, row.state, row.digest, row.created_at, row.decided_at, row.decided_by, row.effect]
}

/** Whom to erase, how far that is, and what was stated about it. */
export function erasureGuard(row: Omit<ErasureRow, 'guard'>): readonly GuardValue[] {
  return [
    row.id,
    row.person_id,
    row.key_id,
    row.asked_at,
    row.asked_by,
    row.epoch,
    row.deleted_at,
    row.unreadable_at,
    row.lifted_at,
    row.statement,
    row.closing,
  ]
}

/** A removal that somebody else wrote down would have the person deleted here and left there. */
export function erasureAccountGuard(row: Omit<ErasureAccountRow, 'guard'>): readonly GuardValue[] {
  return [row.account_id, row.erasure_id, row.target, row.outcome, row.at]
}

export function tombstoneGuard(purpose: string, digest: Buffer, erasure: string): readonly GuardValue[] {
  return [purpose, digest, erasure]
}

/** Everything: no column of a subject may be changed behind our back. */
export function subjectGuard(row: Omit<SubjectRow, 'guard'>): readonly GuardValue[] {
  return [row.id, row.name, row.name_digest, row.role, row.created_at, row.disabled_at]
}

/** Everything: an expiry that could be moved would be none. */
export function tokenGuard(row: Omit<TokenRow, 'guard'>): readonly GuardValue[] {
  return [row.id, row.subject_id, row.mac, row.created_at, row.expires_at, row.revoked_at]
}

/** Whether anything is delivered, and where from: a forged one would have it delivered after somebody stopped that, or passed over. */
export function subscriptionGuard(
  row: Pick<
    Selectable<SubscriptionTable>,
    'id' | 'state' | 'state_at' | 'state_code' | 'version' | 'epoch' | 'sources' | 'feed'
  >,
): readonly GuardValue[] {
  const { id, state, state_at, state_code, version, epoch, sources, feed } = row
  // A row of before feeds were signed has one value less: taken away from another, or added to it, the feed shows.
  return [id, state, state_at, state_code, version, epoch, sources, ...(feed === null ? [] : [feed])]
}

export function subscriptionPositionGuard(
  row: Omit<Selectable<SubscriptionPositionTable>, 'guard' | 'position'> & { readonly position: string | number },
): readonly GuardValue[] {
  return [row.subscription, row.source, row.epoch, Number(row.position)]
}

/** Which keys a database is under: signed with these very keys, it tells which of two keyrings is the one. */
export function keySetGuard(gateway: string, keySet: string): readonly GuardValue[] {
  return [gateway, keySet]
}

/** How many events a source has, and where it is read on: whoever could set that back would have events overwritten or passed over. */
export function eventSourceGuard(
  row: Pick<EventSourceRow, 'source' | 'position' | 'cursor' | 'turn' | 'former_to' | 'renewed_to'>,
): readonly GuardValue[] {
  return [row.source, Number(row.position), row.cursor, row.turn, Number(row.former_to), Number(row.renewed_to)]
}

/** How many there were, and whether they are gone because their time was over: else somebody took them away. */
export function eventMonthGuard(row: Omit<EventMonthRow, 'guard'>): readonly GuardValue[] {
  const { source, class: of, month, events, first_position, last_position, forgotten_at } = row
  return [source, of, month, Number(events), Number(first_position), Number(last_position), forgotten_at]
}

/** Everything: that an event was moved, copied or altered shows also when nobody can open it any more. */
export function eventGuard(
  row: Omit<EventRow, 'guard' | 'position'> & { readonly position: string | number },
): readonly GuardValue[] {
  const { source, position, class: of, type, at, received_at, strange_card } = row
  const { person_digest, card_digest, door_digest, whose, sealed } = row
  const found = [person_digest, card_digest, door_digest]
  return [source, Number(position), of, type, at, received_at, strange_card, ...found, whose, sealed]
}

/** Everything: who could add a punch, or change one, would be paid for it. */
export function punchGuard(row: Omit<PunchRow, 'guard'>): readonly GuardValue[] {
  const { n, day, person_digest, event_digest, sealed } = row
  return [Number(n), day, person_digest, event_digest, sealed]
}

export function punchLogGuard(last: number): readonly GuardValue[] {
  return [last]
}

export function punchPositionGuard(source: string, position: number): readonly GuardValue[] {
  return [source, position]
}
/** How far the log was looked through: whoever could move it on would have a change pass unseen. */
export function eventGuardGuard(source: string, position: number): readonly GuardValue[] {
  return [source, position]
}

/** Everything but the reason, whose seal is bound to the row: a window that nobody opened would explain what nobody ordered. */
export function enrolmentGuard(row: Omit<EnrolmentRow, 'guard' | 'reason'>): readonly GuardValue[] {
  const { id, person_id, opened_at, opened_by, until, closed_at, closed_by } = row
  return [id, person_id, opened_at, opened_by, until, closed_at, closed_by]
}

/** Everything: what was found, and that it is over, only Gatehouse says. */
export function suspensionGuard(row: Omit<SuspensionRow, 'guard'>): readonly GuardValue[] {
  const { id, account_id, person_id, target, state, waits_for, cause, finding } = row
  const { found_at, last_found_at, shut_at, kept_at, kept_by, lifted_at } = row
  return [
    ...[id, account_id, person_id, target, state, waits_for, cause, finding],
    ...[found_at, last_found_at, shut_at, kept_at, kept_by, lifted_at],
  ]
}

/** Who approved, and of what that was found: never of what was found since. */
export function approvalGuard(row: Omit<ApprovalRow, 'guard' | 'reason'>): readonly GuardValue[] {
  return [row.id, row.suspension_id, row.finding, row.person_id, row.subject_id, row.at]
}
