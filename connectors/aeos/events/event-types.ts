/** What each event type of AEOS means, and what its IntValue holds: one row per documented type, after the vendor's manual (version 33). */
import type { AccessEvent } from '../../../src/model/events/event.ts'
import type { EventType } from '../../../src/model/events/types.ts'

/**
 * How IntValue is read. `direction`: 1 in, 2 out. `reason-direction`: the direction in the low byte, the reason above it. `reason`: the reason
 * alone. `active`: 1 begins, 0 ends. `active-direction`: that in the low byte, the direction above it. `plain`: nothing that is decoded.
 */
export type IntValueForm = 'direction' | 'reason-direction' | 'reason' | 'active' | 'active-direction' | 'plain'

export interface EventTypeRow {
  readonly ids: readonly number[]
  /** As findEventType gives it; null where no document spells it out. */
  readonly name: string | null
  readonly intValue: IntValueForm
  /** `reason`: told by the table of reasons. Two: at its beginning, and at its end. */
  readonly type: EventType | 'reason' | readonly [EventType, EventType]
  readonly verify?: AccessEvent['verify']
}

const card = ['card'] as const satisfies AccessEvent['verify']

function row(
  ids: number | readonly number[],
  name: string | null,
  intValue: IntValueForm,
  type: EventTypeRow['type'],
  verify?: readonly AccessEvent['verify'][number][],
): EventTypeRow {
  const all = typeof ids === 'number' ? [ids] : ids
  return { ids: all, name, intValue, type, ...(verify === undefined ? {} : { verify: [...verify] }) }
}

const connection = ['system.communication_restored', 'system.communication_lost'] as const

export const eventTypeRows: readonly EventTypeRow[] = [
  row(5, 'BadgeAccessEvent', 'direction', 'access.granted', card),
  row(40, 'BadgeNoAccessEvent', 'reason-direction', 'reason', card),
  row(34, 'NoBookingEvent', 'direction', 'access.not_taken'),
  row(48, 'ProvideAccessEvent', 'direction', 'access.granted', ['operator']),
  row(182, 'RegistrationEvent', 'direction', 'credential.presented', card),
  row(137, 'OfflineBadgeAccessEvent', 'direction', 'access.granted', card),
  row(138, 'OfflineBadgeNoAccessEvent', 'direction', 'access.denied.other', card),
  // IntValue is the id of the lock.
  row(180, 'SoaaLockAccessGrantedEvent', 'plain', 'access.granted', card),
  row(181, 'SoaaLockAccessDeniedEvent', 'plain', 'access.denied.other', card),
  row(7, 'DirectDoorAlarmEvent', 'active', 'alarm.door_forced'),
  row(8, 'DoorOpenTooLongAlarmEvent', 'active', 'alarm.door_held'),
  row(91, 'DoorOpenedEvent', 'active', ['door.opened', 'door.closed']),
  // IntValue is the cause, 0 to 3, of which no document says more.
  row(1, 'AccessPointStateLockedEvent', 'plain', 'door.locked'),
  row(2, 'AccessPointStateNormalEvent', 'plain', 'door.mode_changed'),
  row(3, 'AccessPointStateUnlockedEvent', 'plain', 'door.unlocked'),
  row(90, 'UnlockedEvent', 'active-direction', ['door.unlocked', 'door.locked']),
  // Each is one cause of several: when it ends, another may still keep the door unlocked.
  row(10, 'ManualUnlockedEvent', 'active-direction', ['door.unlocked', 'door.mode_changed']),
  row(18, 'AutomaticUnlockedEvent', 'active', ['door.unlocked', 'door.mode_changed']),
  row(20, 'EmergencyUnlockedEvent', 'active', ['door.unlocked', 'door.mode_changed']),
  // A second factor failed: a PIN as well as a finger.
  row(41, 'VerificationAlarmEvent', 'direction', 'access.denied.other'),
  row(42, 'InvalidVerificationEvent', 'direction', 'access.denied.other'),
  row(43, 'InvalidVerifierEvent', 'direction', 'access.denied.other'),
  row(93, 'BadgeRejectedByDeviceEvent', 'reason', 'reason', card),
  row(14, 'DeviceConnectionEvent', 'active', connection),
  row(15, 'DeviceNetworkEvent', 'active', connection),
  row(19, 'DeviceIOEvent', 'active', connection),
  row(24, 'AEpuStatusEvent', 'active', connection),
  // The states of an input are in no document: only that it was sabotaged.
  row([21, 22, 23, 28, 29, 30, 35], null, 'plain', 'alarm.tamper'),
  // While it lasts the controller decides without the server.
  row(106, 'FallBackModeEvent', 'active', ['system.communication_lost', 'system.communication_restored']),
  row(115, 'SilentAlarm', 'plain', 'alarm.duress'),
  row(78, 'LoginEvent', 'active', ['operator.logged_in', 'operator.logged_out']),
  row(79, 'LoginFailedEvent', 'plain', 'operator.login_failed'),
]

const byId = new Map(eventTypeRows.flatMap((each) => each.ids.map((id) => [String(id), each])))
const byName = new Map(eventTypeRows.flatMap((each) => (each.name === null ? [] : [[plainName(each.name), each]])))
const sabotaged = byId.get('22')

/**
 * The row of an event type; undefined for one that nobody has mapped. The vendor may change its events without notice, so that a name which
 * stands in the table outweighs the number that it had there.
 */
export function eventTypeRow(id: string, name: string | null): EventTypeRow | undefined {
  const plain = plainName(name ?? '')
  return byName.get(plain) ?? (plain.endsWith('inputsabotagedevent') ? sabotaged : byId.get(id))
}

function plainName(name: string): string {
  return name.replace(/[^A-Za-z]/g, '').toLowerCase()
}
