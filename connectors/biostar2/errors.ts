/** Turns an answer other than success into the one error that the engine understands, by the table of codes. */
import { ConnectorError, type ConnectorFailure } from '../../src/connector/errors.ts'
import type { FailureKind } from '../../src/model/failure.ts'
import { type Blame, type Row, rowOf, sessionLost } from './codes.ts'

/** The part of the user that a failure is about, or null when its code does not tell. */
export function blameOf(error: ConnectorError): Blame | null {
  const vendorCode = vendorCodes.get(error)
  return (vendorCode === undefined ? undefined : rowOf(vendorCode)?.blame) ?? null
}

/** The vendor's own number behind a failure, where the server gave one. */
export function vendorCodeOf(error: ConnectorError): string | undefined {
  return vendorCodes.get(error)
}

const vendorCodes = new WeakMap<ConnectorError, string>()

export interface Refusal {
  /** `Response.code`, or null when the answer holds none. */
  readonly code: string | null
  readonly httpStatus: number
  readonly vendorText?: string
  /** Value of a `Retry-After` header in seconds. */
  readonly retryAfter?: string
}

/** The failure that an answer other than success stands for. An unlisted code is transient: the engine gives up after a few times. */
export function failureOf(refusal: Refusal): ConnectorError {
  const row = (refusal.code === null ? undefined : rowOf(refusal.code)) ?? unlisted(refusal)
  const failure: ConnectorFailure = {
    kind: row.kind,
    code: row.code,
    hint: row.hint,
    // Partly done: what exactly, only a read can tell.
    outcomeUnknown: row.code === 'biostar2.partly-done',
    ...(refusal.vendorText === undefined ? {} : { vendorText: refusal.vendorText }),
    ...(row.kind === 'throttled' ? { retryAfterMs: retryAfterMs(refusal) } : {}),
  }
  const error = new ConnectorError(failure)
  if (refusal.code !== null) vendorCodes.set(error, refusal.code)
  return error
}

/** A lock for tries lasts as long as the server's own setting says: 10 minutes in the vendor's sample. */
const loginBlockedMs = 10 * 60_000

function retryAfterMs(refusal: Refusal): number {
  const seconds = Number(refusal.retryAfter)
  if (refusal.retryAfter !== undefined && Number.isFinite(seconds) && seconds >= 0) return seconds * 1000
  return refusal.code === '113' ? loginBlockedMs : 30_000
}

function unlisted({ code, httpStatus }: Refusal): Row {
  // A proxy in front of the server may answer in its own words.
  if (httpStatus === 401) return sessionLost
  if (httpStatus === 429)
    return { kind: 'throttled', code: 'biostar2.throttled', hint: 'The server asks us to slow down.' }
  if (code === null || !/^\d{1,9}$/.test(code)) {
    return {
      kind: 'transient',
      code: 'biostar2.unexpected-answer',
      hint: `The answer (HTTP ${httpStatus}) is not one of this API.`,
    }
  }
  return {
    kind: 'transient',
    code: 'biostar2.unlisted-code',
    hint: `The server answered code ${code} (HTTP ${httpStatus}), which is not known here.`,
  }
}

/** A failure found by the connector itself, before or after a call. */
export function ownFailure(kind: FailureKind, code: `biostar2.${string}`, hint: string): ConnectorError {
  return new ConnectorError({ kind, code, hint })
}

export function protectedAccount(): ConnectorError {
  return ownFailure(
    'rejected',
    'biostar2.protected-account',
    'Operators, built-in users and our own account are never changed.',
  )
}
