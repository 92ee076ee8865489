/** Every alarm that there is: what it means, and what a person does about it. `docs/alarms.md` is the same list as a page, held to this one by a test. */

interface Alarm {
  /** What the scope of the alarm names: a random id or a configured name, never a person by name. */
  readonly scope:
    | 'source'
    | 'target'
    | 'subscription'
    | 'origin of a plan'
    | 'row'
    | 'door'
    | 'archive'
    | 'audit trail'
    | 'gateway'
  readonly means: string
  readonly action: string
}

export const alarms = {
  'account.dead': {
    scope: 'target',
    means: 'So many accounts, or parts of them, were given up: the target will not take them as they are.',
    action: 'gatehouse failures list says which and why; mend the cause, then gatehouse failures retry or discard.',
  },
  'archive.failed': {
    scope: 'gateway',
    means: 'A delivery could not be kept: its sealed file can not be written.',
    action: 'Make room, or mend the rights, in the folder archive of the data folder. The delivery is tried again.',
  },
  'archive.forged': {
    scope: 'archive',
    means: 'The row of a kept delivery was changed outside Gatehouse: it opens no more.',
    action: 'Find out who writes to the database; then gatehouse archive destroy.',
  },
  'archive.lost': {
    scope: 'source',
    means: 'Files of kept deliveries are gone from the data folder, though their rows are there.',
    action: 'Find out who deletes there, and put the files back from a backup if they are needed.',
  },
  'audit.broken': {
    scope: 'audit trail',
    means: 'Entries of the audit trail were changed, cut off or forged. The scope says how.',
    action:
      'gatehouse audit verify says where; compare with an export kept elsewhere, and find out who writes to the database.',
  },
  'card.not-shut': {
    scope: 'target',
    means:
      'So many cards that are lost, blocked, or of somebody who is out are on accounts of nobody, or on ones that can not be written to: they open doors.',
    action:
      'gatehouse drift says which cards, and whose; find out at the door system who has them, and block them there.',
  },
  'card.two-formats': {
    scope: 'row',
    means:
      'A person is to have one card under two formats, which a reader can not tell apart: the second waits, or both.',
    action:
      'gatehouse person show with the scope as id; then mend the source, or gatehouse card returned for the wrong one.',
  },
  'config.proposed': {
    scope: 'gateway',
    means: 'The configuration file says something else than what is in force: it waits for a release.',
    action: 'gatehouse config show; look at what would change, then gatehouse config release or reject.',
  },
  'credential.changed_unexpectedly': {
    scope: 'row',
    means:
      'A finger, a face, a card or a PIN of the account appeared or changed, and neither Gatehouse nor an enrolment window that somebody opened explains it.',
    action:
      'gatehouse suspensions list; ask the person, and whoever works at the door system. Two people approve, or gatehouse alarms clear where nothing was shut.',
  },
  'credential.many_changed': {
    scope: 'target',
    means:
      'So many accounts have such an alarm that no more of them are raised one by one; it counts what was found beyond.',
    action:
      'Find out what changed them all: a migration, a directory, or somebody at the door system; then gatehouse alarms clear.',
  },
  'disk.low': {
    scope: 'gateway',
    means: 'The disk of the data folder is nearly full.',
    action: 'Make room: when it is full, nothing new is decided any more, lock-outs neither.',
  },
  'door.duress': {
    scope: 'door',
    means: 'Somebody was forced to open this door.',
    action:
      'Act as your site has agreed. gatehouse events list --type alarm.duress says who and where, for role security; then gatehouse alarms clear.',
  },
  'door.forced': {
    scope: 'door',
    means: 'This door was opened without anybody being let in.',
    action:
      'gatehouse events list --type alarm.door_forced says which door, for role security. It ends when the system says so, or by gatehouse alarms clear.',
  },
  'door.held': {
    scope: 'door',
    means: 'This door stands open for longer than it may.',
    action:
      'gatehouse events list --type alarm.door_held says which door, for role security. It ends when the system says so, or by gatehouse alarms clear.',
  },
  'door.many': {
    scope: 'target',
    means:
      'So many doors, or readers, have one alarm of the same kind that no more of that kind are raised one by one; it counts what was told beyond.',
    action:
      'gatehouse events list --type says which, for role security; find out what befell them all, then gatehouse alarms clear these and this one.',
  },
  'door.tamper': {
    scope: 'door',
    means: 'Somebody opened, moved or broke this reader or its cable.',
    action:
      'gatehouse events list --type alarm.tamper says which, for role security; look at it. Then gatehouse alarms clear, if the system does not end it.',
  },
  'door.unheard': {
    scope: 'door',
    means: 'The system has lost this reader or controller: what happens there is heard later, or never.',
    action:
      'gatehouse events list --type system.communication_lost says which, for role security. It ends when it is back, or by gatehouse alarms clear.',
  },
  'drift.braked': {
    scope: 'target',
    means:
      'So many accounts were changed by hand that none of it is undone, though drift says revert: more than 5, and than 1 %, within a day.',
    action:
      'gatehouse drift; then, as an admin, gatehouse drift revert or accept, by class, or undo it at the door system.',
  },
  'drift.fight': {
    scope: 'target',
    means: 'So many changes by hand were undone three times, and came back each time: they are undone no more.',
    action: 'gatehouse drift says which; find out who makes them, then gatehouse drift accept or revert.',
  },
  'drift.late': {
    scope: 'target',
    means:
      'Single reads of all accounts take longer than deep_sweep_every: so many hours, as it goes now. Changes that only they show are seen later.',
    action: 'Raise deep_sweep_share or requests_per_second if the door system bears it, or deep_sweep_every.',
  },
  'erasure.journal-forged': {
    scope: 'gateway',
    means:
      'Lines of the journal of erasures, beside the keyring, are not as they were written; they count for nothing.',
    action: 'Find out who writes to that folder. What the database still knows was written to the journal again.',
  },
  'erasure.waits': {
    scope: 'row',
    means:
      'Somebody is still not erased after a quarter of an hour: their account is still at a target. They are locked out.',
    action: 'gatehouse erasure list says where; resume or enable the target, or sign it off if it is gone for good.',
  },
  'events.clock': {
    scope: 'target',
    means: 'A clock there is wrong by so many seconds: events stand at times at which they did not happen.',
    action:
      'gatehouse events sources says how much; set the clock of the device or the system, or give it a time server.',
  },
  'events.forged': {
    scope: 'target',
    means:
      'Rows of the log of its events were changed, added or put back outside Gatehouse. They count for nothing, and no new event is lost.',
    action: 'Find out who writes to the database; then gatehouse alarms clear.',
  },
  'events.lost': {
    scope: 'target',
    means: 'Events of this system were lost before Gatehouse could read them, as it says itself, or as the log shows.',
    action:
      'gatehouse events list --type system.events_lost says when; read them at the devices; then gatehouse alarms clear.',
  },
  'events.malformed': {
    scope: 'target',
    means: 'So many events of a batch were not as a connector must report them. They are kept as far as they could be.',
    action:
      'Tell whoever maintains the connector; gatehouse events list --type other shows them; then gatehouse alarms clear.',
  },
  'events.missing': {
    scope: 'target',
    means: 'So many events are not in the log any more, though their time is not over: somebody deleted them.',
    action:
      'Find out who writes to the database; compare with the door system, or a receiver of events; then gatehouse alarms clear.',
  },
  'events.silent': {
    scope: 'target',
    means: 'Nothing was heard of its events for longer than two minutes: not even that nothing happened.',
    action: 'See the log for the code; check the door system and the login there. What is missed now is read later.',
  },
  'gateway.frozen': {
    scope: 'gateway',
    means: 'Everything but lock-outs is stopped at every target; the count says how many accounts wait.',
    action: 'gatehouse unfreeze when the reason is gone.',
  },
  'guard.braked': {
    scope: 'target',
    means:
      'So many accounts are to be suspended, and wait: more than the brake lets within a day, or of protected people. They are not shut.',
    action: 'gatehouse suspensions list; then, as an admin, gatehouse suspensions release.',
  },
  'guard.failed': {
    scope: 'row',
    means: 'A row that decides something was changed outside Gatehouse: it grants nothing, and stops no lock-out.',
    action:
      'Find out who writes to the database. People and accounts: gatehouse frozen list. A target or *: gatehouse unfreeze, resume. A subscription: gatehouse subscriptions replay.',
  },
  'keys.failed': {
    scope: 'gateway',
    means: 'Keys could not be turned or wrapped anew. It is tried again.',
    action: 'See the log for the code; check that the keyring file can be written.',
  },
  'level.unknown': {
    scope: 'target',
    means:
      'Rules name access levels that the target does not offer, or offers twice: nobody gains or loses anything by them.',
    action: 'gatehouse levels list; mend the name in the policy, or at the target.',
  },
  'lock.outlived': {
    scope: 'row',
    means:
      'The row of somebody whom an operator had locked is gone; whoever came by the same record or number was made locked.',
    action:
      'Find out who writes to the database; gatehouse person show says who it is; unlock them when that is right.',
  },
  'lockout.open': {
    scope: 'target',
    means: 'So many lock-outs are not proven within their time: these people may still get in.',
    action:
      'gatehouse status; if the target is out of reach, have the doors guarded, or the people locked at the door system by hand.',
  },
  'lockout.undone': {
    scope: 'target',
    means: 'So many people who are locked out were found open at the last sweep: they were shut again at once.',
    action: 'gatehouse drift says which accounts; find out who opened them at the door system.',
  },
  'person.erased-again': {
    scope: 'source',
    means: 'A source delivers people who were erased: they are held, and nobody is made of them.',
    action: 'Have the source delete them too; or, if they are employed again, gatehouse person unerase.',
  },
  'plan.held': {
    scope: 'origin of a plan',
    means: 'A plan waits for a person.',
    action: 'gatehouse plan list --state held; look at it, then release or reject it.',
  },
  'person.found-shut': {
    scope: 'row',
    means:
      'After a restore, an account was found shut that the backup had open: its person is locked until somebody unlocks them.',
    action: 'Find out who shut them and why; gatehouse person unlock when that is over.',
  },
  'restore.awaits-source': {
    scope: 'source',
    means: 'Since the restore the source has not delivered everybody: who left meanwhile may still get in.',
    action: 'Have the source deliver a complete file, the newest that there is, also if it was taken in before.',
  },
  'restore.many-shut': {
    scope: 'target',
    means:
      'After a restore, so many accounts were found shut that somebody must have shut the target as a whole. They stay shut.',
    action: 'Find out who shut them; open at the door system who is to get in.',
  },
  'restore.unsettled': {
    scope: 'gateway',
    means: 'This store was restored from a backup, and does not know yet what happened since.',
    action: 'Deliver the newest complete files, then look at the plan that waits, and release or reject it.',
  },
  'source.braked': {
    scope: 'source',
    means:
      'The last full delivery lost or changed more rows than it may: all that follows from it waits, but for leavers by record.',
    action: 'gatehouse source show; then release the plan that waits, or have a right one delivered.',
  },
  'source.columns-missing': {
    scope: 'source',
    means: 'The mapping reads columns that the delivery does not have: nothing of it is read, leavers neither.',
    action: 'gatehouse source show names them; correct the mapping, or have the source deliver them.',
  },
  'source.columns-moved': {
    scope: 'source',
    means: 'A delivery has other columns, or in another order, than before: nothing of it is read, leavers neither.',
    action: 'Ask those who run the source; then gatehouse source accept, or take the delivery away.',
  },
  'source.failed': {
    scope: 'source',
    means: 'The source could not be read, or its delivery not be taken in. It is tried again.',
    action: 'See the log for the code; check address, rights and login of the source.',
  },
  'source.incomplete': {
    scope: 'source',
    means: 'The last full delivery was not whole: what it said counts, what it did not say does not.',
    action: 'gatehouse source show; have it delivered again.',
  },
  'source.late': {
    scope: 'source',
    means: 'Nothing was delivered for longer than expect_every.',
    action: 'Ask those who run the source: until then, leavers are not heard of.',
  },
  'source.refused': {
    scope: 'source',
    means: 'A delivery was refused as a whole, and nothing of it counts.',
    action: 'gatehouse source show says why; have it delivered again.',
  },
  'source.suspect': {
    scope: 'source',
    means: 'The source locks out more people within an hour than it may: the rest waits, as the count says.',
    action:
      'Ask those who run the source; then release its plan or gatehouse source clear, or have a right one delivered.',
  },
  'source.watch-failed': {
    scope: 'source',
    means: 'The source can not be watched: it is looked at every few seconds instead.',
    action: 'See the log for the code; check address, rights and login of the source.',
  },
  'subscription.disabled': {
    scope: 'subscription',
    means:
      'The receiver said that it is gone, or took nothing for three days: nothing is delivered any more. The log keeps what happens.',
    action: 'Mend the receiver or the configuration; then gatehouse subscriptions enable delivers what waits.',
  },
  'subscription.failing': {
    scope: 'subscription',
    means:
      'The receiver takes nothing for ten minutes, or refuses our login or certificate; or no process delivers to it. What happens waits.',
    action: 'gatehouse deliveries says what it answers; gatehouse subscriptions enable tries at once.',
  },
  'subscription.filter-failed': {
    scope: 'subscription',
    means: 'So many events of the last day were not delivered, since the filter broke on them.',
    action: 'See the log for the code; mend the filter in the configuration; then gatehouse subscriptions replay.',
  },
  'subscription.gap': {
    scope: 'subscription',
    means:
      'So many events or punches were gone from the log before they were delivered: forgotten by keep, or taken away.',
    action: 'Raise keep, or see to the receiver earlier; then gatehouse alarms clear.',
  },
  'subscription.refused': {
    scope: 'subscription',
    means: 'The receiver took others, and so many events of the last day it will never take: they were passed over.',
    action: 'gatehouse deliveries says which and why; mend the receiver, then gatehouse subscriptions replay.',
  },
  'target.frozen': {
    scope: 'target',
    means: 'Everything but lock-outs is stopped at this target; the count says how many accounts wait.',
    action: 'gatehouse unfreeze with its id when the reason is gone.',
  },
  'target.left': {
    scope: 'target',
    means:
      'It is no longer in the configuration, and accounts of ours are still there: whoever leaves may still get in.',
    action: 'Close or remove them there by hand, or take the target back into the configuration.',
  },
  'target.observed': {
    scope: 'target',
    means: 'A target that Gatehouse has written to is only observed: nothing is written there, lock-outs neither.',
    action: 'gatehouse enable, if that is not what you want; the audit trail says who took it back.',
  },
  'target.paused': {
    scope: 'target',
    means: 'Nothing is written there, lock-outs neither; the count says how many lock-outs wait.',
    action: 'Mend the login, or whatever it was paused for; then gatehouse resume.',
  },
  'target.restored': {
    scope: 'target',
    means:
      'So many accounts are missing or as they were before: put back from a backup, emptied, or another server. Only lock-outs are written.',
    action:
      'gatehouse drift; if it is the right server, gatehouse settle brings everybody back to what they should have.',
  },
  'target.unreachable': {
    scope: 'target',
    means: 'Its last answers were failures. Lock-outs are tried once a second, all else waits.',
    action: 'Check the door system and the network to it.',
  },
  'token.expiring': {
    scope: 'row',
    means:
      'It ends within a fortnight, and its owner has no other that lives longer; or it was the last of role admin, and has ended.',
    action:
      'gatehouse token list says whose; gatehouse token create, hand it over, then gatehouse token revoke. See Tokens in docs/installation.md.',
  },
  'webhook.failed': {
    scope: 'gateway',
    means: 'The receiver of alarms does not take them; what it was not told within three days is dropped.',
    action: 'gatehouse alarms test says what it answers; mend the receiver or alarms.webhook.',
  },
} as const satisfies Readonly<Record<string, Alarm>>

export type AlarmCode = keyof typeof alarms

/** What to do about an alarm; of a code that this program does not know (a newer one raised it), nothing. */
export function alarmAction(code: string): string | null {
  return Object.hasOwn(alarms, code) ? alarms[code as AlarmCode].action : null
}
