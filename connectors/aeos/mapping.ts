/** Between Gatehouse's words and those of AEOS, without any call: ids, names, dates and carriers. */
import type { Profile } from '../../src/connector/contract.ts'
import { known, present } from '../../src/connector/profile.ts'
import type { Validity } from '../../src/model/account.ts'
import type { PersonFacts } from '../../src/model/person.ts'
import { fieldShown, fieldText, isOf, originValue } from './carrier-fields.ts'
import type { CarrierType, Settings } from './settings.ts'
import { carrierTypes } from './settings-fields.ts'
import type { CarrierFields } from './soap/client.ts'
import { ownFailure } from './soap/errors.ts'
import { endFromLocal, startFromLocal, toLocalEnd, toLocalStart } from './soap/local-time.ts'
import type { PersonRecord } from './soap/records.ts'
import { writable } from './writable.ts'

// ---------------------------------------------------------------- ids

const personnelNoMax = 50
/** A database that reads these as patterns may not find the very number; `_` only finds more. With `%` a search may bring everybody. */
const patternSigns = /[%[\]^\\]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a number
const control = /[\u0000-\u001F\u007F]/
/** Stands before the id of a carrier whose personnel number does not name it alone. */
const idSign = '#'

/**
 * The account id is the personnel number: AEOS makes its own ids, which nobody can know before.
 * @throws ConnectorError `rejected` when the facts give none that can be looked for. The texts never hold the number.
 */
export function personnelNoOf(facts: PersonFacts): string {
  const number = facts.employeeNumber?.trim() ?? ''
  if (number === '') throw ownFailure('rejected', 'aeos.personnel-no-missing', 'The person has no employee number.')
  if (isNumber(number)) return number
  throw ownFailure(
    'rejected',
    'aeos.personnel-no-invalid',
    'A personnel number has up to 50 characters, none of % [ ] ^ \\, and does not begin with #.',
  )
}

/** Whether a carrier with this number can be found by it: the number as it is, whose blanks at the end alone do not count. */
export function isNumber(number: string): boolean {
  const isPlain = !patternSigns.test(number) && !control.test(number) && !number.startsWith(idSign)
  return number !== '' && number === number.trim() && number.length <= personnelNoMax && isPlain
}

/** What an account id says: a personnel number, or the id of one carrier. */
export function parseExternalId(externalId: string): { readonly number: string } | { readonly carrierId: string } {
  const carrierId = /^#(\d+)$/.exec(externalId)?.[1]
  return carrierId === undefined ? { number: externalId } : { carrierId }
}

export function carrierRef(carrierId: string): string {
  return `${idSign}${carrierId}`
}

/** The type of a carrier; null for one that is none of the three. */
export function typeOf({ CarrierType, $attributes }: PersonRecord): CarrierType | null {
  const told = CarrierType ?? String($attributes?.['xsi:type'] ?? '')
  const name = told.replace(/^.*:/, '').replace(/Info$/, '').toLowerCase()
  return carrierTypes.find((type) => type === name) ?? null
}

// ---------------------------------------------------------------- profile

const lastNameMax = 50
const firstNameMax = 40
const emailMax = 128
/** No document names a limit for free fields. */
const freeFieldMax = 250

/** AEOS wants a last name of at least one character. */
const nameless = '-'

/**
 * Only what the facts speak of: a field that they do not know is left alone at the server, as is one whose text can't be written. What they
 * know to be nothing is empty, but for the last name, without which AEOS keeps nobody.
 */
export function profileOf(facts: PersonFacts, settings: Settings): Profile {
  const type = wantedType(facts, settings)
  const hasDepartment = settings.departments === 'match' && type !== 'visitor'
  const first = textOf(facts.preferredName ?? facts.givenName, firstNameMax)
  return known({
    LastName: facts.familyName === undefined ? undefined : lastNameOf(facts),
    FirstName: first,
    Email: textOf(facts.email, emailMax),
    ...(hasDepartment ? { Department: textOf(facts.department) } : {}),
    ...Object.fromEntries(
      settings.free_fields.map(({ definition_id, ...origin }) => [
        freeFieldName(definition_id),
        textOf(originValue(facts, origin), freeFieldMax),
      ]),
    ),
    ...Object.fromEntries(
      settings.fields.flatMap(({ field, ...origin }) =>
        isOf(field, type) ? [[field, fieldText(field, originValue(facts, origin))]] : [],
      ),
    ),
    ...(facts.kind ? { CarrierType: type } : {}),
  })
}

/** The family name, else the first; undefined where there is neither. */
function lastNameOf({ familyName, preferredName, givenName }: PersonFacts): string | undefined {
  const last = writable(familyName ?? '', lastNameMax) || writable(preferredName ?? givenName ?? '', firstNameMax)
  return last === '' ? undefined : last
}

/** What a new carrier is called, whatever is known of the person. */
export function newLastName(facts: PersonFacts): string {
  return lastNameOf(facts) ?? nameless
}

/** Undefined: to be left alone; empty: to be cleared. */
function textOf(fact: string | null | undefined, max?: number): string | undefined {
  if (fact === undefined || fact === null) return fact === null ? '' : undefined
  return writable(fact, max) || undefined
}

