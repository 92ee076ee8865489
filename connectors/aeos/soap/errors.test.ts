import { expect, test } from 'vitest'
import { ConnectorError } from '../../../src/connector/errors.ts'
import { listedCodes } from './codes.ts'
import { failureOf, ofReading, vendorCodeOf } from './errors.ts'

/** By the manual, version 33: which codes there are, and what each family means. */
const documented = [
  5,
  9,
  55,
  85,
  86,
  87,
  88,
  110,
  111,
  112,
  113,
  114,
  115,
  116,
  117,
  121,
  122,
  123,
  124,
  125,
  126,
  130,
  131,
  150,
  151,
  160,
  161,
  240,
  241,
  242,
  255,
  256,
  301,
  302,
  303,
  901,
  902,
  903,
  904,
  990,
  ...[10, 15, 25, 30, 50, 60, 65, 70, 75, 80, 90, 230, 245].flatMap((first) => [0, 1, 2, 3].map((by) => first + by)),
  ...Array.from({ length: 10 }, (_, by) => 100 + by),
  ...[118, 119, 120],
]

test('every documented code has a row, and no other has', () => {
  expect([...listedCodes.keys()].sort((a, b) => a - b)).toEqual(documented.sort((a, b) => a - b))
})

test.each(documented)('code %i says what to do, and names no value', (code) => {
  const error = failureOf({ code: String(code), httpStatus: 500, vendorText: 'Zyphora Quillfeather is wrong' })
  expect(error.code).toMatch(/^aeos\.[a-z-]+$/)
  expect(error.hint).toMatch(/^[A-Z].+\.$/)
  expect(error.message).not.toContain('Quillfeather')
  expect(error.vendorText).toBe('Zyphora Quillfeather is wrong')
  expect(error.outcomeUnknown).toBe(false)
  expect(vendorCodeOf(error)).toBe(String(code))
})

test.each([
  [5, 'transient', 'aeos.find-failed'],
  [9, 'transient', 'aeos.configuration'],
  [60, 'transient', 'aeos.find-failed'],
  [61, 'rejected', 'aeos.carrier-refused'],
  [67, 'rejected', 'aeos.fields-refused'],
  [73, 'rejected', 'aeos.removal-refused'],
  [11, 'rejected', 'aeos.object-refused'],
  [101, 'transient', 'aeos.find-failed'],
  [110, 'rejected', 'aeos.block-refused'],
  [112, 'rejected', 'aeos.pin-refused'],
  [113, 'rejected', 'aeos.card-refused'],
  [114, 'rejected', 'aeos.picture-refused'],
  [116, 'rejected', 'aeos.authorisation-refused'],
  [123, 'rejected', 'aeos.token-refused'],
  [301, 'rejected', 'aeos.bad-request'],
  [901, 'rejected', 'aeos.not-allowed'],
  [902, 'rejected', 'aeos.no-licence'],
  [903, 'rejected', 'aeos.not-supported'],
  [990, 'transient', 'aeos.system-error'],
] as const)('code %i is %s, %s', (code, kind, name) => {
  expect(failureOf({ code: String(code), httpStatus: 500 })).toMatchObject({ kind, code: name })
})

test('"not found" is the one text that counts, where it can only be the carrier', () => {
  const said = (code: number) => failureOf({ code: String(code), httpStatus: 500, vendorText: 'CARRIER NOT FOUND' })
  for (const code of [55, 60, 63, 70, 73, 100, 101, 103]) {
    expect(said(code), String(code)).toMatchObject({ kind: 'conflict', code: 'aeos.not-found' })
  }
  // Of an authorisation it may be the template, of a badge the badge, of a block its reason.
  expect(said(116)).toMatchObject({ kind: 'rejected', code: 'aeos.authorisation-refused' })
  expect(said(110)).toMatchObject({ kind: 'rejected', code: 'aeos.block-refused' })
  expect(said(62)).toMatchObject({ kind: 'rejected', code: 'aeos.fields-refused' })
  expect(said(124)).toMatchObject({ kind: 'rejected', code: 'aeos.token-refused' })
})

test('what no document lists is transient, and told by its number', () => {
  expect(failureOf({ code: '777', httpStatus: 500 })).toMatchObject({ kind: 'transient', code: 'aeos.unlisted-code' })
  expect(failureOf({ code: '777', httpStatus: 500 }).hint).toContain('777')
})

test('whoever answers without SOAP may have let the write through', () => {
  const page = { code: null, httpStatus: 504 } as const
  expect(failureOf({ ...page, mayBeDone: true })).toMatchObject({ kind: 'transient', outcomeUnknown: true })
  expect(failureOf(page)).toMatchObject({ code: 'aeos.unexpected-answer', outcomeUnknown: false })
  expect(failureOf({ code: '62', httpStatus: 500, mayBeDone: true }).outcomeUnknown).toBe(false)
})

test('a request that only asked leaves nothing in doubt', () => {
  const error = new ConnectorError({ kind: 'transient', code: 'http.timeout', hint: 'too late', outcomeUnknown: true })
  expect(ofReading(error)).toMatchObject({
    kind: 'transient',
    code: 'http.timeout',
    hint: 'too late',
    outcomeUnknown: false,
  })
})

test('credentials, and a wait that something in front of the server asks for', () => {
  expect(failureOf({ code: null, httpStatus: 401 })).toMatchObject({
    kind: 'unauthenticated',
    code: 'aeos.login-refused',
  })
  expect(failureOf({ code: null, httpStatus: 429 })).toMatchObject({ kind: 'throttled', retryAfterMs: 30_000 })
  expect(failureOf({ code: null, httpStatus: 503, retryAfter: '7' })).toMatchObject({
    kind: 'throttled',
    retryAfterMs: 7000,
  })
  expect(failureOf({ code: null, httpStatus: 503 })).toMatchObject({
    kind: 'transient',
    code: 'aeos.unexpected-answer',
  })
})
