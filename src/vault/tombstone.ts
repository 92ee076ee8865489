/** Remembers who was erased without remembering who it was: a keyed digest that a re-import is held against. */
import { createHmac, type KeyObject } from 'node:crypto'
import type { IndexPurpose } from './blind-index.ts'
import { encodeValues } from './canonical.ts'

/**
 * 32 bytes, under a key of its own: index keys are replaced after a compromise by digesting the opened values again, and the
 * value behind a tombstone is gone for good.
 */
export function tombstone(key: KeyObject, purpose: IndexPurpose, value: string): Buffer {
  return createHmac('sha256', key)
    .update(encodeValues(purpose, [value]))
    .digest()
}
