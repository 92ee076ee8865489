/**
 * Shuts a carrier for an instant by its dates, and opens it again by them: whoever is killed in between leaves dates that are not as
 * desired, which the next order writes like any others, while a block would look like somebody else's.
 */
import type { PartOutcome } from '../../src/connector/contract.ts'
import type { CarrierFields } from './client.ts'
import { pastDates, vendorEnd, vendorStart } from './mapping.ts'
import type { Carrier, Put, Writing } from './put.ts'
import type { Section } from './sections.ts'

const part = { kind: 'validity' } as const

/** Far enough back for a server whose clock is behind ours. */
const backMs = 24 * 3_600_000

/** Dates that are over, whatever clock the server has. */
export function shutDates({ desired }: Put, { actual }: Carrier, { now, settings }: Writing): CarrierFields {
  const { from } = actual?.validity ?? desired.validity
  return pastDates(from, new Date(now().getTime() - backMs), settings)
}

/** The sections with both dates as desired in place of whatever they were to be; without any, and told why, where the carrier must stay shut. */
export function reopened<T extends Section>(
  sections: readonly T[],
  inTheWay: PartOutcome['failure'] | null,
  { desired: { validity } }: Put,
  { settings }: Writing,
): { readonly sections: readonly Section[]; readonly failed: readonly PartOutcome[] } {
  const others = sections.filter(({ parts }) => !parts.some(({ kind }) => kind === part.kind))
  if (inTheWay != null) return { sections: others, failed: [{ part, outcome: 'failed', failure: inTheWay }] }
  const fields = {
    ArrivalDateTime: vendorStart(validity.from, settings),
    LeaveDateTime: vendorEnd(validity.until, settings),
  }
  return { sections: [...others, { fields, parts: [part] }], failed: [] }
}
