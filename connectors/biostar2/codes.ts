/** What each BioStar answer code means for the engine: one row per documented code, after the vendor's console text file. */
import type { FailureKind } from '../../src/model/failure.ts'

/** The part of a user that a refusal is about, where the code tells. */
export type Blame = 'profile' | 'email' | 'validity' | 'pin' | 'cards' | 'levels'

export interface Row {
  readonly kind: FailureKind
  readonly code: `biostar2.${string}`
  readonly hint: string
  readonly blame?: Blame
}

export const sessionLost = {
  kind: 'transient',
  code: 'biostar2.session-lost',
  hint: 'The server ended the session again right after a new login.',
} as const
const badRequest = {
  kind: 'rejected',
  code: 'biostar2.bad-request',
  hint: 'The server does not take this request as it is.',
} as const
const unsupported = {
  kind: 'rejected',
  code: 'biostar2.not-supported',
  hint: 'This server version does not offer the call: check the version.',
} as const
const login = {
  kind: 'unauthenticated',
  code: 'biostar2.login-refused',
  hint: 'Check login id and password of the service account, then reconnect.',
} as const
const noUser = {
  kind: 'conflict',
  code: 'biostar2.user-not-found',
  hint: 'The user was removed at the server meanwhile.',
} as const
const protectedUser = {
  kind: 'rejected',
  code: 'biostar2.protected-account',
  hint: 'Operators and built-in users are never changed.',
} as const
const licence = {
  kind: 'rejected',
  code: 'biostar2.licence-or-capacity',
  hint: 'The licence or a capacity limit of the server forbids this.',
} as const
const cardTaken = {
  kind: 'conflict',
  code: 'biostar2.card-taken',
  hint: 'The card belongs to somebody else: take it back there first.',
  blame: 'cards',
} as const
const cardUnusable = {
  kind: 'conflict',
  code: 'biostar2.card-unusable',
  hint: 'The card is blocked or burnt at the server.',
  blame: 'cards',
} as const
const cardGone = {
  kind: 'conflict',
  code: 'biostar2.card-gone',
  hint: 'The card was removed at the server meanwhile.',
  blame: 'cards',
} as const
const tooManyGroups = {
  kind: 'rejected',
  code: 'biostar2.too-many-groups',
  hint: 'A person can have at most 16 access groups: combine some.',
  blame: 'levels',
} as const
const deviceBusy = {
  kind: 'transient',
  code: 'biostar2.device-unavailable',
  hint: 'A device or the server is busy, offline or slow.',
} as const
const serverFault = {
  kind: 'transient',
  code: 'biostar2.server-fault',
  hint: 'The server reports a fault of its own: see its logs.',
} as const
const password = {
  kind: 'rejected',
  code: 'biostar2.password-rule',
  hint: 'The server refuses this password.',
} as const
const pin = {
  kind: 'rejected',
  code: 'biostar2.pin-refused',
  hint: "The PIN does not satisfy the server's rules.",
  blame: 'pin',
} as const
const validity = {
  kind: 'rejected',
  code: 'biostar2.validity-refused',
  hint: 'The server refuses these dates.',
  blame: 'validity',
} as const
const field = {
  kind: 'rejected',
  code: 'biostar2.field-refused',
  hint: 'The server refuses a name, department, title or e-mail.',
} as const
const groupDeletion = {
  kind: 'rejected',
  code: 'biostar2.group-not-empty',
  hint: 'The group still has members.',
} as const
const blacklist = {
  kind: 'conflict',
  code: 'biostar2.block-changed',
  hint: 'The block of the card was changed meanwhile.',
  blame: 'cards',
} as const

function missing(what: string, blame?: Blame): Row {
  const row = {
    kind: 'rejected',
    code: `biostar2.${what}-not-found`,
    hint: `The server has no such ${what.replaceAll('-', ' ')} (any more).`,
  } as const
  return blame === undefined ? row : { ...row, blame }
}

function existing(what: string, blame?: Blame): Row {
  const row = {
    kind: 'conflict',
    code: `biostar2.${what}-exists`,
    hint: `The server already has this ${what.replaceAll('-', ' ')}.`,
  } as const
  return blame === undefined ? row : { ...row, blame }
}

