/** How carriers look on the wire, and which of them a caller may see. */
import { type Call, sees } from './call.ts'
import type { Carrier, CarrierKind, SystemUser } from './model.ts'
import { ownType, type Row, rows } from './row.ts'

export function infoType(kind: CarrierKind): string {
  return `${kind}Info`
}

/** The full info of a carrier, as find, add and change answer it. */
export function carrierRow(call: Call, carrier: Carrier): Row {
  const { id, kind, fields, readOnly } = carrier
  const row: Row = { ...fields, Id: id, CarrierType: kind, ReadOnly: readOnly }
  const freeFields = visibleFreeFields(call, carrier)
  if (freeFields.length > 0) row.Freefield = freeFields
  else delete row.Freefield
  return row
}

/** The same with its own type, for lists that hold carriers of every kind. */
export function typedRow(call: Call, carrier: Carrier): Row {
  return { ...carrierRow(call, carrier), [ownType]: infoType(carrier.kind) }
}

/** With the first photo beside it, as the find of one kind answers. */
export function rowWithPhoto(call: Call, carrier: Carrier): Row {
  const photo = carrier.images.find((image) => image.Type === 'Photo')
  const row: Row = { [infoType(carrier.kind)]: carrierRow(call, carrier) }
  if (photo !== undefined) row.FirstPhoto = photo
  return row
}

/** Names come from the definitions; a field that is not assigned to the caller's role does not exist for it. */
function visibleFreeFields({ simulation, caller }: Call, { fields }: Carrier): Row[] {
  const definitions = simulation.world.table('FreeFieldDefinition').rows
  return rows(fields, 'Freefield')
    .filter(({ DefinitionId }) => caller.freeFields === null || caller.freeFields.includes(Number(DefinitionId)))
    .map((field) => ({ ...field, Name: definitions.get(Number(field.DefinitionId))?.Name }))
}

/** Whether the role has the search function of its kind, and the filter of units lets it through. */
export function isVisible(caller: SystemUser, { kind, fields }: Carrier): boolean {
  return !caller.lacks.includes(kind) && sees(caller, fields.UnitId)
}

export function fullName({ fields }: Carrier): string {
  const parts = [fields.LastName ?? fields.Identification, fields.FirstName]
  return parts.filter((part) => typeof part === 'string').join(', ')
}
