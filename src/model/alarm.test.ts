import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { alarmAction, alarms } from './alarm.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/alarms.md'), 'utf8')

test('docs/alarms.md tells of every alarm that there is, and of no other, in the words of the program', () => {
  const rows = [...page.matchAll(/^\| `(\S+)` +\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)].map(([, ...cells]) => cells)
  expect(rows).toEqual(Object.entries(alarms).map(([code, { scope, means, action }]) => [code, scope, means, action]))
})

test('each says what to do, in a sentence; one of another version says nothing', () => {
  for (const { means, action } of Object.values(alarms))
    expect([means, action]).toEqual([expect.stringMatching(/\.$/), expect.stringMatching(/\.$/)])
  expect(alarmAction('target.paused')).toBe(alarms['target.paused'].action)
  expect([alarmAction('target.unheard-of'), alarmAction('toString')]).toEqual([null, null])
})
