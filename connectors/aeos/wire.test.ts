/** What goes over the wire fits the schema of the service in every detail: order, nesting, required and optional elements. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { csn, h10301 } from '../../src/model/card.ts'
import { openSoap, type Value } from './soap.ts'
import {
  answer,
  connected,
  desiredAccount,
  facts,
  fault,
  never,
  owned,
  people,
  profile,
  states,
  template,
  tokens,
} from './testing.ts'

const wsdl = readFileSync(new URL('./aeosws.wsdl', import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'aeos-wire-'))
const schema = join(folder, 'aeosws.xsd')

beforeAll(() => {
  const [, content = ''] = /<xs:schema ([\s\S]*<\/xs:schema>)/.exec(wsdl) ?? []
  const names = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="http://www.nedap.com/aeosws/schema"'
  writeFileSync(schema, `<xs:schema ${names} ${content}`)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What xmllint says of each body that does not fit; empty when all do. */
function misfits(bodies: readonly string[]): string {
  const files = bodies.map((body, at) => {
    const file = join(folder, `${at}.xml`)
    writeFileSync(file, body)
    return file
  })
  try {
    execFileSync('xmllint', ['--noout', '--schema', schema, ...files], { stdio: 'pipe' })
    return ''
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr).replaceAll(/^.* validates\n/gm, '')
  }
}

// ---------------------------------------------------------------- every operation of the description

interface Element {
  readonly name: string
  readonly type: string
  readonly optional: boolean
  readonly many: boolean
}

const attributesOf = (text: string) =>
  new Map([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))

const types = new Map(
  [...wsdl.matchAll(/<xs:complexType name="(\w+)">([\s\S]*?)<\/xs:complexType>/g)].map(
    ([, name = '', content = '']) => [
      name,
      [...content.matchAll(/<xs:element ([^>]*)\/>/g)].map(([, text = '']): Element => {
        const attributes = attributesOf(text)
        return {
          name: attributes.get('name') ?? '',
          type: attributes.get('type') ?? '',
          optional: attributes.get('minOccurs') === '0',
          many: attributes.get('maxOccurs') === 'unbounded',
        }
      }),
    ],
  ),
)
const rootTypes = new Map(
  [...wsdl.matchAll(/^ {6}<xs:element name="(\w+)" type="([\w:]+)"\/>/gm)].map(([, name = '', type = '']) => [
    name,
    type,
  ]),
)
const requestOf = new Map(
  [...wsdl.matchAll(/<operation name="(\w+)">\s*<input message="aeos:(\w+)"\/>/g)].map(
    ([, operation = '', root = '']) => [operation, root],
  ),
)

const samples: Readonly<Record<string, string>> = {
  'xs:long': '4711',
  'xs:int': '5',
  'xs:string': `Q'uill & <feather> "é"`,
  'xs:boolean': 'true',
  'xs:dateTime': '2149-05-29T00:00:00',
  'xs:date': '2026-11-26',
  'xs:base64Binary': 'AQID',
}

/** A value of that type, its fields in the wrong order; `whole` with every optional field, lists with two entries. */
function sample(type: string, whole: boolean): Value {
  const simple = samples[type]
  if (simple !== undefined) return simple
  const elements = types.get(type.replace('tns:', '')) ?? []
  const present = elements.filter(({ optional }) => whole || !optional).toReversed()
  return Object.fromEntries(
    present.map(({ name, type: inner, many }) => [
      name,
      many ? [sample(inner, whole), sample(inner, whole)] : sample(inner, whole),
    ]),
  )
}

test('xmllint takes every operation of the description, with all optional fields and without any, whatever their order', async () => {
  const soap = await openSoap()
  expect(requestOf.size).toBeGreaterThanOrEqual(50)
  expect([...soap.operations].sort()).toEqual([...requestOf.keys()].sort())
  const bodies = [...requestOf].flatMap(([operation, root]) =>
    [true, false].map((whole) => bodyOf(soap.write(operation, sample(rootTypes.get(root) ?? '', whole)))),
  )
  expect(misfits(bodies)).toBe('')
})

test('xmllint finds what does not fit, so that its silence means something', async () => {
  const soap = await openSoap()
  const body = bodyOf(soap.write('addEmployee', { Id: '1', LastName: 'Quillfeather' }))
  const [id, name] = ['<Id>1</Id>', '<LastName>Quillfeather</LastName>']
  expect(misfits([body.replace(`${id}${name}`, `${name}${id}`)])).toContain('Id')
  expect(misfits([body.replace(id, '<Id>one</Id>')])).toContain('not a valid value')
  expect(misfits([bodyOf(soap.write('blockCarrier', { Reason: '3' }))])).toContain('CarrierId')
  expect(misfits([bodyOf(soap.write('findEmployee', { Unheard: 'of' }))])).not.toBe('')
})

function bodyOf(envelope: string): string {
  return /<soap:Body>(.*)<\/soap:Body>/s.exec(envelope)?.[1] ?? ''
}

// ---------------------------------------------------------------- everything that the connector really says

