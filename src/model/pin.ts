/** PINs: drawn at random, without those that people try first. */
import { randomInt } from 'node:crypto'

/**
 * As many digits, from the system's random source. Left out are three equal or consecutive digits in a row (000, 345, 987), what
 * repeats its first half, and what reads the same backwards: some two in a hundred of six digits.
 */
export function newPin(length: number): string {
  for (;;) {
    const pin = Array.from({ length }, () => randomInt(10)).join('')
    if (!isTrivial(pin)) return pin
  }
}

export function isTrivial(pin: string): boolean {
  const half = pin.slice(0, pin.length / 2)
  if (pin === half + half || pin === [...pin].reverse().join('')) return true
  const steps = [...pin].slice(1).map((digit, at) => Number(digit) - Number(pin[at]))
  return steps.some((step, at) => Math.abs(step) <= 1 && step === steps[at + 1])
}
