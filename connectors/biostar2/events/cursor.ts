/** Where in the log of the server we stand, and how that is written down for the next time. */
import { z } from 'zod'
import { parseJson } from '../../../src/model/parse-json.ts'
import { ownFailure } from '../errors.ts'

/** Every row of the log up to here was read, and none can turn up before it any more. */
export interface Place {
  /** Row of the log; 0: before the first. */
  readonly row: number
  /** Key of the event in it, so that another log is noticed; null where there is no such row. */
  readonly key: string | null
  /** The latest wall time of the server that any row up to here had. */
  readonly time: string | null
}

/** A row that was reached, and when, in ms since 1970 by our clock: what lies before it settles with time. */
export interface Reached {
  readonly row: number
  readonly at: number
}

export interface Standing {
  readonly settled: Place
  /** Beyond it, ascending. */
  readonly reached: readonly Reached[]
}

const row = z.int().min(0)
const written = z.strictObject({
  v: z.literal(1),
  row,
  key: z.string().max(64).nullable(),
  time: z.string().max(64).nullable(),
  reached: z.array(z.strictObject({ row, at: z.number() })).max(100),
})

export function cursorOf({ settled: { row, key, time }, reached }: Standing): string {
  return JSON.stringify({ v: 1, row, key, time, reached })
}

/** @throws ConnectorError `rejected`: to begin anywhere else would pass over events without a word. */
export function standingOf(cursor: string): Standing {
  const parsed = written.safeParse(parseJson(cursor))
  if (!parsed.success)
    throw ownFailure(
      'rejected',
      'biostar2.cursor-unknown',
      'The place in the event log was written by another version.',
    )
  const { row, key, time, reached } = parsed.data
  return { settled: { row, key, time }, reached }
}
