/** Writes the fields of a carrier in sections, so that a section that AEOS refuses does not keep the others from being written. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { PartRef } from '../../src/model/account.ts'
import type { CarrierFields } from './soap/client.ts'
import { isNotFound } from './soap/errors.ts'

/** Fields that are written or refused together, and the parts that they stand for. */
export interface Section {
  readonly fields: CarrierFields
  readonly parts: readonly PartRef[]
}

type Send = (fields: CarrierFields) => Promise<void>

/**
 * Sends all sections in one request, and one by one after a refusal, since no code of AEOS tells which field is at fault.
 * @throws ConnectorError whatever is about the carrier or the server as a whole.
 */
export async function writeSections(sections: readonly Section[], send: Send): Promise<PartOutcome[]> {
  if (sections.length === 0) return []
  const refusal = await refusalOf(sections, send)
  if (refusal === null) return outcomes(sections, 'applied')
  if (sections.length === 1) return outcomes(sections, 'failed', refusal)
  const done: PartOutcome[] = []
  for (const section of sections) done.push(...(await writeSections([section], send)))
  return done
}

/** Null when everything was taken. A refusal of other codes says nothing about fields. */
async function refusalOf(sections: readonly Section[], send: Send): Promise<ConnectorError | null> {
  try {
    await send(merged(sections))
    return null
  } catch (error) {
    if (!isOfFields(error)) throw error
    return error
  }
}

/** True for a refusal that may be about some fields only. */
export function isOfFields(error: unknown): error is ConnectorError {
  const codes = ['aeos.fields-refused', 'aeos.carrier-refused', 'aeos.department-unknown']
  return error instanceof ConnectorError && !isNotFound(error) && codes.includes(error.code)
}

export function merged(sections: readonly Section[]): CarrierFields {
  return Object.assign({}, ...sections.map(({ fields }) => fields))
}

export function outcomes(
  sections: readonly Section[],
  outcome: PartOutcome['outcome'],
  failure?: ConnectorError,
): PartOutcome[] {
  return sections.flatMap(({ parts }) =>
    parts.map((part) => ({ part, outcome, ...(failure === undefined ? {} : { failure }) })),
  )
}
