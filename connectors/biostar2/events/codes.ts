/** What each event code means, by the table beside this file; codes that it does not list are told by their family where that is sure. */
import { readFileSync } from 'node:fs'
import type { CodeMeaning } from '../../../src/model/events/code-meaning.ts'
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
  /** Why it is `other`, or what nobody is sure of. */
  readonly note: string | null
}

/** One row per code, ascending. `other` is on purpose, and says why. */
export const codeRows: readonly CodeRow[] = readFileSync(new URL('codes.csv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map(rowOf)

const known: ReadonlyMap<string, EventCode> = new Map(codeRows.map((row) => [row.code, row]))

/**
 * By the high byte, which is the kind of event, where all documented codes of it agree (BioStar 2 device SDK, event codes: the low byte
 * says by which way or why). Others are mixed: a strange code of 0x19 may be somebody who was let in (6408). None says here that something
 * is over or works again: no alarm ends by a code that nobody knows.
 */
const families: Readonly<Record<number, readonly [EventType, active?: boolean]>> = {
  16: ['access.granted'],
  17: ['access.denied.other'],
  18: ['alarm.duress'],
  19: ['access.granted'],
  20: ['access.denied.other'],
  21: ['alarm.duress'],
  22: ['access.granted'],
  23: ['access.denied.multi_person'],
  24: ['access.denied.other'],
  26: ['access.denied.biometric_mismatch'],
  32: ['credential.enrolled'],
  34: ['credential.changed'],
  36: ['credential.removed'],
  38: ['credential.removed'],
  41: ['credential.changed'],
  48: ['system.device_started'],
  49: ['system.device_started'],
  50: ['system.clock_adjusted'],
  64: ['alarm.tamper', true],
  74: ['door.rex_pressed'],
  75: ['door.remote_command'],
  76: ['door.remote_command'],
  80: ['door.unlocked'],
  81: ['door.locked'],
  82: ['door.opened'],
  83: ['door.closed'],
  84: ['alarm.door_forced', true],
  85: ['alarm.door_held', true],
  86: ['alarm.door_forced', true],
  88: ['alarm.door_held', true],
  90: ['alarm.other', true],
  92: ['door.mode_changed', false],
  93: ['door.mode_changed', true],
  94: ['door.mode_changed', true],
}

/** Names never count: the server's own differ from version to version. */
export function eventCode(code: string): EventCode {
  const listed = known.get(code)
  if (listed !== undefined) return listed
  const [type, active = null] = (/^\d{1,9}$/.test(code) ? families[Number(code) >> 8] : undefined) ?? ['other']
  // What somebody showed that was refused may be anything, a PIN in the wrong place included.
  return { name: null, type, active, verify: [], userId: type.startsWith('access.denied.') ? 'typed' : 'account' }
}

function rowOf(line: string): CodeRow {
  const [code = '', name = '', category = '', type = '', active = '', verify = '', userId = '', note = ''] =
    line.split(',')
  return {
    ...{ code, name, category },
    type: oneOf(eventTypes, type),
    active: active === '' ? null : active === 'true',
    verify: verify === '' ? [] : verify.split('+').map((way) => oneOf(verifyWays, way)),
    userId: userId === '' ? 'account' : oneOf(['card', 'typed'], userId),
    note: note === '' ? null : note,
  }
}

function oneOf<const T extends string>(allowed: readonly T[], value: string): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new Error(`codes.csv: ${value} is none of the words for it`)
  return found
}

/** The table as it is shown, and behind it the families, by their first and last code. */
export const codeMeanings: readonly CodeMeaning[] = [
  ...codeRows.map(({ code, name, type, active, note }) => ({ code, name, when: null, type, active, note })),
  ...Object.entries(families).map(([high, [type, active = null]]) => ({
    ...{ code: `${Number(high) << 8}-${(Number(high) << 8) + 255}`, name: null, when: 'all others', type, active },
    note: null,
  })),
]
