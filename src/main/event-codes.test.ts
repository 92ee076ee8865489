/** Whatever connector tells events has a table of its codes, and none of its lines is in vain. */
import { expect, test } from 'vitest'
import { connectors } from '../../connectors/index.ts'
import { eventTypes } from '../model/events/types.ts'
import { eventCodesOf, eventSystems } from './event-codes.ts'

test('each connector with events has a table, and ONVIF, which has no connector, as well', () => {
  const withEvents = connectors.filter(({ capabilities }) => (capabilities as readonly string[]).includes('events'))
  expect(withEvents.length).toBeGreaterThan(1)
  expect(eventSystems()).toEqual([...withEvents.map(({ id }) => id), 'onvif'].toSorted())
  expect(eventCodesOf('csv')).toBeUndefined()
})

test('each line has a type of ours, says why where that is none, and is not hidden by one before it', () => {
  for (const system of eventSystems()) {
    const codes = eventCodesOf(system) ?? []
    expect([system, codes.length > 20]).toEqual([system, true])
    expect(codes.filter(({ type }) => !eventTypes.includes(type))).toEqual([])
    expect(codes.filter(({ type, note }) => type === 'other' && note === null)).toEqual([])
    for (const [at, { code, when }] of codes.entries()) {
      const before = codes.slice(0, at).filter((each) => each.code === code)
      const hides = before.some((each) => each.when === null || each.when === when)
      expect([system, code, when, hides]).toEqual([system, code, when, false])
    }
  }
})
