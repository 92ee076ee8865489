/**
 * The event topics of ONVIF and what each becomes: Access Control, Door Control, Credential, Access Rules, Schedule and Authentication
 * Behavior Service Specification, their sections on notification topics, and Core Specification, sections on monitoring and on the event buffer.
 * All are under `tns1`, http://www.onvif.org/ver10/topics. Read from top to bottom: the first line that fits counts. Whatever fits none,
 * vendors' own topics included, is `other`.
 */
import type { CodeMeaning } from './code-meaning.ts'
import type { EventType } from './types.ts'

type More = Partial<Pick<CodeMeaning, 'when' | 'active' | 'note'>>

const line = (topic: string, type: EventType, { when = null, active = null, note = null }: More = {}): CodeMeaning => ({
  ...{ code: `tns1:${topic}`, name: null, when, type, active, note },
})

/** One line for each value of a data item. */
function by(topic: string, item: string, lines: Readonly<Record<string, readonly [EventType, More?]>>): CodeMeaning[] {
  return Object.entries(lines).map(([value, [type, more]]) => line(topic, type, { ...more, when: `${item}=${value}` }))
}

/** Of topics that differ in whom they name alone. */
const ways = ['Anonymous', 'Credential', 'Identifier']

const ofEach = (topic: string, type: EventType): CodeMeaning[] => ways.map((way) => line(`${topic}/${way}`, type))

/** Reasons that are not here, those of vendors among them, count as `Other`: so the standard asks. */
const reasons: Readonly<Record<string, readonly [EventType, More?]>> = {
  CredentialNotEnabled: ['access.denied.disabled'],
  CredentialNotActive: ['access.denied.not_yet_active'],
  CredentialExpired: ['access.denied.expired'],
  InvalidPIN: ['access.denied.wrong_pin'],
  NotPermittedAtThisTime: ['access.denied.schedule'],
  Unauthorized: ['access.denied.no_permission'],
  'pt:InvalidIdentifierValue': [
    'access.denied.biometric_mismatch',
    { note: 'or a second credential that is not theirs' },
  ],
}

const begins = { active: true }
const ends = { active: false }
const lock = { Locked: ['door.locked'], Unlocked: ['door.unlocked'], Fault: ['alarm.door_fault', begins] } as const
const configured = ['AccessPoint', 'Area', 'Door', 'AccessProfile', 'Schedule', 'SpecialDays', 'AuthenticationProfile']

export const onvifCodes: readonly CodeMeaning[] = [
  line('AccessControl/AccessGranted/Anonymous', 'access.granted.anonymous', {
    note: 'a request to exit as well, which is not told apart',
  }),
  line('AccessControl/AccessGranted/Credential', 'access.granted'),
  line('AccessControl/AccessGranted/Identifier', 'access.granted'),
  ...ofEach('AccessControl/AccessTaken', 'access.taken'),
  ...ofEach('AccessControl/AccessNotTaken', 'access.not_taken'),
  ...ways
    .map((way) => `AccessControl/Denied/${way}`)
    .flatMap((topic) => [...by(topic, 'Reason', reasons), line(topic, 'access.denied.other')]),
  line('AccessControl/Denied/CredentialNotFound', 'access.denied.unknown_credential'),
  line('AccessControl/Denied/CredentialNotFound/Card', 'access.denied.unknown_credential'),
  line('AccessControl/Duress', 'alarm.duress'),
  ...ofEach('AccessControl/Request', 'access.authorization_requested'),
  line('AccessControl/Request/Timeout', 'access.authorization_timeout'),
  ...by('AccessPoint/State/Enabled', 'State', { true: ['access_point.enabled'], false: ['access_point.disabled'] }),
  line('AccessPoint/State/SecurityLevel', 'config.changed'),
  ...by('Door/State/DoorPhysicalState', 'State', {
    ...{ Open: ['door.opened'], Closed: ['door.closed'], Fault: ['alarm.door_fault', begins] },
  }),
  ...by('Door/State/LockPhysicalState', 'State', lock),
  ...by('Door/State/DoubleLockPhysicalState', 'State', lock),
  ...by('Door/State/DoorAlarm', 'State', {
    DoorForcedOpen: ['alarm.door_forced', begins],
    DoorOpenTooLong: ['alarm.door_held', begins],
    Normal: ['alarm.door_forced', { ...ends, note: 'or alarm.door_held, whichever was on' }],
  }),
  ...by('Door/State/DoorTamper', 'State', {
    ...{ TamperDetected: ['alarm.tamper', begins], NotInTamper: ['alarm.tamper', ends] },
  }),
  ...by('Door/State/DoorFault', 'State', {
    ...{ FaultDetected: ['alarm.door_fault', begins], NotInFault: ['alarm.door_fault', ends] },
  }),
  ...by('Door/State/DoorMode', 'State', {
    LockedDown: ['door.lockdown_started', { note: 'that it has ended only the next mode shows' }],
  }),
  line('Door/State/DoorMode', 'door.mode_changed'),
  ...by('Credential/State/Enabled', 'State', {
    true: ['credential.enabled'],
    false: ['credential.disabled', { note: 'Reason says why' }],
  }),
  ...by('Credential/State/ApbViolation', 'ApbViolation', {
    true: [
      'access.antipassback.soft_violation',
      { note: 'where the person was refused, AccessControl/Denied says so' },
    ],
    false: ['access.antipassback.reset'],
  }),
  line('Configuration/Credential/Changed', 'credential.changed', { note: 'or added, which is not told apart' }),
  line('Configuration/Credential/Removed', 'credential.removed'),
  ...[...configured, 'SecurityLevel'].flatMap((what) => [
    line(`Configuration/${what}/Changed`, 'config.changed'),
    line(`Configuration/${what}/Removed`, 'config.changed'),
  ]),
  line('Schedule/State/Active', 'other', {
    note: 'a schedule begins or ends: what doors do by it, they say themselves',
  }),
  line('Monitoring/OperatingTime/LastReboot', 'system.device_started'),
  line('Monitoring/OperatingTime/LastClockSynchronization', 'system.clock_adjusted'),
  line('EventBuffer/Begin', 'system.events_lost', { note: 'what was before is not kept any more' }),
]

/** The topics that become this type, each with what it must say besides. */
export function onvifTopicsOf(type: EventType): string[] {
  return onvifCodes
    .filter((each) => each.type === type)
    .map(({ code, when }) => (when === null ? code : `${code} ${when}`))
}
