/** When a subscription that failed is tried again: soon at first, then ever more seldom, and never by all at the same moment. */
import type { FailureKind } from '../../model/failure.ts'

const dayMs = 86_400_000

/** What the receiver did not take for so long is not tried any more. */
export const givenUpAfterMs = 3 * dayMs

const firstMs = 1_000
const mostMs = 5 * 60_000
/** Where a person has to mend something, and asking often might lock us out. */
const slowFirstMs = 60_000
const slowMostMs = 30 * 60_000
/** However long a receiver asks us to wait. */
const throttledMostMs = dayMs

/** `attempts`: failures in a row, this one among them; `random` from 0 to 1. In ms. */
export function retryMs(
  failure: { readonly kind: FailureKind; readonly retryAfterMs?: number | undefined },
  attempts: number,
  random: number,
): number {
  const slow = failure.kind === 'unauthenticated'
  const [first, most] = slow ? [slowFirstMs, slowMostMs] : [firstMs, mostMs]
  const backoff = Math.min(first * 2 ** Math.min(attempts - 1, 20), most) * (0.8 + 0.4 * random)
  if (failure.kind !== 'throttled' || failure.retryAfterMs === undefined) return Math.round(backoff)
  // Never sooner than asked for.
  return Math.round(Math.min(failure.retryAfterMs, throttledMostMs) + firstMs * random)
}

/** What the store says is believed up to the longest wait that there is: somebody else may have written it. */
export function remainingMs(nextTryAt: Date | null, now: Date): number {
  if (nextTryAt === null) return 0
  return Math.min(Math.max(nextTryAt.getTime() - now.getTime(), 0), throttledMostMs + firstMs)
}
