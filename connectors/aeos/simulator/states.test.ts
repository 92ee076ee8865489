/** States of carriers, pictures, verification, and what the product says of itself. */
import { expect, test } from 'vitest'
import { addEmployee, assign, start, text, texts } from './client-for-tests.ts'

test('a blocked carrier opens nothing with any badge, and everything again once unblocked', async () => {
  await using client = await start()
  const { carriers } = client.simulator.seed({
    carriers: [{ lastName: 'Sample', badges: ['1', '2'], templates: ['Main Entrance'] }],
  })
  const id = carriers[0]
  const opens = () => client.simulator.state.carrier(id ?? 0)?.opens
  expect(opens()).toEqual(['Front Door', 'Back Door'])
  const blocked = await client.send('CarrierIdBlock', `<CarrierId>${id}</CarrierId><Reason>11</Reason>`)
  expect([blocked.root, text(blocked.body, 'States/Blocked'), text(blocked.body, 'States/BlockReason')]).toEqual([
    'CarrierStateResult',
    'true',
    '11',
  ])
  expect(opens()).toEqual([])
  expect(client.simulator.state.badge('1')?.status).toBe(1)
  const unblocked = await client.send('CarrierIdUnBlock', id)
  expect([text(unblocked.body, 'States/Blocked'), text(unblocked.body, 'States/BlockReason')]).toEqual([
    'false',
    undefined,
  ])
  expect(opens()).toEqual(['Front Door', 'Back Door'])
})

test.each([
  ['CarrierIdSetAPB', 'CarrierIdResetAPB', 'ExcludedFromApb', 'false', 'true'],
  ['CarrierIdSetAB', 'CarrierIdResetAB', 'AutoBlockEnabled', 'true', 'false'],
  ['CarrierIdSetSpecial', 'CarrierIdResetSpecial', 'Special', 'true', 'false'],
  ['CarrierIdSetInvisible', 'CarrierIdResetInvisible', 'Invisible', 'true', 'false'],
])('%s and %s turn %s', async (on, off, state, whenOn, whenOff) => {
  await using client = await start()
  const id = await addEmployee(client)
  for (const [root, is] of [
    [on, whenOn],
    [off, whenOff],
  ] as const) {
    expect(text((await client.send(root, id)).body, `States/${state}`)).toBe(is)
    expect(text((await client.send('CarrierIdStates', id)).body, `States/${state}`)).toBe(is)
  }
})

test('changeCarrierAttribute does the same by name', async () => {
  await using client = await start()
  const id = await addEmployee(client)
  const change = (state: string, activated: boolean, reason = '') =>
    client.send(
      'CarrierStateChange',
      `<CarrierId>${id}</CarrierId><State>${state}</State><Activated>${activated}</Activated>${reason}`,
    )
  expect(text((await change('ActivateVerification', false)).body, 'States/ExcludedFromVerification')).toBe('true')
  expect(text((await change('ActivateApb', false)).body, 'States/ExcludedFromApb')).toBe('true')
  expect(text((await change('ActivateAutoBlock', true)).body, 'States/AutoBlockEnabled')).toBe('true')
  expect(text((await change('Invisible', true)).body, 'States/Invisible')).toBe('true')
  expect(text((await change('Special', true)).body, 'States/Special')).toBe('true')
  expect((await change('Block', true)).code).toBe(110)
  expect(text((await change('Block', true, '<ValueOrReason>11</ValueOrReason>')).body, 'States/Blocked')).toBe('true')
  expect(text((await change('Block', false)).body, 'States/Blocked')).toBe('false')
  expect((await change('Sleepy', true)).code).toBe(110)
})

