/** Remembers who was erased without remembering who it was: a keyed digest that a re-import is held against. */
import type { IndexPurpose } from './blind-index.ts'
import { encodeValues } from './canonical.ts'
import type { MacKey } from './mac-key.ts'

/**
 * 32 bytes, under a key of its own: index keys are replaced after a compromise by digesting the opened values again, and the
 * value behind a tombstone is gone for good.
 */
export function tombstone(key: MacKey, purpose: IndexPurpose, value: string): Buffer {
  return key.mac(encodeValues(purpose, [value]))
}
