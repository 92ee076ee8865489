/** The site every simulator starts with: a unit, doors and templates, schedules, badge types, block reasons, free fields, event types. */

import { operations } from './operations.ts'
import type { TemplateSpec } from './options.ts'
import type { Row } from './row.ts'
import type { Simulation } from './simulation.ts'

/** Ids that tests and seeds may count on. */
export const siteIds = { unit: 1, always: 1, numberType: 1, hexType: 2, textType: 3, wiegandType: 4 } as const

// Of the manual's table: what a gateway maps.
const eventTypes: Readonly<Record<number, string>> = {
  1: 'AccessPointStateLockedEvent',
  2: 'AccessPointStateNormalEvent',
  3: 'AccessPointStateUnlockedEvent',
  5: 'BadgeAccessEvent',
  7: 'DirectDoorAlarmEvent',
  8: 'DoorOpenTooLongAlarmEvent',
  24: 'AEpuStatusEvent',
  34: 'NoBookingEvent',
  40: 'BadgeNoAccessEvent',
  48: 'ProvideAccessEvent',
  78: 'LoginEvent',
  79: 'LoginFailedEvent',
  91: 'DoorOpenedEvent',
  93: 'BadgeRejectedByDeviceEvent',
  115: 'SilentAlarm',
  182: 'RegistrationEvent',
}

type Flags = readonly ('Carrier' | 'Identifier' | 'Withdraw' | 'WithdrawReplaced' | 'Replacement')[]

// Made up: each installation has its own. What "forgotten" means to the product is not visible in any of its fields.
const blockReasons: readonly (readonly [id: number, description: string, flags: Flags])[] = [
  [11, 'Carrier blocked', ['Carrier']],
  [12, 'Lost', ['Identifier', 'Withdraw', 'WithdrawReplaced', 'Replacement']],
  [13, 'Stolen', ['Identifier', 'Withdraw', 'WithdrawReplaced', 'Replacement']],
  [14, 'Forgotten', ['Replacement']],
  [15, 'Out of service', ['Carrier', 'Identifier', 'Withdraw']],
  // Manual v33, findBlockReason: what a reason is for is said flag by flag.
  [16, 'Suspended', ['Identifier']],
]

const badgeTypes: readonly Row[] = [
  {
    Id: siteIds.numberType,
    Name: 'Decimal',
    IdentificationType: 'Number',
    MinimumValue: '1',
    MaximumValue: '9'.repeat(20),
  },
  { Id: siteIds.hexType, Name: 'Serial number', IdentificationType: 'Hexadecimal' },
  { Id: siteIds.textType, Name: 'Text', IdentificationType: 'String' },
  // Customer code 10 and numbers 1 to 65535, as in an example of Nedap's about Wiegand 26.
  {
    Id: siteIds.wiegandType,
    Name: 'Wiegand 26',
    IdentificationType: 'Number',
    MinimumValue: '1',
    MaximumValue: '65535',
  },
]

export function buildSite(simulation: Simulation): void {
  const { world, options } = simulation
  world.addRow('Unit', { Name: 'Headquarters' }, siteIds.unit)
  world.addRow('Department', { Name: 'General', UnitId: siteIds.unit })
  const week = { StartDay: 0, StartHour: 0, StartMinute: 0, EndDay: 7, EndHour: 0, EndMinute: 0 }
  world.addRow('DayTimeSchedule', { Name: 'Always', Type: 'Week', DayPeriod: [week] }, siteIds.always)
  for (const row of badgeTypes) world.addRow('IdentifierType', row, Number(row.Id))
  for (const [id, description, flags] of blockReasons) {
    const is = (flag: Flags[number]) => flags.includes(flag)
    const row: Row = {
      Description: description,
      CarrierBlockReason: is('Carrier'),
      IdentifierBlockReason: is('Identifier'),
      IdentifierWithdrawReason: is('Withdraw'),
      IdentifierWithdrawReplacedReason: is('WithdrawReplaced'),
      IdentifierReplacementReason: is('Replacement'),
      forgotten: description === 'Forgotten',
    }
    world.addRow('BlockReason', row, id)
  }
  for (const kind of ['Employee', 'Contractor', 'Visitor']) {
    const { Id: CategoryId } = world.addRow('FreeFieldCategory', { Name: kind, CarrierType: kind, Sequence: 1 })
    world.addRow('FreeFieldDefinition', { Name: `${kind} reference`, CategoryId, Sequence: 1, Column: 1 })
    world.addRow('FreeFieldDefinition', { Name: `${kind} note`, CategoryId, Sequence: 2, Column: 1 })
  }
  for (const [id, name] of Object.entries(eventTypes)) world.addRow('EventType', { Name: name }, Number(id))
  for (const { name } of operations.filter(({ changes }) => changes)) {
    world.addRow('LogType', { Name: name, ResourceAlias: `log.${name}` })
  }
  for (const template of options.templates) addTemplate(simulation, template)
}

/** A template that opens these entrances always; entrances that do not exist yet are made, with an access point each. */
export function addTemplate(simulation: Simulation, { name, entrances }: TemplateSpec): Row {
  const items = entrances.map((entrance): Row => {
    const { Id } = entranceNamed(simulation, entrance)
    return { SubjectId: Id, ScheduleId: siteIds.always, AuthorisationType: 'Entrance' }
  })
  return simulation.world.addRow('Template', { Name: name, UnitOfAuthType: 'OnLine', TemplateItem: items })
}

/** A group of these entrances; those that do not exist yet are made. */
export function addEntranceGroup(simulation: Simulation, { name, entrances }: TemplateSpec): Row {
  const EntranceId = entrances.map((entrance) => Number(entranceNamed(simulation, entrance).Id))
  return simulation.world.addRow('EntranceGroup', {
    Name: name,
    UnitOfAuthType: 'OnLine',
    EntranceIdList: { EntranceId },
  })
}

function entranceNamed({ world }: Simulation, name: string): Row {
  for (const row of world.table('Entrance').rows.values()) if (row.Name === name) return row
  const entrance = world.addRow('Entrance', { Name: name, UnitOfAuthType: 'OnLine' })
  const host = `aepu${Math.ceil(Number(entrance.Id) / 4)}`
  const accessPoint = { Name: name, HostName: host, Type: 'StandardDoor', ServiceKey: `${host}.${name}${entrance.Id}` }
  world.addRow('AccessPoint', { ...accessPoint, EntranceId: entrance.Id })
  return entrance
}
