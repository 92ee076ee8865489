/** Turns an answer other than success into the one error that the engine understands, by the table of codes. */
import { ConnectorError } from '../../../src/connector/errors.ts'
import type { FailureKind } from '../../../src/model/failure.ts'
import { isAboutCarrier, loginRefused, notFound, type Row, rowOf, unexpectedAnswer } from './codes.ts'

const vendorCodes = new WeakMap<ConnectorError, string>()

/** The vendor's own number behind a failure, where the server gave one. */
export function vendorCodeOf(error: unknown): string | undefined {
  return error instanceof ConnectorError ? vendorCodes.get(error) : undefined
}

export interface Refusal {
  /** `ErrorCode` of the fault, or null when the answer holds none. */
  readonly code: string | null
  readonly httpStatus: number
  readonly vendorText?: string
  /** Value of a `Retry-After` header in seconds. */
  readonly retryAfter?: string
  /** The request was to change something, and whoever answered may not be the one who carries it out. */
  readonly mayBeDone?: boolean
}

/** The failure that an answer other than success stands for. An unlisted code is transient: the engine gives up after a few times. */
export function failureOf(refusal: Refusal): ConnectorError {
  const row = (refusal.code === null ? undefined : listed(refusal.code, refusal.vendorText)) ?? unlisted(refusal)
  const error = new ConnectorError({
    kind: row.kind,
    code: row.code,
    hint: row.hint,
    outcomeUnknown: refusal.mayBeDone === true && row === unexpectedAnswer,
    ...(refusal.vendorText === undefined ? {} : { vendorText: refusal.vendorText }),
    ...(row.kind === 'throttled' ? { retryAfterMs: retryAfterMs(refusal) } : {}),
  })
  if (refusal.code !== null) vendorCodes.set(error, refusal.code)
  return error
}

/** The one text that decides anything, since no code says it. */
const notFoundText = /not found/i

function listed(code: string, text: string | undefined): Row | undefined {
  return isAboutCarrier(code) && notFoundText.test(text ?? '') ? notFound : rowOf(code)
}

/** AEOS documents no way to ask for a pause; what stands in front of it may. */
function retryAfterMs({ retryAfter }: Refusal): number {
  const seconds = Number(retryAfter)
  return retryAfter !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 30_000
}

function unlisted({ code, httpStatus, retryAfter }: Refusal): Row {
  if (httpStatus === 401) return loginRefused
  if (httpStatus === 429 || (httpStatus === 503 && retryAfter !== undefined))
    return { kind: 'throttled', code: 'aeos.throttled', hint: 'The server asks us to slow down.' }
  if (code === null) return unexpectedAnswer
  const hint = `AEOS answered code ${code}, which is not known here: see the log of the AEOS server.`
  return { kind: 'transient', code: 'aeos.unlisted-code', hint }
}

/** A failure found by the connector itself, before or after a call. */
export function ownFailure(kind: FailureKind, code: `aeos.${string}`, hint: string): ConnectorError {
  return new ConnectorError({ kind, code, hint })
}

/** The same failure of a request that only asked: there is nothing that could have been done. */
export function ofReading(error: ConnectorError): ConnectorError {
  if (!error.outcomeUnknown) return error
  const { kind, code, hint } = error
  return new ConnectorError({ kind, code, ...(hint === undefined ? {} : { hint }) })
}

/** True for the answer that the carrier is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ConnectorError && error.code === notFound.code
}

/** Whether a refusal says that something is not there: the carrier, or what it was to be given. */
export function saysNotFound(error: unknown): boolean {
  return error instanceof ConnectorError && error.kind === 'rejected' && notFoundText.test(error.vendorText ?? '')
}

/** Null where the server refuses, such as what the system user is not allowed to ask for. */
export async function unlessRefused<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'rejected') return null
    throw error
  }
}

/** Something of the carrier is not found, though it is shown itself: nobody is gone. */
export function shownThough({ vendorText }: ConnectorError): ConnectorError {
  const hint = 'AEOS says "not found" of a carrier that it shows: if it goes on, see the log of the AEOS server.'
  return new ConnectorError({
    kind: 'transient',
    code: 'aeos.find-failed',
    hint,
    ...(vendorText === undefined ? {} : { vendorText }),
  })
}

/** Where the engine expects `conflict`: read again and decide again. */
export function carrierGone(): ConnectorError {
  return new ConnectorError(notFound)
}

export function readOnlyCarrier(): ConnectorError {
  return ownFailure('rejected', 'aeos.read-only', 'AEOS marks this carrier as read-only, so it is never changed.')
}

export function hiddenCarrier(): ConnectorError {
  const hint =
    'AEOS does not show the carrier, but its badge still belongs to it: take unit filters from the system user, and give it the search function of each carrier type.'
  return ownFailure('rejected', 'aeos.carrier-hidden', hint)
}

export function ambiguousCarrier(): ConnectorError {
  return ownFailure(
    'conflict',
    'aeos.person-ambiguous',
    'Several carriers have this personnel number: correct it at AEOS, so that one is left. A lock-out shuts all of them.',
  )
}
