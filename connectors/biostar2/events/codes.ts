/** What each event code means, by the table beside this file; codes that it does not list are told by their family where that is sure. */
import { readFileSync } from 'node:fs'
import { type AccessEvent, verifyWays } from '../../../src/model/events/event.ts'
import { type EventType, eventTypes } from '../../../src/model/events/types.ts'

/** Whom `user_id` names: an account, the number of a card that was read, or an id that somebody typed. */
type UserId = 'account' | 'card' | 'typed'

export interface EventCode {
  /** The server's own name, misspellings kept; null where it is not known. */
  readonly name: string | null
  readonly type: EventType
  readonly active: boolean | null
  readonly verify: AccessEvent['verify']
  readonly userId: UserId
}

export interface CodeRow extends EventCode {
  readonly code: string
  /** Of the vendor's documents, as far as they have any. */
  readonly category: string
}

/** One row per code, ascending. `other` is on purpose: nothing of the taxonomy says it. */
export const codeRows: readonly CodeRow[] = readFileSync(new URL('codes.csv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map(rowOf)

const known: ReadonlyMap<string, EventCode> = new Map(codeRows.map((row) => [row.code, row]))

/** By the high byte. Other families are mixed: a strange code of 0x19 may be somebody who was let in (6408), one of 0x24 a failure. */
const families: Readonly<Record<number, EventType>> = {
  16: 'access.granted',
  17: 'access.denied.other',
  18: 'alarm.duress',
  19: 'access.granted',
  20: 'access.denied.other',
  21: 'alarm.duress',
  24: 'access.denied.other',
}

/** Names never count: the server's own differ from version to version. */
export function eventCode(code: string): EventCode {
  const listed = known.get(code)
  if (listed !== undefined) return listed
  const type = (/^\d{1,9}$/.test(code) ? families[Number(code) >> 8] : undefined) ?? 'other'
  // What somebody showed that was refused may be anything, a PIN in the wrong place included.
  return { name: null, type, active: null, verify: [], userId: type === 'access.denied.other' ? 'typed' : 'account' }
}

function rowOf(line: string): CodeRow {
  const [code = '', name = '', category = '', type = '', active = '', verify = '', userId = ''] = line.split(',')
  return {
    ...{ code, name, category },
    type: oneOf(eventTypes, type),
    active: active === '' ? null : active === 'true',
    verify: verify === '' ? [] : verify.split('+').map((way) => oneOf(verifyWays, way)),
    userId: userId === '' ? 'account' : oneOf(['card', 'typed'], userId),
  }
}

function oneOf<const T extends string>(allowed: readonly T[], value: string): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new Error(`codes.csv: ${value} is none of the words for it`)
  return found
}
