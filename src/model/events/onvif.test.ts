/** Every topic of the specifications has a line; what each becomes is copied from them and the taxonomy, not from the table. */
import { expect, test } from 'vitest'
import { descriptions } from './descriptions.ts'
import { onvifCodes, onvifTopicsOf } from './onvif.ts'
import { eventTypes } from './types.ts'

/** The notification topics of the six access control services, as their specifications list them, without `tns1:`. */
const topics = [
  ...['AccessGranted', 'AccessTaken', 'AccessNotTaken', 'Denied', 'Request'].flatMap((topic) =>
    ['Anonymous', 'Credential', 'Identifier'].map((way) => `AccessControl/${topic}/${way}`),
  ),
  ...['AccessControl/Denied/CredentialNotFound', 'AccessControl/Denied/CredentialNotFound/Card'],
  ...['AccessControl/Duress', 'AccessControl/Request/Timeout'],
  ...['AccessPoint/State/Enabled', 'AccessPoint/State/SecurityLevel'],
  ...['DoorMode', 'DoorPhysicalState', 'LockPhysicalState', 'DoubleLockPhysicalState'].map((of) => `Door/State/${of}`),
  ...['Door/State/DoorAlarm', 'Door/State/DoorTamper', 'Door/State/DoorFault'],
  ...['Credential/State/Enabled', 'Credential/State/ApbViolation', 'Schedule/State/Active'],
  ...['AccessPoint', 'Area', 'Door', 'Credential', 'AccessProfile', 'Schedule', 'SpecialDays', 'AuthenticationProfile']
    .concat('SecurityLevel')
    .flatMap((of) => [`Configuration/${of}/Changed`, `Configuration/${of}/Removed`]),
  // Of the core, what any device has to say of its log, its start and its clock.
  ...['LastReboot', 'LastClockSynchronization'].map((of) => `Monitoring/OperatingTime/${of}`),
  'EventBuffer/Begin',
]

test('each topic is there, no other is, and no line says twice what another says', () => {
  expect([...new Set(onvifCodes.map(({ code }) => code))].toSorted()).toEqual(
    topics.map((topic) => `tns1:${topic}`).toSorted(),
  )
  const lines = onvifCodes.map(({ code, when }) => `${code} ${when}`)
  expect(new Set(lines).size).toBe(lines.length)
})

/** What a line without a value stands for comes last: before it, it would hide the others. */
test('what any value fits stands behind those of the same topic that name one', () => {
  for (const [at, { code, when }] of onvifCodes.entries())
    if (when === null) expect(onvifCodes.slice(at + 1).filter((later) => later.code === code)).toEqual([])
})

test.each([
  ['AccessControl/AccessGranted/Anonymous', null, 'access.granted.anonymous', null],
  ['AccessControl/AccessGranted/Credential', null, 'access.granted', null],
  ['AccessControl/AccessGranted/Identifier', null, 'access.granted', null],
  ['AccessControl/AccessTaken/Credential', null, 'access.taken', null],
  ['AccessControl/AccessNotTaken/Identifier', null, 'access.not_taken', null],
  ...(['Anonymous', 'Credential', 'Identifier'] as const).flatMap((way) =>
    (
      [
        ['Reason=CredentialNotEnabled', 'access.denied.disabled'],
        ['Reason=CredentialNotActive', 'access.denied.not_yet_active'],
        ['Reason=CredentialExpired', 'access.denied.expired'],
        ['Reason=InvalidPIN', 'access.denied.wrong_pin'],
        ['Reason=NotPermittedAtThisTime', 'access.denied.schedule'],
        ['Reason=Unauthorized', 'access.denied.no_permission'],
        ['Reason=pt:InvalidIdentifierValue', 'access.denied.biometric_mismatch'],
        [null, 'access.denied.other'],
      ] as const
    ).map(([when, type]) => [`AccessControl/Denied/${way}`, when, type, null] as const),
  ),
  ['AccessControl/Denied/CredentialNotFound', null, 'access.denied.unknown_credential', null],
  ['AccessControl/Duress', null, 'alarm.duress', null],
  ['AccessControl/Request/Anonymous', null, 'access.authorization_requested', null],
  ['AccessControl/Request/Timeout', null, 'access.authorization_timeout', null],
  ['AccessPoint/State/Enabled', 'State=true', 'access_point.enabled', null],
  ['AccessPoint/State/Enabled', 'State=false', 'access_point.disabled', null],
  ['Door/State/DoorPhysicalState', 'State=Open', 'door.opened', null],
  ['Door/State/DoorPhysicalState', 'State=Closed', 'door.closed', null],
  ['Door/State/LockPhysicalState', 'State=Locked', 'door.locked', null],
  ['Door/State/LockPhysicalState', 'State=Unlocked', 'door.unlocked', null],
  ['Door/State/DoubleLockPhysicalState', 'State=Fault', 'alarm.door_fault', true],
  ['Door/State/DoorAlarm', 'State=DoorForcedOpen', 'alarm.door_forced', true],
  ['Door/State/DoorAlarm', 'State=DoorOpenTooLong', 'alarm.door_held', true],
  ['Door/State/DoorAlarm', 'State=Normal', 'alarm.door_forced', false],
  ['Door/State/DoorTamper', 'State=TamperDetected', 'alarm.tamper', true],
  ['Door/State/DoorTamper', 'State=NotInTamper', 'alarm.tamper', false],
  ['Door/State/DoorFault', 'State=FaultDetected', 'alarm.door_fault', true],
  ['Door/State/DoorFault', 'State=NotInFault', 'alarm.door_fault', false],
  ['Door/State/DoorMode', 'State=LockedDown', 'door.lockdown_started', null],
  ['Door/State/DoorMode', null, 'door.mode_changed', null],
  ['Credential/State/Enabled', 'State=true', 'credential.enabled', null],
  ['Credential/State/Enabled', 'State=false', 'credential.disabled', null],
  ['Credential/State/ApbViolation', 'ApbViolation=true', 'access.antipassback.soft_violation', null],
  ['Credential/State/ApbViolation', 'ApbViolation=false', 'access.antipassback.reset', null],
  ['Configuration/Credential/Changed', null, 'credential.changed', null],
  ['Configuration/Credential/Removed', null, 'credential.removed', null],
  ['Configuration/Door/Changed', null, 'config.changed', null],
  ['Monitoring/OperatingTime/LastReboot', null, 'system.device_started', null],
  ['EventBuffer/Begin', null, 'system.events_lost', null],
] as const)('%s %s is %s', (topic, when, type, active) => {
  expect(onvifCodes.filter((each) => each.code === `tns1:${topic}` && each.when === when)).toMatchObject([
    { type, active },
  ])
})

test('what is `other` says why, and no type lacks its sentence', () => {
  expect(onvifCodes.filter(({ type, note }) => type === 'other' && note === null)).toEqual([])
  expect(Object.keys(descriptions).toSorted()).toEqual([...eventTypes].toSorted())
  expect(eventTypes.filter((type) => descriptions[type].length < 5)).toEqual([])
})

test('a type knows its topics', () => {
  expect(onvifTopicsOf('door.opened')).toEqual(['tns1:Door/State/DoorPhysicalState State=Open'])
  expect(onvifTopicsOf('alarm.panic')).toEqual([])
})
