/** An act that can't be done as things are: a stable code for programs, and a sentence without personal data for people. */

/**
 * - `unknown`: there is no such thing. - `state`: the thing is there, and its state forbids it. - `invalid`: the request makes
 * no sense, whatever the state.
 */
export type RefusalKind = 'unknown' | 'state' | 'invalid'

const refusals = {
  // By area, and by code within it.
  'alarm.ends-itself': ['invalid', 'An alarm of this kind ends when its cause does; gatehouse alarms says what to do.'],
  'alarm.no-webhook': ['state', 'No receiver of alarms is configured: see alarms.webhook.'],
  'alarm.not-on': ['unknown', 'There is no such alarm that is on.'],
  'archive.damaged': [
    'state',
    'The sealed file is not whole, or not the one that was written: none of it is given out.',
  ],
  'archive.forged': ['state', 'The row of this archive was changed outside Gatehouse: it can not be opened.'],
  'archive.not-here': ['unknown', 'The sealed file is not in the data folder of this process.'],
  'archive.unknown': ['unknown', 'There is no such archive: it was destroyed, or never there.'],
  'attendance.by-card': [
    'invalid',
    'Times of work are asked for by employee number or id, and not by card: whoever reads them is not to learn whose one is.',
  ],
  'attendance.days': ['invalid', 'Name 1 to 400 days, the first one first.'],
  'backup.busy': ['state', 'A backup is being made already: wait until it is done.'],
  'card.contested': [
    'state',
    'Somebody else waits for this card, so it may be in their hands: name the person by number, or use `gatehouse card lost`.',
  ],
  'card.forged': [
    'state',
    'The row of this card was changed outside Gatehouse: its person is frozen. See `gatehouse frozen list`.',
  ],
  'card.held': ['state', 'Somebody else has this card: take it back there first (`gatehouse card returned`).'],
  'card.issued': ['state', 'This person has this card already, and nothing blocks it.'],
  'card.lost': [
    'state',
    'This card is lost, and whoever carries it need not be its holder: name the person by number, or issue the card anew.',
  ],
  'card.not-suspended': ['state', 'No operator has suspended this card: what a source blocks, the source lifts.'],
  'card.not-theirs': ['state', 'This person has no such card.'],
  'card.other-format': [
    'state',
    'A reader can not tell this card from one that is held under another format: name it as `gatehouse card explain` shows it.',
  ],
  'card.person-left': ['state', 'This person has left, and nobody who has left is given a card: unlock them first.'],
  'card.random-serial': [
    'invalid',
    'This chip draws its serial number anew at each tap (it begins with 08): it names no card, and is given to nobody.',
  ],
  'card.returned': ['state', 'This card was given back, and is on nobody’s account.'],
  'card.two-formats': [
    'state',
    'This person has the card under another format, and to a reader both are the same: take the one back whose format is wrong (`gatehouse card explain` shows both).',
  ],
  'card.unknown': ['unknown', 'Nobody has this card, or has had it.'],
  'card.unreadable': [
    'invalid',
    'Write a card as H10301:facility:number, CSN:hex, or with another format in front: `gatehouse card explain` shows how a number can be meant.',
  ],
  'card.waits': ['state', 'This person only waits for the card: its holder is somebody else.'],
  'config.brakes-alone': [
    'state',
    'This loosens a brake, and changes something else as well: whoever releases it could not see what the brake would have held. Propose the brake alone, before or after the rest.',
  ],
  'config.brakes-hold': [
    'state',
    'This loosens a brake while a brake holds a plan: decide about that plan first, or it would pass unseen.',
  ],
  'config.feed-changed': [
    'state',
    'This has a subscription deliver another feed than before, or brings one back whose row was changed outside Gatehouse, so that nobody knows what it was fed with: how far it came says nothing there, and its receiver could tell whose punches are whose events. Give the new one another name.',
  ],
  'config.none-released': [
    'state',
    'No configuration can be trusted: people are known here, but the row of the released one is gone, or was changed outside Gatehouse. `gatehouse config adopt` releases what the file says, by name.',
  ],
  'config.not-counted': ['state', 'What this would change is still being counted: try again in a moment.'],
  'config.not-proposed': [
    'state',
    'No configuration with this digest waits for a decision: see `gatehouse config show`.',
  ],
  'config.put-back': [
    'state',
    'The configuration in the database is not the one that the audit trail says was released last: the newest row is gone, and an older one stands in its place. Look into who did that; `gatehouse config adopt` then releases what the file says, by name.',
  ],
  'config.released-runs': [
    'state',
    'What was released can be run: start the gateway, and release what it then proposes.',
  ],
  'config.superseded': ['state', 'Another configuration was released just now: try again in a moment.'],
  'config.unusable': [
    'state',
    'This configuration can not be run here as things are: `gatehouse config show` says why.',
  ],
  'drift.not-accepted': [
    'state',
    'A change of this kind can not be accepted: the next write of the account undoes it. See docs/drift.md.',
  ],
  'drift.not-ours': [
    'state',
    'None of this is Gatehouse’s to undo: no rule hands these access levels out, and `authoritative` of the target does not list them.',
  ],
  'drift.not-reverted': ['state', 'A change of this kind is not undone by hand: see docs/drift.md.'],
  'drift.nothing': ['unknown', 'There is no such change: `gatehouse drift` shows what there is.'],
  'drift.target-waits': [
    'state',
    'Nothing is undone at a target that is only observed, paused or frozen, that seems to have forgotten, or whose first plan waits; nor before a restored store has caught up.',
  ],
  'drift.too-many': [
    'state',
    'These are more accounts than an operator may decide about within a day, the larger of 5 and 1 % of ours at the target: it takes an admin.',
  ],
  'events.malformed-door': [
    'invalid',
    'A door is named as target/id, by the id that its system gives it: events list shows it so.',
  ],
  'enrolment.too-long': [
    'invalid',
    'Write for how long as a duration of eight hours at most, such as 30m: so long somebody stands at a reader.',
  ],
  'enrolment.unknown': ['unknown', 'There is no such enrolment window.'],
  'erasure.done': ['state', 'This person is erased already: nothing waits any more.'],
  'erasure.forged': ['state', 'The row of this erasure was changed outside Gatehouse: the journal begins it again.'],
  'erasure.not-waiting': ['state', 'Nothing of this person waits to be removed at that target.'],
  'erasure.under-way': ['state', 'This person is being erased: nothing takes that back.'],
  'erasure.unknown': ['unknown', 'There is no such erasure.'],
  'failure.lock-out': [
    'state',
    'This is a lock-out: it is never given up. Sign it off by name with gatehouse lockouts sign-off, if it must not be waited for.',
  ],
  'failure.unknown': ['unknown', 'Nothing of this account has failed, or there is no such account.'],
  'frozen.no-key': [
    'state',
    'The key of this person was changed or is gone, so nothing of them opens: restore it from a backup, and lock them at the door systems by hand until then.',
  ],
  'frozen.nothing': ['state', 'Every row of this person is as Gatehouse wrote it: there is nothing to thaw.'],
  'grant.forged': [
    'state',
    'The row of this grant was changed outside Gatehouse: its person is frozen. See `gatehouse frozen list`.',
  ],
  'grant.person-left': [
    'state',
    'This person has left, and nobody who has left is given a right: unlock them first, or wait for the source to bring them back.',
  ],
  'grant.unknown': ['unknown', 'There is no such grant: it is over, was revoked, or was never there.'],
  'keys.busy': ['state', 'Some other process of this gateway still works on the database: stop it first.'],
  'level.unknown': [
    'unknown',
    'No target offers exactly one access level of that name: write it as target/name, as `gatehouse levels list` shows it.',
  ],
  'lockout.not-open': ['state', 'This lock-out is not open: it is proven, taken back or signed off already.'],
  'lockout.unknown': ['unknown', 'There is no such lock-out.'],
  'match.already-linked': ['state', 'This account is linked to a person already.'],
  'match.busy': ['state', 'An account of this person is just being made: try again in a moment.'],
  'match.forged': [
    'state',
    'What was found of this account was changed outside Gatehouse: match the target once more.',
  ],
  'match.id-taken': [
    'state',
    'The id of this account is the one that somebody else is to be given, or has: mend that first.',
  ],
  'match.no-such-account': ['unknown', 'The last match of this target found no account of that id.'],
  'match.not-waiting': ['state', 'By the last match of this target nothing waits for that: nobody is led there.'],
  'match.none': ['state', 'This target was not matched yet: `gatehouse match` it first.'],
  'match.not-read': [
    'state',
    'This account could not be read just now, and a link needs all that is on it: see `gatehouse status`, and link it once more.',
  ],
  'match.running': ['state', 'The accounts of this target are being read: wait until that is done.'],
  'match.stale': ['state', 'The last match of this target is older than a day: match it once more.'],
  'match.unread': [
    'state',
    'This account could not be read, so nobody knows what it holds: `gatehouse match show --class unread` says why. Mend that there, and match the target once more.',
  ],
  'match.untouchable': ['state', 'This is an account of an operator, or one that is built in: it is left alone.'],
  'person.ambiguous': ['state', 'Several people fit: ask by person id.'],
  'person.deleted': [
    'state',
    'Every account of this person was deleted after they left: there is nothing to open. Have the source name them again.',
  ],
  'person.erasing': ['state', 'This person is being erased: nothing takes that back.'],
  'person.frozen': [
    'state',
    'A row of this person was changed outside Gatehouse: nothing about them is trusted until `gatehouse frozen thaw` mends it. Lock them at the door systems by hand until then.',
  ],
  'person.not-found': ['unknown', 'Nobody is known by that number, card or id.'],
  'person.unknown': ['unknown', 'There is no such person.'],
  'pin.no-account': [
    'state',
    'This person has no account where anything may be written: there is nothing to set a PIN on yet.',
  ],
  'pin.not-taken': ['state', 'No target of this person takes such a PIN.'],
  'pin.person-out': ['state', 'This person is shut out, and whoever is shut out is given no PIN.'],
  'plan.busy': ['state', 'Another plan is being released: try again in a moment.'],
  'plan.forged': [
    'state',
    'This plan was changed outside Gatehouse: it can not be released. The next pull makes it anew.',
  ],
  'plan.frozen': [
    'state',
    'A target of this plan is frozen: nothing but lock-outs is done there until somebody unfreezes it.',
  ],
  'plan.is-configuration': [
    'state',
    'This is an edit of the configuration: `gatehouse config show` shows it, and `gatehouse config release` or `reject` decides.',
  ],
  'plan.not-held': ['state', 'This plan is not held: it was decided, or a newer one took its place.'],
  'plan.not-rejected': ['state', 'Only a plan that was rejected can be asked for again.'],
  'plan.observed': [
    'state',
    'All of this is at targets that are only observed, where nothing is written: `gatehouse enable` them first.',
  ],
  'plan.restored': [
    'state',
    'All of this is at targets that seem to have forgotten: look at `gatehouse drift`, then `gatehouse settle` them first.',
  ],
  'plan.unknown': ['unknown', 'There is no such plan.'],
  'punch.in-future': ['invalid', 'That time has not come yet: a punch says what has happened.'],
  'punch.unknown': ['unknown', 'There is no such punch: gatehouse attendance punches names them.'],
  'punch.void': ['state', 'This punch was taken back before, and does not count.'],
  'source.not-suspect': ['state', 'This source is not suspect: nothing of it is held back.'],
  'source.nothing-to-accept': ['state', 'No delivery of this source waits for its columns to be accepted.'],
  'source.unknown': ['unknown', 'There is no such source: `gatehouse status` names those of the configuration.'],
  'subscription.disabled': ['state', 'This subscription is disabled already.'],
  'subscription.enabled': ['state', 'This subscription is enabled already, and its receiver takes what it is sent.'],
  'subscription.forged': [
    'state',
    'Rows of this subscription were changed outside Gatehouse, so nobody knows how far it was: say from when on with `gatehouse subscriptions replay --from`.',
  ],
  'subscription.file-damaged': [
    'state',
    'This file does not open: it is not whole, was changed, or is no sealed file of this subscription.',
  ],
  'subscription.file-unknown': [
    'unknown',
    'There is no such file in the folder of this subscription: name it as it is called there. That of today ends in .part.',
  ],
  'subscription.no-files': ['state', 'This subscription keeps no files.'],
  'subscription.not-delivered': [
    'state',
    'From there on nothing of that system was delivered yet: gatehouse subscriptions show says how far each system is.',
  ],
  'subscription.unknown': [
    'unknown',
    'There is no such subscription: `gatehouse subscriptions list` names those of the configuration.',
  ],
  'suspension.approved-already': [
    'state',
    'You have approved this already, and twice by one is once: somebody else must approve it, with a token of their own.',
  ],
  'suspension.approver-new': [
    'state',
    'This name was made after the account was suspended, and does not count: whoever found a way in could make one. It takes somebody who was known here before.',
  ],
  'suspension.forged': [
    'state',
    'The row of this suspension was changed outside Gatehouse: the account stays shut, and has a new one within seconds.',
  ],
  'suspension.not-waiting': ['state', 'This account is shut already: nothing of it waits for a release.'],
  'suspension.over': ['state', 'This suspension was lifted already.'],
  'suspension.put-back': [
    'state',
    'The audit trail says that something else was found of this account since: the row was put back outside Gatehouse. Look into who did that; `gatehouse suspensions keep` begins anew.',
  ],
  'suspension.unknown': ['unknown', 'There is no such suspension.'],
  'suspension.waits': [
    'state',
    'This account is not shut yet: it waits for `gatehouse suspensions release`, by an admin.',
  ],
  'target.enabled': ['state', 'This target is enabled already.'],
  'target.not-restored': ['state', 'This target has not forgotten anything: there is nothing to settle.'],
  'target.observed': ['state', 'This target is only observed already.'],
  'target.unknown': ['unknown', 'There is no such target: `gatehouse status` names those of the configuration.'],
  'until.over': ['invalid', 'That time has passed already.'],
  'until.too-long': [
    'invalid',
    'That is longer than `grants: { longest }` of the configuration allows for a right with an end.',
  ],
  'until.unreadable': [
    'invalid',
    'Write until as a duration (8h, 5d), a last day (2026-03-06) or a time (2026-03-06T17:00, with Z or +01:00 if it is not that of the site).',
  ],
  'wall.no-reason': [
    'invalid',
    'Who went where, and who worked when, is read by the roles security and attendance: an admin says why (`--reason`, `reason`), and nobody else may look.',
  ],
} as const satisfies Readonly<Record<string, readonly [RefusalKind, string]>>

export type RefusalCode = keyof typeof refusals

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly kind: RefusalKind

  constructor(code: RefusalCode) {
    const [kind, message] = refusals[code]
    super(message)
    this.code = code
    this.kind = kind
  }
}

/** For `catch`: what is refused is answered with null; every other error goes on. */
export function nullWhenRefused(error: unknown): null {
  if (error instanceof Refusal) return null
  throw error
}
