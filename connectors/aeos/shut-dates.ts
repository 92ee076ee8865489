/**
 * Shuts a carrier for an instant by its dates, and opens it again by them: whoever is killed in between leaves dates that are not as
 * desired, which the next order writes like any others, while a block would look like somebody else's.
 */
import type { PartOutcome } from '../../src/connector/contract.ts'
import type { Validity } from '../../src/model/account.ts'
import { pastDates, vendorEnd, vendorStart } from './mapping.ts'
import type { Carrier, Put, Writing } from './put.ts'
import type { Section } from './sections.ts'
import type { Shutting } from './shutting.ts'
import type { CarrierFields } from './soap/client.ts'

const part = { kind: 'validity' } as const

/** Far enough back for a server whose clock is behind ours. */
const backMs = 24 * 3_600_000

/** Dates that are over, whatever clock the server has. */
export function shutDates({ desired }: Put, { actual }: Carrier, { now, settings }: Writing): CarrierFields {
  const { from } = actual?.validity ?? desired.validity
  return pastDates(from, new Date(now().getTime() - backMs), settings)
}

/** How this order opens a carrier that is shut: by its dates, which are over, or by its block. */
export function opening({ desired }: Put, { actual }: Carrier, { now }: Writing) {
  const isOver = ({ until }: Validity) => until !== null && Date.parse(until) <= now().getTime()
  return {
    byDates: actual !== null && isOver(actual.validity) && !isOver(desired.validity),
    byLock: actual?.lock === 'closed' && desired.lock === 'open',
  }
}

/**
 * The sections without their dates, and the dates by themselves: of a carrier that is shut by them (`isOver`) both as desired, whatever else was
 * to be written; none, and told why, where it must stay shut.
 */
export function datesApart(
  sections: readonly Section[],
  { isOver, inTheWay }: Pick<Shutting, 'isOver' | 'inTheWay'>,
  { desired: { validity } }: Put,
  { settings }: Writing,
): {
  readonly dates: readonly Section[]
  readonly others: readonly Section[]
  readonly failed: readonly PartOutcome[]
} {
  const isOfDates = ({ parts }: Section) => parts.some(({ kind }) => kind === part.kind)
  const others = sections.filter((section) => !isOfDates(section))
  if (!isOver) return { dates: sections.filter(isOfDates), others, failed: [] }
  if (inTheWay !== null) return { dates: [], others, failed: [{ part, outcome: 'failed', failure: inTheWay }] }
  const fields = {
    ArrivalDateTime: vendorStart(validity.from, settings),
    LeaveDateTime: vendorEnd(validity.until, settings),
  }
  return { dates: [{ fields, parts: [part] }], others, failed: [] }
}
