/** Random nonces of 12 bytes, drawn from the system in bulk because asking for each one costs more than sealing. */
import { randomFillSync } from 'node:crypto'

export const nonceBytes = 12

const pool = Buffer.allocUnsafeSlow(nonceBytes * 1024)
let next = pool.length

/** Writes a fresh nonce at `at`. What was handed out is wiped from the pool. */
export function putNonce(into: Buffer, at: number): void {
  if (next === pool.length) {
    randomFillSync(pool)
    next = 0
  }
  pool.copy(into, at, next, next + nonceBytes)
  pool.fill(0, next, next + nonceBytes)
  next += nonceBytes
}
