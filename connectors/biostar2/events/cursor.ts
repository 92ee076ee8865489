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

const place = z.strictObject({
  v: z.literal(1),
  row: z.int().min(0),
  key: z.string().max(64).nullable(),
  time: z.string().max(64).nullable(),
})

export function cursorOf({ row, key, time }: Place): string {
  return JSON.stringify({ v: 1, row, key, time })
}

/** @throws ConnectorError `rejected`: to begin anywhere else would pass over events without a word. */
export function placeOf(cursor: string): Place {
  const parsed = place.safeParse(parseJson(cursor))
  if (parsed.success) return { row: parsed.data.row, key: parsed.data.key, time: parsed.data.time }
  throw ownFailure('rejected', 'biostar2.cursor-unknown', 'The place in the event log was written by another version.')
}
