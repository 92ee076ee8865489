/** Which tables a backup holds, in the order in which they are loaded: a table that is referred to comes first. */
import type { Tables } from '../schema.ts'

/** Every table is here, or this does not compile: whoever adds one decides. */
const fates: Readonly<Record<keyof Tables, 'kept' | 'left out'>> = {
  gateway: 'kept',
  config_version: 'kept',
  subject: 'kept',
  // All of them are revoked when they are restored: some may have been since.
  api_token: 'kept',
  source: 'kept',
  source_standing: 'kept',
  target: 'kept',
  access_level: 'kept',
  person_key: 'kept',
  person: 'kept',
  blind_index: 'kept',
  source_record: 'kept',
  credential: 'kept',
  account: 'kept',
  individual_grant: 'kept',
  erasure: 'kept',
  erasure_account: 'kept',
  tombstone: 'kept',
  // A PIN on its way has arrived since, or was issued anew: an old one must not come after it.
  pin_issue: 'left out',
  lock_mark: 'kept',
  // Made anew by `gatehouse match`: accounts are as they are now, not as they were.
  match_run: 'left out',
  match_row: 'left out',
  // Found anew by the next sweep.
  drift: 'left out',
  pull: 'kept',
  pull_problem: 'kept',
  archive: 'kept',
  punch: 'kept',
  punch_log: 'kept',
  punch_position: 'kept',
  plan: 'kept',
  plan_change: 'kept',
  lockout: 'kept',
  account_work: 'kept',
  // Wake-ups: the sweeper makes them again from `account_work`.
  outbox: 'left out',
  event_source: 'kept',
  // Before the events: it says which months they need a place for.
  event_month: 'kept',
  event_key: 'kept',
  event: 'kept',
  // Older positions only have events delivered again.
  subscription: 'kept',
  subscription_position: 'kept',
  delivery: 'left out',
  event_guard: 'kept',
  // Who said before the backup that something is to be enrolled said nothing of now.
  enrolment: 'left out',
  suspension: 'kept',
  // What was approved may have been voided since: it is approved anew.
  suspension_approval: 'left out',
  restore: 'kept',
  alarm: 'kept',
  // They were told since; what is still on stays on.
  alarm_notice: 'left out',
  // Of the same moment as the trail: what was cut off before shows after, too.
  audit_mark: 'kept',
  audit_pending: 'kept',
  audit: 'kept',
}

export const backedUpTables = Object.entries(fates).flatMap(([table, fate]) => (fate === 'kept' ? [table] : []))
