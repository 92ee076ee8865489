/** From the result of an expression to the value of a field: exactly what the model's schema accepts, checked by hand for speed. */
import { isPhotoText } from '../model/photo.ts'
import { listMax, type SourceFieldName, type SourceFields, type SourceRecord } from '../model/source-record.ts'
import { isZone } from '../model/zone.ts'
import { isPlainDate } from './functions.ts'
import { RowRefused } from './problem.ts'

/** @throws RowRefused when the value does not fit. A blank text is null: an empty cell says nothing. */
export type Coerce = (value: unknown) => string | boolean | null

type PersonKind = NonNullable<SourceFields['kind']>
const kinds: Readonly<Record<PersonKind, true>> = {
  employee: true,
  contingent: true,
  intern: true,
  visitor: true,
  other: true,
}

/** For each field its check; the second element lists the static CEL types that can ever pass it. */
export const fieldChecks: Readonly<Record<SourceFieldName, { coerce: Coerce; types: readonly string[] }>> = {
  kind: { coerce: kind, types: ['string', 'null'] },
  employeeNumber: { coerce: identifier, types: ['string', 'null'] },
  email: { coerce: text, types: ['string', 'null'] },
  givenName: { coerce: text, types: ['string', 'null'] },
  familyName: { coerce: text, types: ['string', 'null'] },
  preferredName: { coerce: text, types: ['string', 'null'] },
  title: { coerce: text, types: ['string', 'null'] },
  department: { coerce: text, types: ['string', 'null'] },
  company: { coerce: text, types: ['string', 'null'] },
  site: { coerce: text, types: ['string', 'null'] },
  zone: { coerce: zone, types: ['string', 'null'] },
  start: { coerce: plainDate, types: ['string', 'null'] },
  end: { coerce: plainDate, types: ['string', 'null'] },
  lastWorkingDay: { coerce: plainDate, types: ['string', 'null'] },
  left: { coerce: truth, types: ['bool', 'null'] },
  suspended: { coerce: truth, types: ['bool', 'null'] },
  photo: { coerce: photo, types: ['string', 'null'] },
}

export function isBlank(value: string): boolean {
  return value === '' || value.trim() === ''
}

function text(value: unknown): string | null {
  if (value === null) return null
  if (typeof value !== 'string') throw new RowRefused('mapping.type')
  if (value.length > 512) throw new RowRefused('mapping.length')
  return isBlank(value) ? null : value
}

/** `1.23E+11` or `1,23E+11`: what a spreadsheet leaves of a long number. Many people would share it. */
const mangled = /^\d(?:[.,]\d+)?E\+\d{2,}$/i

function identifier(value: unknown): string | null {
  const id = text(value)
  if (id !== null && mangled.test(id.trim())) throw new RowRefused('mapping.spreadsheet-number')
  return id
}

function kind(value: unknown): string | null {
  const name = text(value)
  if (name !== null && !Object.hasOwn(kinds, name)) throw new RowRefused('mapping.kind')
  return name
}

function plainDate(value: unknown): string | null {
  const day = text(value)
  if (day !== null && !isPlainDate(day)) throw new RowRefused('mapping.date')
  return day
}

function truth(value: unknown): boolean | null {
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'string' && isBlank(value)) return null
  throw new RowRefused('mapping.type')
}

function photo(value: unknown): string | null {
  const named = text(value)
  if (named !== null && !isPhotoText(named)) throw new RowRefused('mapping.photo')
  return named
}

function zone(value: unknown): string | null {
  const name = text(value)
  if (name !== null && !isZone(name)) throw new RowRefused('mapping.zone')
  return name
}

/** A key of 1 to 256 characters. @throws RowRefused; blank is null, which only `personKey` may be. */
export function keyOf(value: unknown): string | null {
  const key = identifier(value)
  if (key !== null && key.length > 256) throw new RowRefused('mapping.length')
  return key
}

export function attrOf(value: unknown): SourceRecord['attrs'][string] {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value)
  if (Array.isArray(value)) return listOf(value)
  return text(value)
}

/** The texts of a list, blank ones left out. */
function listOf(values: readonly unknown[]): readonly string[] {
  if (values.length > listMax) throw new RowRefused('mapping.length')
  return values.map(text).filter((value) => value !== null)
}
