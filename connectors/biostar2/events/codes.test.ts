/** Proves that every documented code has a canonical type, that the types fit the vendor's meaning, and what is made of other codes. */
import { expect, test } from 'vitest'
import { eventTypes } from '../../../src/model/events/types.ts'
import { codeRows, eventCode } from './codes.ts'

test('all 456 documented codes are there, once each, in order', () => {
  const codes = codeRows.map(({ code }) => Number(code))
  expect(codes).toHaveLength(456)
  expect(codes).toEqual([...new Set(codes)].toSorted((a, b) => a - b))
  expect(codeRows.every(({ name, type }) => name !== '' && eventTypes.includes(type))).toBe(true)
})

test('somebody who was let in, or refused, by the documents, is so here', () => {
  const of = (category: string) => codeRows.filter((row) => row.category === category)
  expect(of('access_granted').filter(({ type }) => !type.startsWith('access.granted'))).toEqual([])
  expect(of('access_denied').filter(({ type }) => !type.startsWith('access.denied.'))).toEqual([])
  const granted = codeRows.filter(({ type }) => type.startsWith('access.granted'))
  expect(granted.filter(({ category }) => category !== 'access_granted')).toEqual([])
})

test('duress is an alarm with the ways that were shown, for each way of getting in', () => {
  for (const [letIn, forced] of [
    [4096, 4608],
    [4864, 5376],
  ] as const) {
    for (const { code, verify } of codeRows.filter(({ code }) => Number(code) >> 8 === letIn >> 8 && code !== '4096')) {
      const twin = codeRows.find((row) => Number(row.code) === Number(code) - letIn + forced)
      expect([code, twin?.type, twin?.verify]).toEqual([code, 'alarm.duress', verify])
    }
  }
})

test('what is `other` on purpose is: failures to enrol, relays, recordings, counts of zones, and what the taxonomy has no word for', () => {
  const others = codeRows.filter(({ type }) => type === 'other')
  const families = others.map(
    ({ name }) =>
      /_(FAIL|DUPLICATE)|^(FAIL|DUPLICATE|RELAY|RECORDING|SNAPSHOT|SYSTEM_BACKUP)|SYNC|OCCUPANCY/.exec(
        `_${name}`.slice(1),
      )?.[0],
  )
  const rest = others.filter((_, n) => families[n] === undefined).map(({ code }) => Number(code))
  expect(rest).toEqual([
    ...[
      3100, 3110, 3113, 3133, 3143, 3213, 3233, 3243, 6416, 7424, 7425, 7680, 13568, 15120, 15376, 17684, 19716, 32768,
    ],
    ...[33026, 33028, 37120, 37376, 37888, 38144, 42496, 54500, 54501],
  ])
})

test.each([
  ['4102', 'access.granted', null, ['card']],
  ['4867', 'access.granted', null, ['face']],
  ['4865', 'access.granted', null, ['finger']],
  ['4121', 'access.granted', null, ['mobile', 'finger', 'pin']],
  ['4354', 'access.denied.unknown_credential', null, ['card']],
  ['6401', 'access.denied.no_permission', null, []],
  ['6402', 'access.denied.disabled', null, []],
  ['6403', 'access.denied.expired', null, []],
  ['6404', 'access.denied.lost_or_stolen', null, ['card']],
  ['6405', 'access.denied.antipassback', null, []],
  ['6408', 'access.antipassback.soft_violation', null, []],
  ['20480', 'door.unlocked', null, []],
  ['20736', 'door.locked', null, []],
  ['20992', 'door.opened', null, []],
  ['21248', 'door.closed', null, []],
  ['21504', 'alarm.door_forced', true, []],
  ['22272', 'alarm.door_forced', false, []],
  ['21760', 'alarm.door_held', true, []],
  ['16384', 'alarm.tamper', true, []],
  ['16640', 'alarm.tamper', false, []],
  ['8192', 'credential.enrolled', null, []],
  ['8704', 'credential.changed', null, []],
  ['9216', 'credential.removed', null, []],
  ['53760', 'biometric.enrolled', null, ['finger', 'mobile']],
  ['4095', 'system.communication_lost', null, []],
  ['15104', 'system.communication_restored', null, []],
  ['49152', 'system.events_lost', null, []],
  ['18944', 'door.rex_pressed', null, ['rex']],
  ['19200', 'door.remote_command', null, ['operator']],
])('code %s is %s', (code, type, active, verify) => {
  expect(eventCode(code)).toMatchObject({ type, active, verify })
})

test.each([
  ['4199', 'access.granted'],
  ['4599', 'access.denied.other'],
  ['4699', 'alarm.duress'],
  ['6499', 'other'],
  ['8292', 'other'],
  ['20999', 'other'],
  ['99999', 'other'],
  ['', 'other'],
  ['4102x', 'other'],
])('the strange code "%s" is %s', (code, type) => {
  expect(eventCode(code)).toMatchObject({ type, name: null })
})
