import { expect, test } from 'vitest'
import { createBucket } from './bucket.ts'
import { isTokenText, newTokenText } from './token-text.ts'

test('a bucket gives so many at once, then one per interval, and never more than its size', () => {
  let nowMs = 0
  const bucket = createBucket(2, 0.5, () => nowMs)
  expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false])
  expect(bucket.waitSeconds()).toBe(2)
  nowMs = 1_999
  expect(bucket.take()).toBe(false)
  nowMs = 2_000
  expect([bucket.take(), bucket.take()]).toEqual([true, false])
  nowMs = 1_000_000
  expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false])
})

test('a token is recognised, and a mistyped one is not', () => {
  const token = newTokenText()
  expect(token).toMatch(/^gh_[\w-]{49}$/)
  expect(isTokenText(token)).toBe(true)
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === 'A' ? 'B' : 'A'
    expect(isTokenText(`${token.slice(0, at)}${other}${token.slice(at + 1)}`)).toBe(false)
  }
  expect(isTokenText(`${token}\n`)).toBe(false)
  expect(newTokenText()).not.toBe(token)
})