const single: Readonly<Record<number, Row>> = {
  1: { kind: 'transient', code: 'biostar2.partly-done', hint: 'The server carried out only a part: it is read back.' },
  2: {
    kind: 'transient',
    code: 'biostar2.already-logged-in',
    hint: 'The account is in use elsewhere: give the gateway its own.',
  },
  4: serverFault,
  8: { kind: 'transient', code: 'biostar2.all-failed', hint: 'The server carried out no part.' },
  10: sessionLost,
  11: sessionLost,
  20: {
    kind: 'rejected',
    code: 'biostar2.not-allowed',
    hint: "The service account's operator level lacks a permission.",
  },
  30: badRequest,
  101: login,
  102: unsupported,
  103: unsupported,
  104: badRequest,
  105: badRequest,
  109: { ...login, hint: 'The service account may log in only from another address: see its user IP.' },
  113: {
    kind: 'throttled',
    code: 'biostar2.login-blocked',
    hint: 'Too many wrong logins: the server makes this account wait.',
  },
  114: { ...login, hint: 'The service account may log in only from another address: see its user IP.' },
  121: { ...login, hint: 'The service account may not log in.' },
  122: { ...login, hint: 'The service account has multi-factor login on: turn it off for this account.' },
  201: noUser,
  202: existing('user'),
  205: protectedUser,
  206: protectedUser,
  207: {
    kind: 'rejected',
    code: 'biostar2.fixed-field',
    hint: 'This field can not be changed after the user was created.',
  },
  208: existing('login-id'),
  210: licence,
  212: existing('email', 'email'),
  301: missing('device'),
  390: licence,
  400: cardGone,
  401: cardTaken,
  407: {
    kind: 'rejected',
    code: 'biostar2.card-fixed',
    hint: 'An access-on-card can not be taken back, only blocked.',
    blame: 'cards',
  },
  408: cardTaken,
  413: cardUnusable,
  415: {
    kind: 'rejected',
    code: 'biostar2.card-number-refused',
    hint: 'The server refuses this card number.',
    blame: 'cards',
  },
  500: missing('device-group'),
  600: missing('user-group'),
  601: missing('door'),
  602: missing('holiday-group'),
  603: missing('access-group', 'levels'),
  604: missing('schedule'),
  605: missing('access-level', 'levels'),
  606: missing('permission'),
  607: missing('door-group'),
  651: tooManyGroups,
  652: existing('access-group'),
  670: missing('zone'),
  671: badRequest,
  700: badRequest,
  701: badRequest,
  702: badRequest,
  800: badRequest,
  1017: deviceBusy,
  1020: deviceBusy,
  1700: deviceBusy,
  65637: tooManyGroups,
  65646: existing('user-group'),
  65649: noUser,
  65651: cardTaken,
  65741: groupDeletion,
  65742: groupDeletion,
  65744: cardUnusable,
  65749: cardUnusable,
  // Of the codes for fields, this one alone is known to mean the name.
  131074: { ...field, blame: 'profile' },
  131080: pin,
  131081: pin,
  131085: validity,
  131086: validity,
  131090: tooManyGroups,
  262201: blacklist,
  262202: cardGone,
  262204: blacklist,
  327683: { ...login, hint: 'The encryption keys of server and database differ: the server needs repair.' },
  331791: licence,
  339968: serverFault,
}

const ranges: readonly { readonly from: number; readonly to: number; readonly row: Row }[] = [
  { from: 221, to: 224, row: password },
  { from: 1001, to: 1005, row: deviceBusy },
  {
    from: 30000,
    to: 30018,
    row: { kind: 'rejected', code: 'biostar2.face-refused', hint: 'The server refuses this picture.' },
  },
  {
    from: 64532,
    to: 64534,
    row: { kind: 'transient', code: 'biostar2.door-disobeyed', hint: 'The door did not change its state.' },
  },
  { from: 66644, to: 66647, row: serverFault },
  { from: 131072, to: 131096, row: field },
  { from: 331776, to: 331783, row: licence },
]

/** The row of a documented code; undefined for any other. */
export function rowOf(code: string): Row | undefined {
  if (!/^\d{1,9}$/.test(code)) return undefined
  const number = Number(code)
  return single[number] ?? ranges.find(({ from, to }) => from <= number && number <= to)?.row
}
