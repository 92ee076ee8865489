/** How a call to an external system can fail: the closed list that decides what the engine does next. */

export const failureKinds = ['transient', 'throttled', 'unauthenticated', 'conflict', 'rejected'] as const

/**
 * - `transient`: the same call may work later (time-out, reset, 5xx).
 * - `throttled`: the system told us to wait.
 * - `unauthenticated`: login or certificate refused; a person must act.
 * - `conflict`: changed meanwhile, or a duplicate key; read again and recompute.
 * - `rejected`: will never be taken as it is.
 */
export type FailureKind = (typeof failureKinds)[number]
