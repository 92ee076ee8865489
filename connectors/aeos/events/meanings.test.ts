/** What is shown of the tables is what becomes of events: each line is made an event of, and decoded. */
import { expect, test } from 'vitest'
import type { CodeMeaning } from '../../../src/model/events/code-meaning.ts'
import type { EventRecord } from '../soap/records.ts'
import { decode } from './decode.ts'
import { recordOf } from './log-for-tests.ts'
import { codeMeanings } from './meanings.ts'

/** An event as the line describes it. */
function eventOf({ code, when }: CodeMeaning): EventRecord {
  const [, low] = /^(?:low byte of )?IntValue=(\d+)$/.exec(when ?? '') ?? []
  const [, reason] = /^reason=(\d+)/.exec(when ?? '') ?? []
  const [, key, value = 'x'] = /Attribute (\w)(?:=(\w))?/.exec(when ?? '') ?? []
  const isNobody = when?.includes('no CarrierId') === true
  const value40 = reason === undefined ? undefined : code === '93' ? Number(reason) : (Number(reason) << 8) + 1
  return {
    ...recordOf({ id: 12, at: '2026-11-26T10:00:00' }),
    ...{ EventTypeId: code, EventTypeName: undefined, IntValue: low ?? value40?.toString() ?? '999999' },
    ...{ Attribute: key === undefined ? undefined : `${key}<=>${value}`, CarrierId: isNobody ? undefined : '7' },
  }
}

test.each(codeMeanings.map((line) => [`${line.code} ${line.when}`, line] as const))('%s', (_title, line) => {
  const known = { typeName: null, account: null, card: null }
  const { event } = decode(eventOf(line), known, 'UTC', new Date('2026-11-26T12:00:00Z'))
  expect([event.type, event.active]).toEqual([line.type, line.active])
})

test('every documented type is there, in order, each line once', () => {
  const codes = [...new Set(codeMeanings.map(({ code }) => Number(code)))]
  expect(codes).toEqual([
    ...[1, 2, 3, 5, 7, 8, 10, 14, 15, 18, 19, 20, 21, 22, 23, 24, 28, 29, 30, 34, 35, 40, 41, 42, 43, 48, 78, 79, 90],
    ...[91, 93, 106, 115, 137, 138, 180, 181, 182],
  ])
  const lines = codeMeanings.map(({ code, when }) => `${code} ${when}`)
  expect(new Set(lines).size).toBe(lines.length)
  expect(codeMeanings.filter(({ type }) => type === 'other')).toEqual([])
})
