import { describe, expect, test } from 'vitest'
import type { PersonFacts } from '../../src/model/person.ts'
import { carrierFieldNames } from './carrier-fields.ts'
import connector from './index.ts'
import { profileOf } from './mapping.ts'
import { failures, simulated } from './simulated-for-tests.ts'
import { desiredAccount, facts, settingsOf } from './testing.ts'

const carriers = { external: 'contractor', guest: 'visitor' }
const phone = { field: 'PhoneNo', attr: 'phone' }
const listed = [
  phone,
  { field: 'Title', fact: 'title' },
  { field: 'Gender', attr: 'gender' },
  { field: 'Language', value: 'en' },
  { field: 'Company', fact: 'company' },
  { field: 'ContactPersonId', attr: 'contact' },
]
const wide = settingsOf({ carriers, fields: listed })
const asked = (fields: unknown, more: Record<string, unknown> = {}) => {
  const { success, error } = connector.settings.safeParse({
    ...{ url: 'https://aeos.example.org', username: 'gatehouse', password: 'x', server_zone: 'UTC', carriers, fields },
    ...more,
  })
  return success ? null : error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('settings', () => {
  test('take each field from a fact, an attribute or a text, and refuse what can not be', () => {
    expect(asked(listed)).toBeNull()
    expect(asked([{ field: 'Title' }])).toEqual(['fields.0: give one of fact, attr and value'])
    expect(asked([{ field: 'Title', fact: 'title', value: 'x' }])).toEqual([
      'fields.0: give one of fact, attr and value',
    ])
    expect(asked([{ field: 'LastName', value: 'x' }])).toEqual([expect.stringContaining('fields.0.field: ')])
    expect(asked([phone, phone])).toEqual(['fields.1.field: PhoneNo is listed twice'])
    expect(asked([{ field: 'VendorId', value: '3' }], { carriers: {} })).toEqual([
      'fields.0.field: only contractors have VendorId, and neither carrier nor carriers makes anybody one',
    ])
    expect(asked([{ field: 'PersonToVisitId', value: '3' }], { carriers: {}, carrier: 'visitor' })).toBeNull()
  })

  test.each([
    ['Title', 'T'.repeat(26), 'up to 25 characters'],
    ['Gender', 'F', 'Unknown, Male, Female'],
    ['Language', 'klingon', 'one of ar, de'],
    ['ContactPersonId', '0', 'an id as AEOS shows it'],
    ['MiddleName', ' blank', 'up to 40 characters'],
  ])('refuse a text that %s can not hold', (field, value, fits) => {
    expect(asked([{ field, value }])).toEqual([expect.stringContaining(`fields.0.value: ${field} holds ${fits}`)])
  })

  test('free fields may be given an attribute or a text as well', () => {
    const free = settingsOf({
      free_fields: [
        { definition_id: '12', attr: 'cost' },
        { definition_id: '13', value: 'x' },
      ],
    })
    expect(profileOf(facts({ attrs: { cost: 'K7' } }), free)).toMatchObject({
      'Freefield 12': 'K7',
      'Freefield 13': 'x',
    })
    expect(profileOf(facts({ attrs: { cost: null } }), free)).toMatchObject({ 'Freefield 12': '' })
    expect(profileOf(facts(), free)).not.toHaveProperty(['Freefield 12'])
    expect(() => settingsOf({ free_fields: [{ definition_id: '12' }] })).toThrow('give one of fact, attr and value')
  })
})

test('a field is written to the carriers that have it, cut to what it holds, and left alone where nobody speaks of it', () => {
  expect(profileOf(facts(), wide)).toEqual({ LastName: 'Quillfeather', FirstName: 'Zyphora', Language: 'en' })
  const rich = facts({ title: 'T'.repeat(30), company: 'Acme', attrs: { phone: ' 0123\u00004 ', gender: 'female' } })
  const written = { PhoneNo: '01234', Title: 'T'.repeat(25), Gender: 'Female', Language: 'en' }
  expect(profileOf(rich, wide)).toMatchObject(written)
  expect(profileOf(rich, wide)).not.toHaveProperty('Company')
  expect(profileOf({ ...rich, kind: 'guest' }, wide)).toMatchObject({ ...written, Company: 'Acme' })
  // Nothing that every object has is an attribute.
  expect(profileOf(facts(), settingsOf({ fields: [{ field: 'Title', attr: 'constructor' }] }))).not.toHaveProperty(
    'Title',
  )
})

test('a field that is empty is cleared: texts by nothing, ids by 0, the gender by Unknown', async () => {
  await using target = await simulated({ messagesKept: 100 }, { carriers, fields: listed })
  target.simulator.seed({ carriers: [{ kind: 'Employee', lastName: 'Host', personnelNo: '1' }] })
  const host = (await target.mustRead('1')).profile.Id ?? ''
  const full: PersonFacts = facts({
    ...{ kind: 'guest', title: 'Dr', company: 'Acme' },
    attrs: { phone: '01234', gender: 'Male', contact: host },
  })
  const put = async (some: PersonFacts) => failures(await target.put(desiredAccount({ facts: some })))
  expect(await put(full)).toEqual({})
  const shown = {
    PhoneNo: '01234',
    Title: 'Dr',
    Gender: 'Male',
    Language: 'en',
    Company: 'Acme',
    ContactPersonId: host,
  }
  expect((await target.mustRead()).profile).toMatchObject(shown)
  // Nobody speaks of them any more.
  expect(await put(facts({ kind: 'guest' }))).toEqual({})
  expect((await target.mustRead()).profile).toMatchObject(shown)
  const nothing = { phone: null, gender: null, contact: null }
  expect(await put({ ...full, title: null, company: null, attrs: nothing })).toEqual({})
  const { profile } = await target.mustRead()
  for (const field of ['PhoneNo', 'Title', 'Company', 'ContactPersonId']) expect(profile).not.toHaveProperty(field)
  expect(profile).toMatchObject({ Gender: 'Unknown', Language: 'en' })
  const sent = target.simulator.requests.messages().findLast((message) => message.includes('<VisitorChange'))
  expect(sent).toContain('<ContactPersonId>0</ContactPersonId>')
  expect(sent).toContain('<Gender>Unknown</Gender>')
})

test('what a field can not hold fails alone, with what it holds, and is not sent', async () => {
  await using target = await simulated({}, { carriers, fields: listed })
  const desired = desiredAccount({ facts: facts({ attrs: { gender: 'X', contact: 'Ada', phone: '01234' } }) })
  expect(failures(await target.put(desired))).toEqual({ profile: 'rejected aeos.field-invalid' })
  expect((await target.mustRead()).profile).toMatchObject({
    LastName: 'Quillfeather',
    PhoneNo: '01234',
    Gender: 'Unknown',
  })
})

test('a carrier of another type than the person shall be has no such field', async () => {
  await using target = await simulated({}, { carriers, fields: listed, carrier: 'visitor' })
  target.simulator.seed({ carriers: [{ kind: 'Employee', lastName: 'Quillfeather', personnelNo: '4711' }] })
  const told = await target.put(desiredAccount({ facts: facts({ company: 'Acme' }) }))
  expect(failures(told)).toEqual({ profile: 'rejected aeos.field-unknown' })
})

test('who is made where AEOS wants a listed field gets it at once, though the department is refused', async () => {
  const mandatoryFields = ['LastName', 'PhoneNo']
  await using target = await simulated(
    { quirks: { mandatoryFields } },
    { fields: [phone], departments: 'match', unit_id: '1' },
  )
  const person = facts({ email: 'e'.repeat(60), attrs: { phone: '01234' } })
  target.simulator.quirks.refusedSigns = '@'
  const told = await target.put(desiredAccount({ facts: { ...person, email: 'a@example.org' } }))
  expect(failures(told)).toEqual({ profile: expect.stringMatching(/^rejected/) })
  expect((await target.mustRead()).profile).toMatchObject({ PhoneNo: '01234' })
})

test('a field that this version does not have is told by health and by each order, and never sent', async () => {
  const settings = { carrier: 'visitor', fields: [{ field: 'PersonToVisitId', attr: 'host' }, phone] }
  await using target = await simulated({ snapshot: '2017' }, settings)
  expect((await target.health()).problems).toContainEqual(
    expect.objectContaining({ severity: 'error', code: 'aeos.field-unknown' }),
  )
  const told = await target.put(desiredAccount({ facts: facts({ attrs: { host: '1', phone: '01234' } }) }))
  expect(failures(told)).toEqual({ profile: 'rejected aeos.field-unknown' })
  expect((await target.mustRead()).profile).toMatchObject({ PhoneNo: '01234' })
  await using newer = await simulated({ snapshot: '2021-10' }, settings)
  expect((await newer.health()).problems.map(({ code }) => code)).not.toContain('aeos.field-unknown')
  newer.simulator.seed({ carriers: [{ kind: 'Employee', lastName: 'Host', personnelNo: '1' }] })
  const host = (await newer.mustRead('1')).profile.Id ?? ''
  expect(failures(await newer.put(desiredAccount({ facts: facts({ attrs: { host } }) })))).toEqual({})
  expect((await newer.mustRead()).profile).toMatchObject({ PersonToVisitId: host })
})

test('every field that may be written is one of the description that is sent by', async () => {
  const { readFile } = await import('node:fs/promises')
  const wsdl = await readFile(new URL('./soap/aeosws.wsdl', import.meta.url), 'utf8')
  for (const name of carrierFieldNames) expect(wsdl).toContain(`<xs:element name="${name}"`)
})