test('xmllint takes every request that the orders of the engine lead to, and each operation of the client is among them', async () => {
  const sent: { readonly root: string; readonly body: string }[] = []
  const [card, serial] = [h10301(20, 10_000), csn('84A1B2C3')]
  const cards = [
    { card, state: 'on' as const },
    { card: serial, state: 'blocked' as const },
  ]
  const wide = {
    unit_id: '6',
    departments: 'match',
    entrance_schedule: '5',
    free_fields: [{ definition_id: '12', fact: 'title' }],
    carriers: { external: 'contractor', guest: 'visitor' },
  }
  const validity = { from: '2026-12-01T08:00:00Z', until: '2030-06-30T22:00:00Z' }
  const rich = facts({ email: 'zyphora@example.org', department: 'Research', title: 'Keeper' })
  const lists = {
    DepartmentSearchInfo:
      '<DepartmentList xmlns="http://www.nedap.com/aeosws/schema"><Department><Id>3</Id><Name>Research</Name></Department></DepartmentList>',
    TemplateSearchInfo: '<TemplateList xmlns="http://www.nedap.com/aeosws/schema"/>',
    EntranceSearchInfo: '<EntranceList xmlns="http://www.nedap.com/aeosws/schema"/>',
    BlockReasonSearch: '<BlockReasonList xmlns="http://www.nedap.com/aeosws/schema"/>',
    IdentifierTypeSearchInfo: '<IdentifierTypeList xmlns="http://www.nedap.com/aeosws/schema"/>',
    FreeFieldDefinitionSearchInfo: '<FreeFieldDefinitionList xmlns="http://www.nedap.com/aeosws/schema"/>',
  }
  const online = `${template('11')}${template('11', { rule: '4', from: '2021-01-01T00:00:00' })}`
  const keyCabinet =
    '<AuthorisationOffline><TemplateAuthorisation><Id>3</Id><Enabled>true</Enabled><TemplateId>44</TemplateId></TemplateAuthorisation></AuthorisationOffline>'
  const [held, shutHeld] = [
    { number: '10000', status: 1, owner: '7' },
    { number: '10000', status: 3, reason: '4', owner: '7' },
  ]

  /** One connection, one thing to do with it. */
  async function run(
    script: Parameters<typeof connected>[0],
    act: (target: Awaited<ReturnType<typeof connected>>) => Promise<unknown>,
  ) {
    const target = await connected({ ...lists, ...script }, wide)
    await act(target)
    sent.push(...target.requests.filter(({ root }) => root !== 'wsdl'))
  }

  for (const kind of ['external', 'guest', undefined] as const) {
    const person = { ...rich, ...(kind === undefined ? {} : { kind }) }
    await run({ PersonSearchInfo: people() }, (target) =>
      target.put(
        desiredAccount({ facts: person, validity, cards, levels: ['11', 'entrance:21'], pin: '1234', lock: 'closed' }),
      ),
    )
    await run({ PersonSearchInfo: people() }, (target) => target.put(desiredAccount({ facts: facts() })))
  }
  for (const type of ['Contractor', 'Visitor', 'Employee'] as const) {
    const one = { PersonSearchInfo: people({ id: '7', number: '4711', type }) }
    await run(one, async (target) =>
      target.put(desiredAccount({ facts: rich, validity, levels: ['11'] }), { actual: await target.mustRead() }),
    )
    await run(one, (target) => target.lock())
    await run({ ...one, CarrierIdToken: tokens(held) }, (target) => target.remove())
  }
  await run(
    { CarrierIdStates: states(true), IdentifierSearchInfo: owned(shutHeld), CarrierIdToken: tokens(shutHeld) },
    async (target) =>
      target.put(desiredAccount({ cards: [{ card, state: 'on' }] }), { actual: await target.mustRead() }),
  )
  await run({ IdentifierSearchInfo: owned({ number: '10000', status: 2 }) }, async (target) =>
    target.put(desiredAccount({ cards: [{ card, state: 'on' }] }), { actual: await target.mustRead(), lift: [card] }),
  )
  for (const wsdl of ['', undefined]) {
    const script = {
      CarrierIdProfile: profile(online).replace('</ProfileResult>', `${keyCabinet}</ProfileResult>`),
      CarrierIdToken: tokens(held, { number: '84A1B2C3', type: '5', status: 3 }),
    }
    await run({ ...script, ...(wsdl === undefined ? {} : { wsdl }) }, async (target) =>
      target.put(desiredAccount(), {
        actual: await target.mustRead(),
        revoke: { levels: ['11'], cards: [card, serial] },
      }),
    )
  }
  await run({}, async (target) => {
    await target.accounts.read('#7', never)
    await Array.fromAsync(target.accounts.list(never))
    await target.accounts.discover(never)
    await target.health(never)
  })
  const filtering = { wsdl: '<wsdl:operation name="addCarriersAuthorization"/>' }
  const found = {
    EmployeeSearchInfo: 'EmployeeList',
    ContractorSearchInfo: 'ContractorList',
    VisitorSearchInfo: 'VisitorList',
  }
  const nobody = Object.fromEntries(Object.entries(found).map(([root, list]) => [root, answer(list)]))
  await run({ ...filtering, ...nobody }, (target) => Array.fromAsync(target.accounts.list(never, ['11'])))
  await run({ ProfileAdd: fault(116), EmployeeChange: fault(62) }, async (target) => {
    const actual = await target.mustRead()
    await target.put(
      desiredAccount({ facts: { ...rich, familyName: 'Thistledown' }, validity, levels: ['11', '12'] }),
      { actual },
    )
  })

  expect(misfits(sent.map(({ body }) => body))).toBe('')
  const operations = readFileSync(new URL('./client.ts', import.meta.url), 'utf8')
  const used = [...operations.matchAll(/#call\('(\w+)'/g)].flatMap(([, name]) => requestOf.get(name ?? '') ?? [])
  expect(used.length).toBeGreaterThan(18)
  const seen = new Set(sent.map(({ root }) => root))
  expect(used.filter((root) => !seen.has(root))).toEqual([])
  for (const verb of ['Add', 'Change', 'Id', 'SearchInfo'])
    for (const type of ['Employee', 'Contractor', 'Visitor']) expect(seen).toContain(`${type}${verb}`)
})
