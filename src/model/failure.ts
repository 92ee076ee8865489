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
  'photo.changed':
    'The picture is another one than its source said: its next delivery says which it is now. All else of the account is done.',
  'photo.missing':
    'Its source has the picture no more: put the file back, or let the next delivery say that there is none. All else of the account is done.',
  'photo.no-picture': 'It is neither a JPEG nor a PNG: replace it in the source. All else of the account is done.',
  'photo.no-source':
    'No source that this process is connected to has the picture any more: its next delivery says which there is. All else of the account is done.',
  'photo.not-kept':
    'The door system took the picture, and shows the one of before or none: look at its limits for size and kind, replace the picture in the source, then gatehouse retry. It is not sent again until the account is written for another reason.',
  'photo.not-shown':
    'The door system does not show us pictures, so none is written: give our login the right to see them, or set photos: false there.',
  'photo.too-large':
    'It has more than 1 MiB: replace it in the source by a smaller one. All else of the account is done.',
  'photo.too-slow':
    'Its source did not give the picture within ten seconds, and is asked again by itself; if it goes on, look at that source. All else of the account is done.',
}

/** Null of a kind that nobody knows. */
export function adviceOn({ kind, code }: { readonly kind: string; readonly code: string }): string | null {
  if (Object.hasOwn(codeAdvice, code)) return codeAdvice[code] as string
  return Object.hasOwn(failureAdvice, kind) ? failureAdvice[kind as FailureKind] : null
}
