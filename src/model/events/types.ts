/** Every kind of event that there is, by the dotted name that all systems share, and what class it is kept and read as. */

/**
 * Who may read events, and for how long they are kept, goes by class. `access`: somebody came, or was refused. `door`: what a door did.
 * `alarm`: somebody should look. `credential`: what people present was enrolled, changed or removed. `system`: everything else.
 */
export const eventClasses = ['access', 'door', 'alarm', 'credential', 'system'] as const
export type EventClass = (typeof eventClasses)[number]

const byClass = {
  access: [
    'credential.presented',
    'access.granted',
    'access.granted.anonymous',
    'access.taken',
    'access.not_taken',
    'access.denied.unknown_credential',
    'access.denied.no_permission',
    'access.denied.schedule',
    'access.denied.not_yet_active',
    'access.denied.expired',
    'access.denied.disabled',
    'access.denied.lost_or_stolen',
    'access.denied.wrong_pin',
    'access.denied.biometric_mismatch',
    'access.denied.factor_timeout',
    'access.denied.antipassback',
    'access.denied.interlock',
    'access.denied.multi_person',
    'access.denied.first_card_required',
    'access.denied.door_mode',
    'access.denied.occupancy',
    'access.denied.use_limit',
    'access.denied.lockout',
    'access.denied.format_error',
    'access.denied.other',
    'access.authorization_requested',
    'access.authorization_timeout',
    'access.antipassback.soft_violation',
    'access.antipassback.reset',
    'access.muster',
    'attendance.in',
    'attendance.out',
    'attendance.break_out',
    'attendance.break_in',
    'attendance.overtime_in',
    'attendance.overtime_out',
  ],
  door: [
    'door.opened',
    'door.closed',
    'door.locked',
    'door.unlocked',
    'door.mode_changed',
    'door.rex_pressed',
    'door.rex_refused',
    'door.remote_command',
    'door.override_code_used',
    'door.lockdown_started',
    'door.lockdown_ended',
    'access_point.enabled',
    'access_point.disabled',
  ],
  alarm: [
    'alarm.duress',
    'alarm.door_forced',
    'alarm.door_held',
    'alarm.tamper',
    'alarm.door_fault',
    'alarm.fire',
    'alarm.panic',
    'alarm.input',
    // What the system itself calls an alarm, and no other type is for: its own code says which.
    'alarm.other',
    'alarm.acknowledged',
  ],
  credential: [
    'credential.enrolled',
    'credential.changed',
    'credential.removed',
    'credential.enabled',
    'credential.disabled',
    'biometric.enrolled',
    'biometric.removed',
  ],
  system: [
    'config.changed',
    // Of the system's own screens, not of doors.
    'operator.logged_in',
    'operator.logged_out',
    'operator.login_failed',
    'system.communication_lost',
    'system.communication_restored',
    'system.device_started',
    'system.power',
    'system.log_near_full',
    'system.clock_adjusted',
    'system.events_lost',
    // What the system reports under a code that nobody has mapped: kept as it came, and counted.
    'other',
  ],
} as const satisfies Readonly<Record<EventClass, readonly string[]>>

export type EventType = (typeof byClass)[EventClass][number]

export const eventTypes: readonly EventType[] = eventClasses.flatMap((name) => byClass[name])

const classes: ReadonlyMap<string, EventClass> = new Map(
  eventClasses.flatMap((name) => byClass[name].map((type) => [type, name] as const)),
)

/** How grave the events of a class are where nothing else was set, in the words of RFC 5424, table 2. */
export const severityOf = {
  access: 'informational',
  door: 'informational',
  alarm: 'alert',
  credential: 'notice',
  system: 'notice',
} as const satisfies Readonly<Record<EventClass, string>>

export function classOf(type: EventType): EventClass {
  return classes.get(type) ?? 'system'
}