/** What the person shall be at AEOS. */
export function wantedType({ kind }: PersonFacts, { carrier, carriers }: Settings): CarrierType {
  return (kind ? carriers[kind] : undefined) ?? carrier
}

export function freeFieldName(definitionId: string): string {
  return `Freefield ${definitionId}`
}

/** What a carrier shows; besides what is written, `Id` and `PersonnelNo` name it, and `FullName` is there for matching. */
export function profileShown(
  record: PersonRecord,
  departmentName: (id: string) => string | undefined,
  settings: Settings,
): Profile {
  const { Id, PersonnelNo, LastName, FirstName, MiddleName, Email, DepartmentId } = record
  const free = new Map(record.Freefield.map(({ DefinitionId, value }) => [DefinitionId, value]))
  return present({
    ...{ Id, PersonnelNo: PersonnelNo?.trim(), LastName, FirstName, Email },
    FullName: [FirstName, MiddleName, LastName].filter((part) => part !== undefined).join(' '),
    CarrierType: typeOf(record) ?? undefined,
    Department: DepartmentId === undefined ? undefined : departmentName(DepartmentId),
    ...Object.fromEntries(
      settings.free_fields.map(({ definition_id }) => [freeFieldName(definition_id), free.get(definition_id)]),
    ),
    ...Object.fromEntries(settings.fields.map(({ field }) => [field, fieldShown(field, record[field])])),
  })
}

// ---------------------------------------------------------------- validity

/** What is written for no start: AEOS would take the moment of creation for it. Its second shows that dates are not cut to days. */
const noStart = '2000-01-01T00:00:01'
/** From here on a leave date means none: AEOS clears one by 2149-05-29, and others write 2099-01-01. */
const noEndFrom = '2099-01-01'

export function vendorStart(from: string | null, { server_zone }: Settings): string {
  return from === null ? noStart : toLocalStart(Date.parse(from), server_zone)
}

export function vendorEnd(until: string | null, { server_zone, unbounded_until }: Settings): string {
  return until === null ? `${unbounded_until}T00:00:00` : toLocalEnd(Date.parse(until), server_zone)
}

/** What also stands for no end, where the value that clears a date does not clear this one. */
export const farEnd = { LeaveDateTime: `${noEndFrom}T00:00:00` } as const

/** Whether an end that was to be cleared is still there: of the leave date some say that nothing clears it. */
export function keptEnd(sent: CarrierFields, shown: string | undefined, settings: Settings): boolean {
  return sent.LeaveDateTime === vendorEnd(null, settings) && shown !== undefined && shown < noEndFrom
}

/** Whether these dates may be days alone: an example of the manual shows those of findPerson without the time that was written. */
export function mayBeCut({ ArrivalDateTime, LeaveDateTime }: PersonRecord): 'yes' | 'no' | 'unknown' {
  const dates = [ArrivalDateTime, LeaveDateTime].filter((text) => text !== undefined)
  if (dates.length === 0) return 'unknown'
  return dates.every((text) => /T00:00:00(?:\.0+)?$/.test(text)) ? 'yes' : 'no'
}

/** From when a right holds that is given now: from the start of the person (null for none), or at once, and then surely not later. */
export function rightsStart(from: string | null, now: Date, settings: Settings): string {
  if (from !== null && Date.parse(from) > now.getTime()) return vendorStart(from, settings)
  return toLocalEnd(now.getTime(), settings.server_zone)
}

/** The dates that differ, both of them where one does; a start that lies in the past on both sides is the same. */
export function changedDates(desired: Validity, actual: Validity, now: Date, settings: Settings): CarrierFields {
  const begun = (from: string | null) => from === null || Date.parse(from) <= now.getTime()
  const start = vendorStart(desired.from, settings)
  const end = vendorEnd(desired.until, settings)
  const sameStart = start === vendorStart(actual.from, settings) || (begun(desired.from) && begun(actual.from))
  if (sameStart && end === vendorEnd(actual.until, settings)) return {}
  return { ArrivalDateTime: start, LeaveDateTime: end }
}

/** Dates for shutting out: an end that is now, and a start before it. */
export function pastDates(from: string | null, at: Date, settings: Settings): CarrierFields {
  const end = { LeaveDateTime: toLocalEnd(at.getTime(), settings.server_zone) }
  return from !== null && Date.parse(from) >= at.getTime() ? { ArrivalDateTime: noStart, ...end } : end
}

export function validityOf({ ArrivalDateTime, LeaveDateTime }: PersonRecord, { server_zone }: Settings): Validity {
  const instant = (text: string | undefined, read: typeof endFromLocal) => {
    const at = text === undefined ? null : read(text, server_zone)
    return at === null ? null : new Date(at).toISOString()
  }
  return {
    from: ArrivalDateTime !== undefined && ArrivalDateTime <= noStart ? null : instant(ArrivalDateTime, startFromLocal),
    until: LeaveDateTime !== undefined && LeaveDateTime >= noEndFrom ? null : instant(LeaveDateTime, endFromLocal),
  }
}

/** Whether the carrier's end is over. */
export function hasLeft(record: PersonRecord, now: Date, settings: Settings): boolean {
  const { until } = validityOf(record, settings)
  return until !== null && Date.parse(until) <= now.getTime()
}