test('the chronicle remembers since when somebody was shut out: carrier blocked, and every badge', async () => {
  await using client = await start()
  const id = await addEmployee(client)
  await assign(client, id, '500')
  const { state, clock } = client.simulator
  const opened = new Date(clock.now())
  clock.advance(60_000)
  await client.send('CarrierIdBlock', `<CarrierId>${id}</CarrierId><Reason>11</Reason>`)
  const half = new Date(clock.now())
  clock.advance(60_000)
  await client.send(
    'IdentifierBlock',
    '<IdentifierType>1</IdentifierType><BadgeNumber>500</BadgeNumber><Reason>12</Reason>',
  )
  const shut = new Date(clock.now())
  clock.advance(60_000)
  client.simulator.hand({ action: 'delete', carrier: id })
  const times = [new Date(opened.getTime() - 1), opened, half, shut, new Date(clock.now())]
  expect(times.map((at) => state.standingAt(id, at))).toEqual(['absent', 'open', 'open', 'shut', 'absent'])
})

test('pictures: added, listed, inline with a find, removed', async () => {
  await using client = await start({ quirks: { pictureBytesMax: 10 } })
  const id = await addEmployee(client)
  const add = (type: string, picture: string) =>
    client.send(
      'CarrierImageAdd',
      `<CarrierId>${id}</CarrierId><Image><Type>${type}</Type><Picture>${picture}</Picture></Image>`,
    )
  await add('Thumbnail', 'AAAA')
  const added = await add('Photo', 'QUJD')
  expect([text(added.body, 'FirstPhoto'), texts(added.body, 'AllImages/Type')]).toEqual(['2', ['Thumbnail', 'Photo']])
  const found = await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')
  expect(text(found.body, 'Employee/FirstPhoto/Picture')).toBe('QUJD')
  expect((await add('Photo', 'A'.repeat(16))).code).toBe(114)
  expect((await add('Sketch', 'AAAA')).code).toBe(114)
  expect((await client.send('CarrierImageRemove', `<CarrierId>${id}</CarrierId><ImageId>9</ImageId>`)).code).toBe(115)
  const left = await client.send('CarrierImageRemove', `<CarrierId>${id}</CarrierId><ImageId>2</ImageId>`)
  expect([texts(left.body, 'AllImages/Id'), text(left.body, 'FirstPhoto')]).toEqual([['1'], undefined])
  expect(texts((await client.send('CarrierIdImage', id)).body, 'AllImages/Id')).toEqual(['1'])
})

test('verification: one of each type, its data replaced; only what v33 had', async () => {
  await using client = await start()
  const id = await addEmployee(client)
  const change = (type: string, value: string) =>
    client.send(
      'VerificationChange',
      `<CarrierId>${id}</CarrierId><Type>${type}</Type><From>2026-07-01</From><VerificationData><Value>${value}</Value></VerificationData>`,
    )
  await change('Pincode', '1234')
  const changed = await change('Pincode', '5678')
  expect(texts(changed.body, 'Verification/VerificationData/Value')).toEqual(['5678'])
  expect(client.simulator.state.carrier(id)?.pin).toBe(true)
  expect((await change('Pincode', 'abcd')).code).toBe(112)
  expect((await change('Weight', '80')).code).toBe(112)
  const found = await client.send('CarrierIdVerification', id)
  expect(texts(found.body, 'Verification/From')).toEqual(['2026-07-01'])
  expect(texts((await client.send('VersionSearchInfo')).body, 'AeosVersion')).toEqual(['2024.1'])
})

test.each([
  ['CarrierIdStates', 100],
  ['CarrierIdProfile', 101],
  ['CarrierIdVerification', 102],
  ['CarrierIdToken', 103],
  ['CarrierIdImage', 104],
  ['CarrierIdUnBlock', 110],
  ['EmployeeId', 63],
  ['ContractorId', 68],
  ['VisitorId', 73],
  ['CarId', 78],
] as const)('%s of nobody: %i, Carrier not found', async (root, code) => {
  await using client = await start()
  const reply = await client.send(root, 99)
  expect([reply.status, reply.code, reply.fault]).toEqual([500, code, 'Carrier not found'])
})
