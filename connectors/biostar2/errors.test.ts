/** Proves the table of answer codes row by row, and that everything else is tried again. */
import { expect, test } from 'vitest'
import { failureKinds } from '../../src/model/failure.ts'
import { blameOf, failureOf, vendorCodeOf } from './errors.ts'

const kindsByCode: Readonly<Record<string, readonly (number | readonly [number, number])[]>> = {
  transient: [1, 2, 4, 8, 10, 11, [1001, 1005], 1017, 1020, 1700, [64532, 64534], [66644, 66647], 339968],
  throttled: [113],
  unauthenticated: [101, 109, 114, 121, 122, 327683],
  conflict: [201, 202, 208, 212, 400, 401, 408, 413, 652, 65646, 65649, 65651, 65744, 65749, 262201, 262202, 262204],
  rejected: [
    20,
    30,
    [102, 105],
    [205, 207],
    210,
    [221, 224],
    301,
    390,
    407,
    415,
    500,
    [600, 607],
    651,
    670,
    671,
    [700, 702],
    800,
    65637,
    65741,
    65742,
    [30000, 30018],
    [131072, 131096],
    [331776, 331783],
    331791,
  ],
}
const rows = Object.entries(kindsByCode).flatMap(([kind, codes]) =>
  codes.flatMap((code) => {
    const [from, to] = typeof code === 'number' ? [code, code] : code
    return Array.from({ length: to - from + 1 }, (_, index) => [from + index, kind] as const)
  }),
)

test.each(rows)('code %i is %s', (code, kind) => {
  const failure = failureOf({ code: String(code), httpStatus: 400 })
  expect(failure.kind).toBe(kind)
  expect(failure.code).toMatch(/^biostar2\.[a-z-]+$/)
  expect(failure.hint).toMatch(/\.$/)
  expect(vendorCodeOf(failure)).toBe(String(code))
})

test('the table holds no row that is not listed here', () => {
  const listed = new Set(rows.map(([code]) => code))
  const known = Array.from({ length: 340_000 }, (_, code) => code).filter(
    (code) => failureOf({ code: String(code), httpStatus: 200 }).code !== 'biostar2.unlisted-code',
  )
  expect(known.filter((code) => !listed.has(code))).toEqual([])
})

test.each([
  ['12345', 400, 'transient', 'biostar2.unlisted-code'],
  ['x', 400, 'transient', 'biostar2.unexpected-answer'],
  [null, 500, 'transient', 'biostar2.unexpected-answer'],
  [null, 401, 'transient', 'biostar2.session-lost'],
  ['12345', 401, 'transient', 'biostar2.session-lost'],
  [null, 429, 'throttled', 'biostar2.throttled'],
])('unlisted code %s with status %i is %s %s', (code, httpStatus, kind, expected) => {
  expect(failureOf({ code, httpStatus })).toMatchObject({ kind, code: expected })
  expect(failureKinds).toContain(kind)
})

test('a server that asks to wait says how long, or the default is taken', () => {
  expect(failureOf({ code: null, httpStatus: 429, retryAfter: '7' }).retryAfterMs).toBe(7000)
  expect(failureOf({ code: null, httpStatus: 429, retryAfter: 'soon' }).retryAfterMs).toBe(30_000)
  expect(failureOf({ code: '113', httpStatus: 400 }).retryAfterMs).toBe(600_000)
  expect(failureOf({ code: '201', httpStatus: 400, retryAfter: '7' }).retryAfterMs).toBeUndefined()
})

test('only a partly done order leaves open what was done', () => {
  expect(failureOf({ code: '1', httpStatus: 200 }).outcomeUnknown).toBe(true)
  expect(failureOf({ code: '8', httpStatus: 200 }).outcomeUnknown).toBe(false)
})

test.each([
  ['212', 'email'],
  ['131074', 'profile'],
  ['131081', 'pin'],
  ['131085', 'validity'],
  ['131090', 'levels'],
  ['603', 'levels'],
  ['65651', 'cards'],
  ['30', null],
  ['202', null],
])('code %s is about %s', (code, blame) => {
  expect(blameOf(failureOf({ code, httpStatus: 400 }))).toBe(blame)
})
