/** Every type of the interface, compiled: what the schema is printed from, requests are read with and answers are written by. */
import { type ComplexType, compileEnums, compileTypes, type TypeTexts } from './notation.ts'
import { authorisationTypes } from './types-authorisations.ts'
import { carrierTypes } from './types-carriers.ts'
import { eventTypes } from './types-events.ts'
import { placeTypes } from './types-places.ts'
import { tokenTypes } from './types-tokens.ts'

const enumTexts: TypeTexts = {
  SortDirection: ['A', 'D'],
  PersonSortFields: ['Email', 'FirstName', 'Gender', 'LastName', 'MobilePhoneNo', 'PersonnelNo', 'PhoneNo', 'Title'],
  CarSortFields: ['CarNumber', 'Identification', 'LicenceNumber'],
  UnitOfAuthType: ['OnLine', 'OffLine', 'Soaa', 'SecurityLevel', 'Loxs @2021-10', 'Locker @2024-05'],
  AuthSubject: ['Entrance', 'EntranceGroup', 'Template', 'Locker @2024-05', 'Key @2024-08'],
  TypeOfCarrier: ['Employee', 'Visitor', 'Contractor', 'Car'],
  VerificationType: ['Pincode', 'Sagem Fingerprint', 'Hitachi Fingervein', 'Weight', 'BioApi @2024-08'],
}

export const complexTypes = compileTypes({
  ...carrierTypes,
  ...tokenTypes,
  ...authorisationTypes,
  ...placeTypes,
  ...eventTypes,
})

export const enumTypes = compileEnums(enumTexts)

export const simpleTypes: ReadonlySet<string> = new Set([
  'long',
  'int',
  'string',
  'boolean',
  'dateTime',
  'date',
  'base64Binary',
])

/** Throws on a name that was never written down: a mistake in this folder. */
export function complexType(name: string): ComplexType {
  const found = complexTypes.get(name)
  if (found === undefined) throw new TypeError(`no such type: ${name}`)
  return found
}

for (const type of complexTypes.values()) {
  for (const field of type.own) {
    if (!simpleTypes.has(field.type) && !enumTypes.has(field.type)) complexType(field.type)
  }
}
