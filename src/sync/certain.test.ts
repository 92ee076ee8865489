import { expect, test } from 'vitest'
import { certain } from './certain.ts'

test('what must be there is passed on, also when it is nought or empty; what is missing ends the work', () => {
  for (const there of [0, '', false, 'x']) expect(certain(there)).toBe(there)
  for (const missing of [null, undefined]) expect(() => certain(missing)).toThrow('missing')
})
