import { expect, test } from 'vitest'
import { isTrivial, newPin } from './pin.ts'

test.each(['000000', '1111', '123456', '987654', '120120', '1212', '5555', '290333', '456290', '123321', '1221'])(
  '%s is what people try first',
  (pin) => {
    expect(isTrivial(pin)).toBe(true)
  },
)

test.each(['290417', '1357', '9042', '112903', '100305'])('%s is not', (pin) => {
  expect(isTrivial(pin)).toBe(false)
})

test('PINs have their length, are none of those, and every digit stands everywhere', () => {
  const pins = Array.from({ length: 2_000 }, () => newPin(6))
  expect(pins.filter((pin) => !/^\d{6}$/.test(pin) || isTrivial(pin))).toEqual([])
  expect(new Set(pins).size).toBeGreaterThan(1_980)
  for (let at = 0; at < 6; at++) expect(new Set(pins.map((pin) => pin[at])).size).toBe(10)
})
