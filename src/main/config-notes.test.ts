import { expect, test } from 'vitest'
import type { Config } from '../../config/config.ts'
import { configNotes } from './config-notes.ts'

const before = { sources: {}, targets: {}, subscriptions: {} } as unknown as Config
const edits = [{ path: 'subscriptions.payroll', before: null, after: null }]

const notesOn = (feed: 'events' | 'punches', reveal: readonly string[], rules: number) => {
  const attendance = { punches: Array.from({ length: rules }, () => ({ punch: 'in' })) }
  const after = { ...before, subscriptions: { payroll: { feed, reveal } }, attendance } as unknown as Config
  return configNotes({ before, after, edits })
}

test('whoever releases a subscription is told what leaves, and that no rule makes any punch', () => {
  const begins = 'subscriptions.payroll is new: from the release on,'
  expect(notesOn('events', ['door'], 0)).toEqual([`${begins} events leave to it, with door as they are.`])
  const punches = `${begins} punches leave to it, with employee_number as they are.`
  expect(notesOn('punches', ['employee_number'], 1)).toEqual([punches])
  expect(notesOn('punches', ['employee_number'], 0)).toEqual([
    `${punches} No rule of attendance.punches makes any: it is told of those alone that are written by hand.`,
  ])
})
