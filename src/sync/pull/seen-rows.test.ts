import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeenRows } from './seen-rows.ts'

/** Few values, some of them 0, so that many begin at the same place. */
const digest = fc.tuple(fc.nat(40), fc.nat(2)).map(([low, high]) => {
  const buffer = Buffer.alloc(16, 7)
  buffer.writeUInt32LE(low * 1024, 0)
  buffer.writeUInt32LE(high + 1, 4)
  return buffer
})

test('whatever was added is here, however many there are, and nothing else is', () => {
  fc.assert(
    fc.property(fc.array(digest, { maxLength: 200 }), digest, (added, asked) => {
      const seen = new SeenRows()
      for (const each of added) seen.add(each)
      expect(added.every((each) => seen.has(each))).toBe(true)
      expect(seen.has(asked)).toBe(added.some((each) => each.equals(asked)))
    }),
  )
})

test('grows without losing any', () => {
  const seen = new SeenRows()
  const numbered = (n: number) => {
    const buffer = Buffer.alloc(32)
    buffer.writeUInt32LE(Math.imul(n, 2_654_435_761) >>> 0, 0)
    buffer.writeUInt32LE(n + 1, 4)
    return buffer
  }
  for (let n = 0; n < 5_000; n++) seen.add(numbered(n))
  expect(Array.from({ length: 10_000 }, (_, n) => n).filter((n) => seen.has(numbered(n)))).toHaveLength(5_000)
})

test('meets each one once, and tells who claims to be the same', () => {
  const seen = new SeenRows()
  const [one, other] = [Buffer.alloc(8, 1), Buffer.alloc(8, 2)]
  seen.add(one)
  seen.add(one)
  const among = Buffer.concat([one, other, one])
  expect([0, 8, 16].map((at) => seen.meet(among, at))).toEqual(['first', 'unseen', 'again'])
})
