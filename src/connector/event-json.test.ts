import { expect, test } from 'vitest'
import type { OutgoingEvent } from './contract.ts'
import { eventJson } from './event-json.ts'

const event = (): OutgoingEvent => ({
  ...{ specversion: '1.0', id: 'e1', source: '/gatehouse/hq/doors', type: 'org.gatehouse.access.granted.v1' },
  ...{ time: '2026-11-02T08:00:00.000Z', datacontenttype: 'application/json', sequence: '7', data: { door: null } },
})

test('is what JSON says, made once', () => {
  const one = event()
  const text = eventJson(one)
  expect(JSON.parse(text)).toEqual(event())
  Object.assign(one.data, { door: 'changed since' })
  expect(eventJson(one)).toBe(text)
})

test('is of this event alone, and shows nowhere in it', () => {
  const one = event()
  eventJson(one)
  expect(Reflect.ownKeys(one)).toEqual(Reflect.ownKeys(event()))
  const copy = { ...one, sequence: '8' }
  expect(JSON.parse(eventJson(copy))).toEqual({ ...event(), sequence: '8' })
})
