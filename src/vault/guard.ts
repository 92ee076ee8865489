/** Guards a row that decides something: a thief who can write to the store can't make or change one. */
import { timingSafeEqual } from 'node:crypto'
import { encodeValues, type GuardValue } from './canonical.ts'
import type { MacKey } from './mac-key.ts'

/**
 * HMAC-SHA256 over the table's name and the deciding columns in their declared order; 32 bytes. The caller includes the row's
 * id, else a guarded row could be copied over another one.
 */
export function guard(key: MacKey, table: string, values: readonly GuardValue[]): Buffer {
  return key.mac(encodeValues(table, values))
}

/** Takes the same time wherever the first difference is. Whatever a thief wrote into the row, the answer is false. */
export function verifyGuard(key: MacKey, table: string, values: readonly GuardValue[], expected: Buffer): boolean {
  const actual = guard(key, table, values)
  return expected.length === actual.length && timingSafeEqual(actual, expected)
}
