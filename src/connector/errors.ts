/** The one error that a connector throws: its kind decides what the engine does, its code is stable, its texts hold no personal data. */
import type { FailureKind } from '../model/failure.ts'

export interface ConnectorFailure {
  readonly kind: FailureKind
  /** Stable, `<connector>.<what>`: for operators, metrics and tests. */
  readonly code: string
  /** What to do about it, in a sentence for the operator. */
  readonly hint?: string
  /** For `throttled`: how long the system asked us to wait. */
  readonly retryAfterMs?: number
  /** The vendor's own words; sealed before they are stored, never logged. */
  readonly vendorText?: string
  /** The request may have been carried out although no answer came: read back before anything else. */
  readonly outcomeUnknown?: boolean
  /** For a part that is `rejected`: a setting of the system is in the way, and may be another one later, so that it is tried again at times. */
  readonly mayPass?: boolean
  readonly cause?: unknown
}

export class ConnectorError extends Error {
  override readonly name = 'ConnectorError'
  readonly kind: FailureKind
  readonly code: string
  readonly hint: string | undefined
  readonly retryAfterMs: number | undefined
  readonly outcomeUnknown: boolean
  readonly mayPass: boolean
  // Not enumerable: a logger or serialiser that walks the error's fields must not meet the vendor's words.
  readonly #vendorText: string | undefined

  constructor(failure: ConnectorFailure) {
    super(failure.hint === undefined ? failure.code : `${failure.code}: ${failure.hint}`, { cause: failure.cause })
    this.kind = failure.kind
    this.code = failure.code
    this.hint = failure.hint
    this.retryAfterMs = failure.retryAfterMs
    this.outcomeUnknown = failure.outcomeUnknown ?? false
    this.mayPass = failure.mayPass ?? false
    this.#vendorText = failure.vendorText
  }

  /** The vendor's own words, to be sealed by the caller. */
  get vendorText(): string | undefined {
    return this.#vendorText
  }
}
