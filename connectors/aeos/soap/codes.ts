/** What each fault code of the service means for the engine: one row per documented code, after the vendor's manual (version 33). */
import type { FailureKind } from '../../../src/model/failure.ts'

export interface Row {
  readonly kind: FailureKind
  readonly code: `aeos.${string}`
  readonly hint: string
}

/** Most codes say which operation failed, and the reason stands in words alone. */
const rows = new Map<number, Row>()

function say(codes: readonly number[], kind: FailureKind, code: Row['code'], hint: string): void {
  for (const each of codes) rows.set(each, { kind, code, hint })
}

/** Families of four: find, add, change, remove. */
const people = [60, 65, 70]
const others = [10, 15, 25, 30, 50, 75, 80, 90, 230, 245]

say(
  [5, 55, 85, 86, 87, 88, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 130, 131, 150, 151, 160, 161, 255, 256],
  'transient',
  'aeos.find-failed',
  'AEOS could not look that up: if it goes on, see the log of the AEOS server.',
)
say(
  [...people, ...others],
  'transient',
  'aeos.find-failed',
  'AEOS could not look that up: if it goes on, see the log of the AEOS server.',
)
say(
  people.map((family) => family + 1),
  'rejected',
  'aeos.carrier-refused',
  'AEOS does not take this person: see in its settings which fields are mandatory and what they may hold.',
)
say(
  people.map((family) => family + 2),
  'rejected',
  'aeos.fields-refused',
  'AEOS does not take these fields or dates: see in its settings which are mandatory and what they may hold.',
)
say(
  people.map((family) => family + 3),
  'rejected',
  'aeos.removal-refused',
  'AEOS does not remove this carrier: something there still needs it, such as a visit or a locker.',
)
say(
  others.flatMap((family) => [family + 1, family + 2, family + 3]),
  'rejected',
  'aeos.object-refused',
  'AEOS does not take this change of an object that Gatehouse does not write: report it.',
)
say(
  [9],
  'transient',
  'aeos.configuration',
  'AEOS says that its configuration is wrong: see the log of the AEOS server.',
)
say(
  [110],
  'rejected',
  'aeos.block-refused',
  'AEOS did not change the state of the carrier: check block_reasons.carrier against the reasons of the server.',
)
say(
  [111, 116, 117],
  'rejected',
  'aeos.authorisation-refused',
  'AEOS does not take this authorisation: the template, entrance or schedule may be gone, or of another kind of lock.',
)
say([112], 'rejected', 'aeos.pin-refused', 'AEOS does not take this PIN, or no PINs at all.')
say(
  [113, 242],
  'rejected',
  'aeos.card-refused',
  'AEOS does not take this badge number: check identifier_types against the range of the identifier type.',
)
say([114, 115, 118, 119, 120], 'rejected', 'aeos.picture-refused', 'AEOS does not take this picture or attachment.')
say(
  [121, 122, 123, 124, 125, 126, 240, 241],
  'rejected',
  'aeos.token-refused',
  'AEOS did not change the state of the badge: look at it there, and check block_reasons.token.',
)
say(
  [301, 302, 303],
  'rejected',
  'aeos.bad-request',
  'AEOS does not understand the request: its version may be none that is known here.',
)
say(
  [901],
  'rejected',
  'aeos.not-allowed',
  'The system user lacks a right: give its role AEOS WebService > External calls, and the search function of each carrier type.',
)
say([902], 'rejected', 'aeos.no-licence', 'The licence of the AEOS server does not cover this.')
say([903, 904], 'rejected', 'aeos.not-supported', 'This version of AEOS does not offer the call.')
say([990], 'transient', 'aeos.system-error', 'AEOS reports an error of its own: if it goes on, see its log.')

/** The row of a code; undefined for one that no document lists. */
export function rowOf(code: string): Row | undefined {
  return rows.get(Number(code))
}

/** All codes that are listed. */
export const listedCodes: ReadonlyMap<number, Row> = rows

/** What was looked for is not there: the one text that counts, because no code says it. */
export const notFound: Row = {
  kind: 'conflict',
  code: 'aeos.not-found',
  hint: 'AEOS does not have it any more: it was removed there meanwhile.',
}

/**
 * Codes whose text can only mean the carrier itself: of operations that are given nothing but its id. Of a write it may be a reason, a
 * department or a template that is not found.
 */
const aboutCarriers: ReadonlySet<number> = new Set([
  ...people.flatMap((family) => [family, family + 3]),
  ...[55, 100, 101, 102, 103, 104, 105],
])

export function isAboutCarrier(code: string): boolean {
  return aboutCarriers.has(Number(code))
}

/** Such as a proxy that speaks in front of AEOS, or a page of the application server. */
export const unexpectedAnswer = {
  kind: 'transient',
  code: 'aeos.unexpected-answer',
  hint: 'The answer is none of this service: AEOS may be starting, or something else answers at its address.',
} as const satisfies Row

export const loginRefused = {
  kind: 'unauthenticated',
  code: 'aeos.login-refused',
  hint: 'Check user name and password of the system user, then reconnect.',
} as const satisfies Row
