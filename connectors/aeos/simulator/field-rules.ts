/** What texts and references of a carrier must be: lengths, mandatory fields, things that must exist. */
import { type Call, refuse } from './call.ts'
import type { CarrierKind } from './model.ts'
import { type Row, rows } from './row.ts'
import type { TableName } from './world.ts'

// As the manual lists them.
const lengths: Readonly<Record<string, number>> = {
  LastName: 50,
  PersonnelNo: 50,
  FirstName: 40,
  Title: 25,
  PhoneNo: 25,
  MobilePhoneNo: 25,
  Language: 12,
  Email: 128,
  Identification: 50,
  LicenceNumber: 50,
  CarNumber: 25,
}

/** Fields that hold the id of something else; 0 clears them. */
export const references: Readonly<Record<string, TableName | 'Carrier' | 'elsewhere'>> = {
  UnitId: 'Unit',
  DepartmentId: 'Department',
  ContactPersonId: 'Carrier',
  PersonToVisitId: 'Carrier',
  OwnerId: 'Carrier',
  // Vendors and permits are kept by operations that this server does not carry out.
  VendorId: 'elsewhere',
  PermitId: 'elsewhere',
}

/** Refuses fields as they would be after the change. */
export function checkFields(call: Call, kind: CarrierKind, fields: Row): void {
  const { quirks } = call.simulation
  const mandatory = kind === 'Car' ? ['Identification', 'LicenceNumber'] : quirks.mandatoryFields
  for (const name of mandatory) {
    if (fields[name] === undefined || fields[name] === '') refuseSize(call, kind, name)
  }
  for (const name of Object.keys(lengths)) {
    const value = fields[name]
    if (typeof value === 'string' && value.length > (lengths[name] ?? 0)) refuseSize(call, kind, name)
  }
  if (quirks.referencesChecked) checkReferences(call, kind, fields)
}

/** Refuses a text that is sent with a sign that is not taken; what was there before is not looked at. */
export function checkSigns(call: Call, kind: CarrierKind, name: string, value: unknown): void {
  const { refusedSigns } = call.simulation.quirks
  if (typeof value !== 'string' || ![...refusedSigns].some((sign) => value.includes(sign))) return
  refuse(call, `${propertyOf(kind, name)} contains invalid characters`)
}

/** In the style of bean validation, as the one text seen in public. */
function refuseSize(call: Call, kind: CarrierKind, name: string): never {
  return refuse(call, `${propertyOf(kind, name)} size must be between 1 and ${lengths[name] ?? 255}`)
}

function propertyOf(kind: CarrierKind, name: string): string {
  return `${kind}.${name.charAt(0).toLowerCase()}${name.slice(1)}`
}

function checkReferences(call: Call, kind: CarrierKind, fields: Row): void {
  const { world } = call.simulation
  for (const [name, to] of Object.entries(references)) {
    const id = fields[name]
    if (typeof id !== 'number' || to === 'elsewhere') continue
    const exists = to === 'Carrier' ? world.carriers.has(id) : world.table(to).rows.has(id)
    if (!exists) refuse(call, `${name.replace(/Id$/, '')} not found`)
  }
  for (const { DefinitionId } of rows(fields, 'Freefield')) {
    const definition = world.table('FreeFieldDefinition').rows.get(Number(DefinitionId))
    const category = world.table('FreeFieldCategory').rows.get(Number(definition?.CategoryId))
    if (category?.CarrierType !== kind) refuse(call, 'Free field not found')
  }
}
