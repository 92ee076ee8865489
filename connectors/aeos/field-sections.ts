/** The fields of a carrier that differ from what is desired, in sections that may be refused one without the other. */
import type { PartOutcome, Profile } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { differing } from '../../src/connector/profile.ts'
import {
  type CarrierFieldName,
  fieldSent,
  isNewer,
  isOf,
  isTaken,
  noReference,
  whatFits,
  whoHas,
} from './carrier-fields.ts'
import {
  carrierRef,
  changedDates,
  freeFieldName,
  newLastName,
  profileOf,
  vendorEnd,
  vendorStart,
  wantedType,
} from './mapping.ts'
import type { Carrier, Put, Writing } from './put.ts'
import type { Section } from './sections.ts'
import type { CarrierType } from './settings.ts'
import { ownFailure } from './soap/errors.ts'

const profilePart = { kind: 'profile' } as const
const validityPart = { kind: 'validity' } as const

export interface FieldSection extends Section {
  /** Needed: without it there is no carrier. Listed in the settings: AEOS may have been set to want it. */
  readonly is: 'needed' | 'listed' | 'optional'
}

/** Of a carrier that is not there yet (null) everything; `failed` are fields that can't even be asked for. */
export async function fieldSections(
  { desired }: Put,
  carrier: Carrier | null,
  writing: Writing,
  signal: AbortSignal,
): Promise<{ sections: FieldSection[]; failed: PartOutcome[] }> {
  const { settings, departments, now } = writing
  const before: Profile = carrier?.actual?.profile ?? {}
  const wanted = profileOf(desired.facts, settings)
  const needed = carrier === null ? { LastName: newLastName(desired.facts) } : {}
  const changed = differing({ ...wanted, ...needed }, before)
  const { LastName, FirstName, Email, Department } = changed
  const sections: FieldSection[] = []
  const failed: PartOutcome[] = []
  const add = (fields: Section['fields'], part: PartOutcome['part'], is: FieldSection['is']) => {
    if (Object.values(fields).some((value) => value !== undefined)) sections.push({ fields, parts: [part], is })
  }
  add({ LastName, FirstName }, profilePart, 'needed')
  add({ Email }, profilePart, 'optional')
  if (Department !== undefined) {
    try {
      if (carrier?.type === 'visitor') throw noDepartment()
      const id = Department === '' ? noReference : await departments.idOf(Department, signal)
      add({ DepartmentId: id }, profilePart, 'optional')
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      failed.push({ part: profilePart, outcome: 'failed', failure: error })
    }
  }
  for (const { field } of settings.fields) {
    const text = changed[field]
    if (text === undefined) continue
    const type = carrier?.type ?? wantedType(desired.facts, settings)
    const failure = await fieldFailure(field, text, type, writing, signal)
    if (failure === null) add({ [field]: fieldSent(field, text) }, profilePart, 'listed')
    else failed.push({ part: profilePart, outcome: 'failed', failure })
  }
  add(await freeFields(changed, carrier, writing, signal), profilePart, 'listed')
  const { validity } = desired
  const dates =
    carrier?.actual == null
      ? {
          ArrivalDateTime: vendorStart(validity.from, settings),
          // Nobody who is new has an end to be cleared.
          ...(validity.until === null ? {} : { LeaveDateTime: vendorEnd(validity.until, settings) }),
        }
      : changedDates(validity, carrier.actual.validity, now(), settings)
  add(dates, validityPart, 'needed')
  return { sections, failed }
}

function noDepartment(): ConnectorError {
  const hint =
    "A visitor has no department at AEOS: say the person's kind in the source, and its carrier type in carriers."
  return ownFailure('rejected', 'aeos.department-unknown', hint)
}

/** Why the field is not sent; null where nothing speaks against it. */
async function fieldFailure(
  field: CarrierFieldName,
  text: string,
  type: CarrierType,
  { offered }: Writing,
  signal: AbortSignal,
): Promise<ConnectorError | null> {
  const fits = `${field} holds ${whatFits(field)}: have the source say that.`
  if (!isTaken(field, text)) return ownFailure('rejected', 'aeos.field-invalid', fits)
  if (!isOf(field, type)) return ownFailure('rejected', 'aeos.field-unknown', `Only ${whoHas(field)} have ${field}.`)
  if (!isNewer(field) || (await offered.hasField(field, signal))) return null
  return ownFailure(
    'rejected',
    'aeos.field-unknown',
    `This version of AEOS does not have ${field}: leave it out of fields.`,
  )
}

/** Those of others are sent along: no document says whether a list of free fields replaces the one that was there. */
async function freeFields(changed: Profile, carrier: Carrier | null, writing: Writing, signal: AbortSignal) {
  const ours = writing.settings.free_fields.flatMap(({ definition_id }) => {
    const value = changed[freeFieldName(definition_id)]
    return value === undefined ? [] : [{ DefinitionId: definition_id, value }]
  })
  if (ours.length === 0) return {}
  const [there] = carrier === null ? [] : await writing.carriers.find(carrierRef(carrier.id), signal)
  const others = (there?.Freefield ?? []).flatMap(({ DefinitionId, value }) =>
    value === undefined || ours.some((our) => our.DefinitionId === DefinitionId) ? [] : [{ DefinitionId, value }],
  )
  return { Freefield: [...others, ...ours] }
}
