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

/** What a person does about a failure that stays. */
const failureAdvice: Readonly<Record<FailureKind, string>> = {
  transient: 'It is tried again by itself; if it goes on, look at the door system and its log.',
  throttled: 'The door system asks us to slow down: lower requests_per_second if it goes on.',
  unauthenticated: 'Mend login or certificate, then gatehouse resume.',
  conflict: 'Something of that id or number is there already: look at it at the door system, or gatehouse match.',
  rejected:
    'The door system will not take it as it is: mend the name, number or level there or in the source, then retry.',
}

/** What a person does about a failure that the engine itself names: the door system has taken no offence at anything. */
const codeAdvice: Readonly<Record<string, string>> = {
  'account.kept-by-rule':
    'A rule of the door system still gives this leaver something: take them out of it there, and the account is deleted within the hour; until then it stays, shut.',
  'account.still-needed':
    'It was to be deleted, and its person counts as gone no more: release or reject the plan that waits (gatehouse plan list --state held); gatehouse person show says how they stand. Until then it stays, shut.',
  'engine.not-removed':
    'The door system took the deletion, and shows the account all the same: it is shut, and tried again by itself; if it goes on, delete it there by hand.',
}

/** Null of a kind that nobody knows. */
export function adviceOn({ kind, code }: { readonly kind: string; readonly code: string }): string | null {
  if (Object.hasOwn(codeAdvice, code)) return codeAdvice[code] as string
  return Object.hasOwn(failureAdvice, kind) ? failureAdvice[kind as FailureKind] : null
}
