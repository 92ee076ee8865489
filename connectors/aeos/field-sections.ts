/** The fields of a carrier that differ from what is desired, in sections that may be refused one without the other. */
import type { PartOutcome, Profile } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { differing } from '../../src/connector/profile.ts'
import { ownFailure } from './errors.ts'
import { changedDates, freeFieldName, newLastName, profileOf, vendorEnd, vendorStart } from './mapping.ts'
import type { Carrier, Put, Writing } from './put.ts'
import type { Section } from './sections.ts'

const profilePart = { kind: 'profile' } as const
const validityPart = { kind: 'validity' } as const
/** Clears a field that holds an id. */
const noReference = '0'

export interface FieldSection extends Section {
  /** Without it there is no carrier. */
  readonly isNeeded: boolean
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
  const add = (fields: Section['fields'], part: PartOutcome['part'], isNeeded: boolean) => {
    if (Object.values(fields).some((value) => value !== undefined)) sections.push({ fields, parts: [part], isNeeded })
  }
  add({ LastName, FirstName }, profilePart, true)
  add({ Email }, profilePart, false)
  if (Department !== undefined) {
    try {
      if (carrier?.type === 'visitor') throw noDepartment()
      const id = Department === '' ? noReference : await departments.idOf(Department, signal)
      add({ DepartmentId: id }, profilePart, false)
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      failed.push({ part: profilePart, outcome: 'failed', failure: error })
    }
  }
  add(await freeFields(changed, carrier, writing, signal), profilePart, false)
  const { validity } = desired
  const dates =
    carrier?.actual == null
      ? {
          ArrivalDateTime: vendorStart(validity.from, settings),
          // Nobody who is new has an end to be cleared.
          ...(validity.until === null ? {} : { LeaveDateTime: vendorEnd(validity.until, settings) }),
        }
      : changedDates(validity, carrier.actual.validity, now(), settings)
  add(dates, validityPart, true)
  return { sections, failed }
}

function noDepartment(): ConnectorError {
  const hint =
    "A visitor has no department at AEOS: say the person's kind in the source, and its carrier type in carriers."
  return ownFailure('rejected', 'aeos.department-unknown', hint)
}

/** Those of others are sent along: no document says whether a list of free fields replaces the one that was there. */
async function freeFields(changed: Profile, carrier: Carrier | null, writing: Writing, signal: AbortSignal) {
  const ours = writing.settings.free_fields.flatMap(({ definition_id }) => {
    const value = changed[freeFieldName(definition_id)]
    return value === undefined ? [] : [{ DefinitionId: definition_id, value }]
  })
  if (ours.length === 0) return {}
  const [there] = carrier === null ? [] : await writing.carriers.find(`#${carrier.id}`, signal)
  const others = (there?.Freefield ?? []).flatMap(({ DefinitionId, value }) =>
    value === undefined || ours.some((our) => our.DefinitionId === DefinitionId) ? [] : [{ DefinitionId, value }],
  )
  return { Freefield: [...others, ...ours] }
}
