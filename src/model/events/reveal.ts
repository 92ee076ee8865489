/** What an event may tell its receiver beyond what happened and when: whatever is not on a subscription's list leaves only as a pseudonym, or not at all. */

export const reveals = ['door', 'account', 'card', 'employee_number', 'name', 'email', 'department', 'vendor'] as const
export type Reveal = (typeof reveals)[number]

/** Where neither the subscription nor its connector says otherwise. */
export const revealedByDefault: readonly Reveal[] = ['door']
