/** Further fields of a carrier that may be written: which types have each, what it holds, and how it is cleared. */
import type { PersonFacts } from '../../src/model/person.ts'
import { writable } from './writable.ts'

type Type = 'employee' | 'contractor' | 'visitor'

interface CarrierField {
  readonly of: readonly Type[]
  readonly holds: 'text' | 'gender' | 'language' | 'id'
  /** In UTF-16 units. */
  readonly max?: number
  /** Not every version of AEOS has it. */
  readonly isNewer?: true
}

const everybody: readonly Type[] = ['employee', 'contractor', 'visitor']

/** Of MiddleName and Company no document names a limit: these are assumptions, by the first name and by labels. */
const fields = {
  MiddleName: { of: everybody, holds: 'text', max: 40 },
  Gender: { of: everybody, holds: 'gender' },
  Title: { of: everybody, holds: 'text', max: 25 },
  PhoneNo: { of: everybody, holds: 'text', max: 25 },
  Language: { of: everybody, holds: 'language', max: 12 },
  MobilePhoneNo: { of: everybody, holds: 'text', max: 25 },
  ContactPersonId: { of: everybody, holds: 'id' },
  VendorId: { of: ['contractor'], holds: 'id' },
  PermitId: { of: ['contractor'], holds: 'id' },
  Company: { of: ['visitor'], holds: 'text', max: 50 },
  PersonToVisitId: { of: ['visitor'], holds: 'id', isNewer: true },
} as const satisfies Readonly<Record<string, CarrierField>>

export type CarrierFieldName = keyof typeof fields
export const carrierFieldNames = Object.keys(fields) as [CarrierFieldName, ...CarrierFieldName[]]

const genders = ['Unknown', 'Male', 'Female'] as const
const noGender = genders[0]
const languages = 'ar de dk en es fa fr it iw nl no pl pt ru sv zh_CN'.split(' ')
/** Clears a field that holds an id. */
export const noReference = '0'

const field = (name: CarrierFieldName): CarrierField => fields[name]

export function isOf(name: CarrierFieldName, type: Type): boolean {
  return field(name).of.includes(type)
}

export function isNewer(name: CarrierFieldName): boolean {
  return field(name).isNewer === true
}

/** As it is to be shown: undefined to be left alone, empty for none. What AEOS would not take comes as it is, and `isTaken` says so. */
export function fieldText(name: CarrierFieldName, value: string | null | undefined): string | undefined {
  const { holds, max } = field(name)
  if (value === undefined) return undefined
  if (value === null) return holds === 'gender' ? noGender : ''
  if (holds === 'text') return writable(value, max) || undefined
  const text = writable(value)
  const gender = holds === 'gender' ? genders.find((each) => each.toLowerCase() === text.toLowerCase()) : undefined
  return gender ?? (text || undefined)
}

/** Whether the field can hold the text at all. */
export function isTaken(name: CarrierFieldName, text: string): boolean {
  const { holds, max = Infinity } = field(name)
  if (text.length > max) return false
  if (holds === 'gender') return genders.some((each) => each === text)
  if (holds === 'language') return text === '' || languages.includes(text)
  return holds === 'text' || text === '' || /^[1-9]\d{0,18}$/.test(text)
}

/** What a field can hold, in words. */
export function whatFits(name: CarrierFieldName): string {
  const { holds, max } = field(name)
  if (holds === 'gender') return genders.join(', ')
  if (holds === 'language') return `one of ${languages.join(', ')}`
  return holds === 'id' ? 'an id as AEOS shows it, digits alone' : `up to ${max} characters`
}

/** Whose field it is, in words. */
export function whoHas(name: CarrierFieldName): string {
  return field(name)
    .of.map((type) => `${type}s`)
    .join(' and ')
}

/** As it is sent. */
export function fieldSent(name: CarrierFieldName, text: string): string {
  return text === '' && field(name).holds === 'id' ? noReference : text
}

/** As it is shown by a record, whose empty fields AEOS leaves out. */
export function fieldShown(name: CarrierFieldName, shown: string | undefined): string | undefined {
  return field(name).holds === 'gender' ? (shown ?? noGender) : shown
}

/** Where a value comes from: one of the three. */
export interface Origin {
  readonly fact?: 'employeeNumber' | 'email' | 'department' | 'title' | 'preferredName' | 'company' | undefined
  readonly attr?: string | undefined
  readonly value?: string | undefined
}

/** Undefined: nobody speaks of it. Null: there is none. */
export function originValue(
  { attrs = {}, ...facts }: PersonFacts,
  { fact, attr, value }: Origin,
): string | null | undefined {
  if (value !== undefined) return value
  if (fact !== undefined) return facts[fact]
  return attr !== undefined && Object.hasOwn(attrs, attr) ? attrs[attr] : undefined
}
