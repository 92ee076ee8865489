/** Which of several failures is told where a receiver names them all at once: that which somebody has to mend comes first. */
import type { FailureKind } from '../model/failure.ts'

const gravest: readonly FailureKind[] = ['unauthenticated', 'throttled', 'transient', 'rejected', 'conflict']

/** Of the gravest kind the first; null of none. */
export function worstOf<T extends { readonly kind: FailureKind }>(failures: readonly T[]): T | null {
  return gravest.map((kind) => failures.find((each) => each.kind === kind)).find((each) => each !== undefined) ?? null
}
