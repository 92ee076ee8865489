import { createHmac, createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MacKey } from './mac-key.ts'

const bytes = (constraints: { minLength?: number; maxLength: number }) =>
  fc.uint8Array(constraints).map((array) => Buffer.from(array))

test('every key and message gives what HMAC-SHA-256 gives, whatever was digested before', () => {
  fc.assert(
    fc.property(
      bytes({ minLength: 1, maxLength: 64 }),
      fc.array(bytes({ maxLength: 5000 }), { maxLength: 6 }),
      (key, messages) => {
        const macKey = new MacKey(createSecretKey(key))
        for (const message of messages) {
          expect(macKey.mac(message)).toEqual(createHmac('sha256', key).update(message).digest())
        }
      },
    ),
  )
})

test('a digest stays as it is when the next one is made', () => {
  const macKey = new MacKey(createSecretKey(Buffer.alloc(32, 7)))
  const first = macKey.mac(Buffer.from('one'))
  const copy = Buffer.from(first)
  macKey.mac(Buffer.from('two'))
  expect(first).toEqual(copy)
})

test('a longer key, which HMAC would hash first, is refused', () => {
  expect(() => new MacKey(createSecretKey(Buffer.alloc(65)))).toThrow(RangeError)
})
