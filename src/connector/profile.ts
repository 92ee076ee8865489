/** Makes and compares profiles field by field: a field that a target does not show is one with nothing in it. */
import type { Profile } from './contract.ts'

/** The fields that somebody speaks of. */
export function known(fields: Readonly<Record<string, string | undefined>>): Profile {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** The fields with something in them. */
export function present(fields: Readonly<Record<string, string | undefined>>): Profile {
  return Object.fromEntries(Object.entries(known(fields)).filter(([, value]) => value !== ''))
}

/** Those of the wanted fields that are shown otherwise; of a field to be cleared, the empty text. */
export function differing(wanted: Profile, shown: Profile): Profile {
  return Object.fromEntries(Object.entries(wanted).filter(([field, value]) => (shown[field] ?? '') !== value))
}

/** Whether every wanted field is shown so. */
export function isShown(wanted: Profile, shown: Profile): boolean {
  return Object.entries(wanted).every(([field, value]) => (shown[field] ?? '') === value)
}
