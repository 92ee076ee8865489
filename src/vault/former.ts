/** Recognises what was digested under keys that were replaced: the store holds it digested once more under each key that came after. */
import { encodeValues, type GuardValue } from './canonical.ts'
import type { MacKey } from './mac-key.ts'

/** What is kept in the place of a digest that can't be made anew: only who has both keys can make it of a value. */
export function carriedOver(key: MacKey, digest: Buffer): Buffer {
  return key.mac(encodeValues('replaced', [digest])).subarray(0, digest.length)
}

/** What `make` gives under each older key, as it was carried over to the last of `keys`; oldest first, nothing for a single key. */
export function olderDigests(keys: readonly MacKey[], make: (key: MacKey) => Buffer): readonly Buffer[] {
  return keys
    .slice(0, -1)
    .map((key, i) => keys.slice(i + 1).reduce((digest, next) => carriedOver(next, digest), make(key)))
}

/** A short keyed name, as texts hold them, carried over. */
export function carriedName(key: MacKey, name: GuardValue): string {
  return key
    .mac(encodeValues('replaced-name', [name]))
    .toString('base64url')
    .slice(0, 16)
}
