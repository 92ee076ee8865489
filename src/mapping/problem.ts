/** Why a row can't be used: a closed list of codes, with the field and the place in its expression, never the value. */
import type { CelPosition } from './cel.ts'

/**
 * - `mapping.key`: the key can't be read; who the row is about is unknown, so the read can't prove that anybody is gone.
 * - `mapping.expression`: the expression failed on this row. - `mapping.type`: the value has another type than the field.
 * - `mapping.length`: too long. - `mapping.kind`: not a kind of person. - `mapping.zone`: not an IANA time zone.
 * - `mapping.date`, `mapping.number`: the text is not a date of that format, or would lose digits as a number.
 * - `mapping.spreadsheet-number`: an identifier such as `1.23E+11`, whose digits a spreadsheet threw away.
 * - `mapping.card`: not a card of its format. - `mapping.card-half`: only one of facility and number.
 * - `mapping.card-random`: a chip serial number that is drawn anew at each tap. - `mapping.card-state`: not a state of a card.
 * - `mapping.photo`: not how a source that reads pictures names one.
 */
export const recordProblemCodes = [
  'mapping.key',
  'mapping.expression',
  'mapping.type',
  'mapping.length',
  'mapping.kind',
  'mapping.zone',
  'mapping.date',
  'mapping.number',
  'mapping.spreadsheet-number',
  'mapping.card',
  'mapping.card-half',
  'mapping.card-random',
  'mapping.card-state',
  'mapping.photo',
] as const
export type RecordProblemCode = (typeof recordProblemCodes)[number]

/** `at` is there when the expression itself failed, and counts from 1. */
export interface MappingProblem {
  readonly field: string
  readonly code: RecordProblemCode
  readonly at?: CelPosition
}

/** Carries a problem out of the depths of one row; it never leaves `Mapping.apply`. */
export class RowRefused extends Error {
  override readonly name = 'RowRefused'
  readonly code: RecordProblemCode
  readonly at: CelPosition | undefined

  constructor(code: RecordProblemCode, at?: CelPosition) {
    super(code)
    this.code = code
    this.at = at
  }
}

const known: ReadonlySet<string> = new Set(recordProblemCodes)

export function isRecordProblemCode(code: string): code is RecordProblemCode {
  return known.has(code)
}
