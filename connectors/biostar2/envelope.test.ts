/** Proves that answers are read whatever dialect they are written in, and that nothing but a clear success counts as one. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { HttpResponse } from '../../src/connector/http.ts'
import { findScalar, flag, listOf, parseAnswer, reference, rowsOf, successOf, text, thing } from './envelope.ts'

const answer = (body: unknown, status = 200): HttpResponse => ({
  status,
  headers: {},
  text: typeof body === 'string' ? body : JSON.stringify(body),
})
const success = { Response: { code: '0' } }
const codeOf = (response: HttpResponse) => {
  try {
    successOf(response)
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'success'
}

test.each([
  [{ Response: { code: '0', message: 'Success' } }, 200, 'success'],
  [{ Response: { code: 0, by: 'web' } }, 200, 'success'],
  [{ code: '0', message: 'Successful' }, 200, 'success'],
  [{ Response: { code: '0' } }, 500, 'biostar2.unexpected-answer'],
  [{ Response: { code: '1' } }, 200, 'biostar2.partly-done'],
  [{ Response: { code: '201' } }, 200, 'biostar2.user-not-found'],
  [{ code: '331791', by: 'web' }, 403, 'biostar2.licence-or-capacity'],
  [{ Response: { code: '10' } }, 401, 'biostar2.session-lost'],
  [{}, 401, 'biostar2.session-lost'],
  [{ User: {} }, 200, 'biostar2.unexpected-answer'],
  ['<html>502</html>', 502, 'biostar2.unexpected-answer'],
  ['', 200, 'biostar2.unexpected-answer'],
  ['[]', 200, 'biostar2.unexpected-answer'],
  ['"0"', 200, 'biostar2.unexpected-answer'],
])('%j with status %i is %s', (body, status, expected) => {
  expect(codeOf(answer(body, status))).toBe(expected)
})

test('any text is an answer or a failure, never a crash', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.constantFrom(200, 400, 401, 403, 429, 500), (body, status) => {
      expect(codeOf(answer(body, status))).toMatch(/^(success|biostar2\.[a-z-]+)$/)
    }),
  )
})

test("the vendor's words are kept for sealing and stay out of the message", () => {
  const response = answer({ Response: { code: '131074', message: 'marked words about a name' } }, 400)
  expect(() => successOf(response)).toThrow(
    expect.toSatisfy((error: { vendorText: string; message: string; stack: string }) => {
      return (
        error.vendorText === 'marked words about a name' &&
        !`${error.message}${error.stack}${JSON.stringify(error)}`.includes('marked')
      )
    }),
  )
})

const row = z.object({ id: text })
test.each([
  [{ Collection: { total: '0', rows: [] } }, [], 0],
  [{ Collection: { total: 0, rows: '' } }, [], 0],
  [{ Collection: { rows: null } }, [], null],
  [{ Collection: {} }, [], null],
  [{ Collection: '' }, [], null],
  [{}, [], null],
  [{ Collection: { total: '1', rows: { id: '5' } } }, [{ id: '5' }], 1],
  [{ Collection: { total: 2, rows: [{ id: 5 }, { id: '6' }] } }, [{ id: '5' }, { id: '6' }], 2],
  [{ Collection: { total: '', rows: [{ id: 5 }] } }, [{ id: '5' }], null],
])('the collection in %j has the rows %j', (body, rows, total) => {
  expect(rowsOf({ ...success, ...body }, 'Collection', row)).toEqual({ rows, total })
})

test('an unreadable object is a failure without its values', () => {
  const read = () => thing({ User: 'marked' }, 'User', z.object({ user_id: text }))
  expect(read).toThrow(/biostar2\.unexpected-answer/)
  expect(read).not.toThrow(/marked/)
  expect(() => thing({}, 'User', row)).toThrow(/biostar2\.unexpected-answer/)
})

test('scalars read the same in both dialects', () => {
  const shape = z.object({ a: text, b: flag, c: reference, d: listOf(reference) })
  const old = shape.parse({ a: '12', b: 'true', c: { id: '7' }, d: [{ id: '1' }] })
  expect(shape.parse({ a: 12, b: true, c: { id: 7 }, d: { id: 1 } })).toEqual(old)
  expect(shape.parse({ a: null, b: 'false', c: '', d: '' })).toEqual({ a: undefined, b: false, c: undefined, d: [] })
  expect(shape.parse({})).toEqual({ a: undefined, b: false, c: undefined, d: [] })
})

test('a setting is found wherever the server puts it', () => {
  expect(findScalar({ Setting: { user_sync_method: '1', inner: { deep: 0 } } }, 'deep')).toBe('0')
  expect(findScalar({ user_sync_method: 1 }, 'user_sync_method')).toBe('1')
  expect(findScalar({ a: { b: { c: { d: '1' } } } }, 'd')).toBeUndefined()
})

test('numbers too large to be exact are not a total', () => {
  expect(rowsOf({ C: { total: '99999999999999999999', rows: '' } }, 'C', row).total).toBeNull()
  expect(parseAnswer({ text: '{"Response":{"code":10}}' }).code).toBe('10')
})
