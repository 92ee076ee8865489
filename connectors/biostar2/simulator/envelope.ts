/** The `Response` object every answer carries, and the one error a handler throws to refuse a request. */

/** Link in every answer of the vendor's API collection (bs2api.biostar2.com). */
const supportLink = 'https://support.supremainc.com/en/support/home'

// Meanings of the codes; the wording is our own, only the numbers are BioStar's.
const texts: Record<string, string> = {
  '0': 'Success',
  '1': 'Partly done',
  '8': 'All rows failed',
  '4': 'Server error',
  '10': 'Login required',
  '11': 'Session expired',
  '20': 'Permission denied',
  '30': 'Invalid parameters',
  '101': 'Login id or password is wrong',
  '102': 'Method not supported',
  '103': 'Request not supported',
  '109': 'Login is not allowed from this address',
  '113': 'Too many login attempts',
  '121': 'The account may not log in',
  '122': 'The account needs a second factor',
  '201': 'User not found',
  '202': 'User already exists',
  '205': 'The administrator cannot be changed',
  '206': 'This entry is protected',
  '207': 'The user id cannot be changed',
  '208': 'Login id already exists',
  '210': 'Licence or capacity exceeded',
  '212': 'Email already exists',
  '221': 'Password repeats a character',
  '222': 'Password holds consecutive characters',
  '223': 'Password holds the user id',
  '224': 'Password equals the last one',
  '301': 'Device not found',
  '400': 'Card not found',
  '401': 'Card already exists',
  '407': 'Access on card cannot be taken back',
  '408': 'Card belongs to another user',
  '413': 'Card is blocked',
  '415': 'Invalid CSN card number',
  '600': 'User group not found',
  '601': 'Door not found',
  '603': 'Access group not found',
  '604': 'Schedule not found',
  '605': 'Access level not found',
  '606': 'Operator level not found',
  '652': 'Name already exists',
  '700': 'Invalid or too large request',
  '1001': 'Device is not connected',
  '1100': 'Socket not found',
  '1101': 'Bad session in socket',
  '1700': 'Server is busy',
  '65637': 'A user has too many access groups',
  '65646': 'User group name already exists',
  '65741': 'User group has sub groups',
  '65742': 'User group has users',
  '131074': 'Invalid user name',
  '131076': 'Invalid phone length',
  '131077': 'Invalid phone characters',
  '131080': 'Invalid PIN length',
  '131081': 'Invalid PIN characters',
  '131085': 'Period is out of range',
  '131086': 'Period end must be after its start',
  '131090': 'Too many access groups',
  '262201': 'Card is already blocked',
  '262202': 'Card to block was not found',
  '262204': 'Card is not blocked any more',
  '331791': 'Licence missing',
}

interface ResponseObject {
  code: string
  link: string
  message: string
  by?: 'web'
}

export type Dialect = 'v1' | 'v2'

export function responseObject(code: string, dialect: Dialect, message?: string): ResponseObject {
  const plain = { code, link: supportLink, message: message ?? texts[code] ?? 'Refused' }
  return dialect === 'v2' ? { ...plain, by: 'web' } : plain
}

/** A request the server refuses with this HTTP status and `Response.code`. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  /** A body without the `Response` wrapper, as the licence refusal has it. */
  readonly bare: boolean
  readonly closes: boolean

  /** HTTP 400 is the usual status of a refusal; few are published. */
  constructor(code: string, options: { status?: number; bare?: boolean; closes?: boolean } = {}) {
    super(texts[code] ?? 'Refused')
    this.name = 'Refusal'
    this.code = code
    this.status = options.status ?? 400
    this.bare = options.bare ?? false
    this.closes = options.closes ?? false
  }
}
