/** Finds rows by what they hide: keyed digests that say nothing without the keyring. */
import { encodeValues, type GuardValue } from './canonical.ts'
import type { MacKey } from './mac-key.ts'

export const indexPurposes = ['employee-number', 'email', 'card', 'person-key', 'record-key', 'account'] as const
export type IndexPurpose = (typeof indexPurposes)[number]

/**
 * Half of the HMAC keeps indexes small, and is plenty: with a million values the chance that any two collide is about
 * 10^12 / 2^129, and every hit is confirmed against the opened value anyway.
 */
export const indexBytes = 16

/** The caller normalises: the same value written in another way is another value here. */
export function index(key: MacKey, purpose: IndexPurpose, value: string): Buffer {
  return key.mac(encodeValues(purpose, [value])).subarray(0, indexBytes)
}

/** HMAC-SHA256 over purpose and parts; 32 bytes. Parts are never joined: ['ab', 'c'] and ['a', 'bc'] differ. */
export function digest(key: MacKey, purpose: string, parts: readonly GuardValue[]): Buffer {
  return key.mac(encodeValues(purpose, parts))
}
