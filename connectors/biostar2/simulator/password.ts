/** Operator passwords: kept as salted digests, checked by BioStar's rules. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Refusal } from './envelope.ts'
import type { PasswordDigest } from './model.ts'

export function digestPassword(password: string): PasswordDigest {
  const salt = randomBytes(8).toString('hex')
  return { salt, digest: digest(salt, password).toString('hex') }
}

export function isPassword(stored: PasswordDigest, password: string): boolean {
  return timingSafeEqual(Buffer.from(stored.digest, 'hex'), digest(stored.salt, password))
}

/** Refuses with 221 (repeated), 222 (consecutive), 223 (holds the user id) or 224 (same as before). */
export function checkPassword(password: string, userId: string, before: PasswordDigest | null): void {
  if (password === '') throw new Refusal('30')
  if (/(.)\1\1/.test(password)) throw new Refusal('221')
  for (let at = 2; at < password.length; at++) {
    const step = password.charCodeAt(at) - password.charCodeAt(at - 1)
    const stepBefore = password.charCodeAt(at - 1) - password.charCodeAt(at - 2)
    if (step === stepBefore && Math.abs(step) === 1) throw new Refusal('222')
  }
  if (password.includes(userId)) throw new Refusal('223')
  if (before && isPassword(before, password)) throw new Refusal('224')
}

function digest(salt: string, password: string): Buffer {
  return createHash('sha256').update(`${salt}:${password}`).digest()
}
