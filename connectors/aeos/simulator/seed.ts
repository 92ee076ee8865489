/** Fills the server by hand: people, badges and rights that were there before anybody integrated anything. */
import { type BadgeSpec, badgeOf, rowIdOf } from './find-names.ts'
import type { Carrier, CarrierKind } from './model.ts'
import type { TemplateSpec } from './options.ts'
import { entriesOf, setEntries } from './profile-entries.ts'
import type { Row } from './row.ts'
import type { Simulation } from './simulation.ts'
import { addEntranceGroup, addTemplate, siteIds } from './site.ts'
import { wholeSecond } from './zone.ts'

export interface SeedCarrier {
  /** Employee if absent. */
  kind?: CarrierKind
  lastName: string
  firstName?: string
  personnelNo?: string
  email?: string
  department?: string | number
  unit?: string | number
  /** ISO moments; now and none if absent. */
  arrival?: string
  leave?: string
  /** Free fields by the name of their definition. */
  freeFields?: Readonly<Record<string, string>>
  badges?: readonly BadgeSpec[]
  /** Names or ids of templates. */
  templates?: readonly (string | number)[]
  /** Templates that the rule engine gave, which no client can take away. */
  byRule?: readonly (string | number)[]
  blocked?: boolean
  /** Kept by something else, and not to be changed through the service. */
  readOnly?: boolean
}

export interface Seed {
  units?: readonly string[]
  departments?: readonly { name: string; unit?: string | number }[]
  templates?: readonly TemplateSpec[]
  /** Groups of entrances, written like templates. */
  entranceGroups?: readonly TemplateSpec[]
  /** Identifier types, with the kind of digits and the limits as findIdentifierType shows them; their ids follow those of the site. */
  identifierTypes?: readonly { name: string; identification: string; least?: string; most?: string }[]
  /** Definitions of free fields, each in the category of a kind of carrier. */
  freeFields?: readonly { kind: Exclude<CarrierKind, 'Car'>; name: string }[]
  carriers?: readonly SeedCarrier[]
  /** This many more made-up employees with one badge each, from `countFrom` (100001 if absent). */
  count?: number
  countFrom?: number
}

/** Stores a seed; no log says so. Throws a TypeError on unknown names and badges that are taken. Gives the ids of the carriers, in the order asked for. */
export function plant(simulation: Simulation, seed: Seed): { carriers: number[] } {
  const { world } = simulation
  for (const name of seed.units ?? []) world.addRow('Unit', { Name: name })
  for (const { name, unit } of seed.departments ?? []) {
    world.addRow('Department', { Name: name, UnitId: rowIdOf(simulation, 'Unit', unit ?? siteIds.unit) })
  }
  for (const template of seed.templates ?? []) addTemplate(simulation, template)
  for (const group of seed.entranceGroups ?? []) addEntranceGroup(simulation, group)
  for (const { name, identification, least, most } of seed.identifierTypes ?? []) {
    const row: Row = { Name: name, IdentificationType: identification }
    if (least !== undefined) row.MinimumValue = least
    if (most !== undefined) row.MaximumValue = most
    world.addRow('IdentifierType', row)
  }
  for (const { kind, name } of seed.freeFields ?? []) {
    const CategoryId = rowIdOf(simulation, 'FreeFieldCategory', kind)
    world.addRow('FreeFieldDefinition', { Name: name, CategoryId, Sequence: 3, Column: 1 })
  }
  const people = [...(seed.carriers ?? []), ...madeUp(seed.count ?? 0, seed.countFrom ?? 100_001)]
  return { carriers: people.map((person) => plantCarrier(simulation, person).id) }
}

function plantCarrier(simulation: Simulation, seed: SeedCarrier): Carrier {
  const { world, clock } = simulation
  const now = wholeSecond(clock.now())
  const fields: Row = {
    LastName: seed.lastName,
    UnitId: rowIdOf(simulation, 'Unit', seed.unit ?? siteIds.unit),
    ArrivalDateTime: seed.arrival === undefined ? now : Date.parse(seed.arrival),
    ModificationDate: now,
  }
  if (seed.firstName !== undefined) fields.FirstName = seed.firstName
  if (seed.personnelNo !== undefined) fields.PersonnelNo = seed.personnelNo
  if (seed.email !== undefined) fields.Email = seed.email
  if (seed.leave !== undefined) fields.LeaveDateTime = Date.parse(seed.leave)
  if (seed.department !== undefined) fields.DepartmentId = rowIdOf(simulation, 'Department', seed.department)
  if (seed.freeFields !== undefined) {
    fields.Freefield = Object.entries(seed.freeFields).map(([name, value]) => ({
      DefinitionId: rowIdOf(simulation, 'FreeFieldDefinition', name),
      value,
    }))
  }
  const carrier = world.addCarrier(seed.kind ?? 'Employee', fields, seed.readOnly ?? false)
  carrier.states.blocked = seed.blocked ?? false
  for (const badge of seed.badges ?? []) giveBadge(simulation, carrier, badge)
  for (const template of seed.templates ?? []) giveTemplate(simulation, carrier, template, null)
  for (const template of seed.byRule ?? []) giveTemplate(simulation, carrier, template, 1)
  world.changed(carrier)
  return carrier
}

/** Throws a TypeError when somebody has it, or it is permanently blocked. */
export function giveBadge(simulation: Simulation, carrier: Carrier, badge: BadgeSpec): void {
  const { world } = simulation
  const { type, number } = badgeOf(simulation, badge)
  const token = world.token(type, number) ?? world.addToken(type, number, null)
  if (token.status !== 0) throw new TypeError(`badge is taken: ${number}`)
  world.setToken(token, { status: 1, carrier: carrier.id })
}

/** Where the templates for doors lie in a profile. */
const doorTemplates = { block: 'AuthorisationOnline', list: 'TemplateAuthorisation' }

/** `rule` is the RuleId of what the rule engine gives. */
export function giveTemplate(
  simulation: Simulation,
  carrier: Carrier,
  template: string | number,
  rule: number | null,
): void {
  const { world, clock } = simulation
  const entry: Row = {
    Id: world.next('entry'),
    Enabled: true,
    TemplateId: rowIdOf(simulation, 'Template', template),
    DateFrom: wholeSecond(clock.now()),
  }
  if (rule !== null) entry.RuleId = rule
  setEntries(carrier, doorTemplates, [...entriesOf(carrier, doorTemplates), entry])
  world.changed(carrier)
}

function madeUp(count: number, from: number): SeedCarrier[] {
  return Array.from({ length: count }, (_, at) => ({
    lastName: `Sample ${from + at}`,
    firstName: 'Person',
    personnelNo: String(from + at),
    badges: [String(700_000_000 + from + at)],
  }))
}
