/** Proves that every documented code has a canonical type, that the types fit the vendor's meaning, and what is made of other codes. */
import { expect, test } from 'vitest'
import { classOf, eventTypes } from '../../../src/model/events/types.ts'
import { codeMeanings, codeRows, eventCode } from './codes.ts'

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

test('what is `other` is so on purpose, and says why', () => {
  const others = codeRows.filter(({ type }) => type === 'other')
  expect(others.filter(({ note }) => note === null || note.length < 5)).toEqual([])
  const enrolling = others.filter(({ category }) => category === 'enrolment')
  expect(enrolling.filter(({ name }) => !/FAIL|DUPLICATE/.test(name ?? ''))).toEqual([])
  const rest = others.filter(({ category }) => !['enrolment', 'other'].includes(category)).map(({ code }) => code)
  const relays = codeRows.filter(({ name }) => name?.startsWith('RELAY_')).map(({ code }) => code)
  const sure = [...relays, ...'50177 50179 50181 51001 51002 51003 51004 51005 51006 51007'.split(' ')]
  expect(rest.filter((code) => !sure.includes(code)).map(Number)).toEqual([
    ...[3100, 3110, 3113, 3132, 3133, 3142, 3143, 3212, 3213, 3232, 3233, 3242, 3243, 13568, 15120, 15376],
    ...[17681, 17683, 17684, 19713, 19715, 19716, 24833, 24835, 24836, 24837, 24838, 28417, 28418, 28419, 28420, 28421],
    ...[32768, 37120, 37376, 37888, 38144, 42496, 54500, 54501],
  ])
})

test('what the vendor calls an alarm is one, a refusal, or what the taxonomy names more exactly; never `other`', () => {
  const alarms = codeRows.filter(({ category, type }) => category === 'alarm' && classOf(type) !== 'alarm')
  expect(alarms.filter(({ type }) => !/^access\.denied\.|^system\.power$/.test(type)).map(({ code }) => code)).toEqual(
    // Somebody was let in against a rule, which is what the type says.
    ['24578', '25346'],
  )
})

test('an alarm of a zone that is raised and cleared begins and ends, and is nobody who broke anti-passback', () => {
  for (const [raised, cleared] of [
    ...[[23040, 23296] as const, [24832, 25088] as const, [25600, 25856] as const, [28160, 28416] as const],
    ...[[33280, 33536] as const, [41216, 41984] as const, [45312, 45568] as const],
  ]) {
    expect(eventCode(String(raised))).toMatchObject({ type: 'alarm.other', active: true })
    expect(eventCode(String(cleared))).toMatchObject({ type: 'alarm.other', active: false })
  }
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
  ['24576', 'alarm.other', null, []],
  ['24577', 'access.denied.antipassback', null, []],
  ['24578', 'access.antipassback.soft_violation', null, []],
  ['33026', 'alarm.other', null, []],
  ['37632', 'alarm.other', null, []],
  ['42753', 'alarm.other', null, []],
  ['7424', 'alarm.other', null, []],
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
  ['4199', 'access.granted', null],
  ['4599', 'access.denied.other', null],
  ['4699', 'alarm.duress', null],
  ['5999', 'access.denied.multi_person', null],
  ['8292', 'credential.enrolled', null],
  ['8999', 'other', null],
  ['9217', 'credential.removed', null],
  ['16385', 'alarm.tamper', true],
  ['20999', 'door.opened', null],
  ['21505', 'alarm.door_forced', true],
  ['23555', 'door.mode_changed', false],
  // Somebody may have been let in.
  ['6499', 'other', null],
  // An alarm would be over, and a device heard again.
  ['22273', 'other', null],
  ['16641', 'other', null],
  ['15105', 'other', null],
  // Above 0x5E families are mixed.
  ['24899', 'other', null],
  ['99999', 'other', null],
  ['', 'other', null],
  ['4102x', 'other', null],
])('the strange code "%s" is %s', (code, type, active) => {
  expect(eventCode(code)).toMatchObject({ type, active, name: null })
})

test('what a strange code of a family is, all documented ones of that family are', () => {
  for (let family = 0x10; family <= 0x5e; family += 1) {
    const rows = codeRows.filter(({ code }) => Number(code) >> 8 === family)
    // A low byte that no document has.
    const strange = eventCode(String((family << 8) + 0xee))
    if (strange.type === 'other') continue
    const isRefused = strange.type === 'access.denied.other'
    expect([family, rows.length > 0]).toEqual([family, true])
    const fits = rows.every(({ type }) => (isRefused ? /^access\.denied\./.test(type) : type === strange.type))
    expect([family, fits, rows.every(({ active }) => active === strange.active)]).toEqual([family, true, true])
  }
})

test('what is shown of a code, and of a family, is what becomes of it', () => {
  expect(codeMeanings.length).toBeGreaterThan(456)
  for (const { code, type, active } of codeMeanings) {
    const [first = '', last = first] = code.split('-')
    const shown = first === last ? first : String(Number(first) + 0xee)
    expect(eventCode(shown), code).toMatchObject({ type, active })
    expect(Number(last) - Number(first), code).toBe(first === last ? 0 : 255)
  }
})

test('whom a refusal without a known reason names is not told: it may be a PIN, or the number of a card', () => {
  const denied = codeRows.filter(({ code }) => ['4352', '5120', '6144', '6146'].includes(code))
  expect(denied.map(({ userId }) => userId)).toEqual(['typed', 'typed', 'typed', 'typed'])
})
