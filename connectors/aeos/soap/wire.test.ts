/** What goes over the wire fits the schema of the service in every detail: order, nesting, required and optional elements. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cardOfValues, csn } from '../../../src/model/card.ts'
import { carrierFieldNames, isOf } from '../carrier-fields.ts'
import { first, history, type Simulated, second, simulated } from '../simulated-for-tests.ts'
import { type Snapshot, schemaOf, snapshots } from '../simulator/index.ts'
import { desiredAccount, facts, never } from '../testing.ts'
import { openSoap, type Value } from './soap.ts'

const folder = mkdtempSync(join(tmpdir(), 'aeos-wire-'))
const schemaFile = (snapshot: Snapshot) => join(folder, `aeosws-${snapshot}.xsd`)

beforeAll(() => {
  // Written by the simulator's author from the published table, without a look at the connector's own description.
  for (const snapshot of snapshots) writeFileSync(schemaFile(snapshot), schemaOf(snapshot))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What xmllint says of each body that does not fit; empty when all do. Throws where xmllint is missing. */
function misfits(bodies: readonly string[], snapshot: Snapshot): string {
  const files = bodies.map((body, at) => {
    const file = join(folder, `${at}.xml`)
    writeFileSync(file, body)
    return file
  })
  try {
    execFileSync('xmllint', ['--noout', '--schema', schemaFile(snapshot), ...files], { stdio: 'pipe' })
    return ''
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr: Buffer }
    if (code === 'ENOENT') throw new Error('xmllint is missing: scripts/test-packages installs it')
    return String(stderr).replaceAll(/^.* validates\n/gm, '')
  }
}

function bodyOf(envelope: string): string {
  return /<soap:Body>(.*)<\/soap:Body>/s.exec(envelope)?.[1] ?? ''
}

const rootOf = (body: string) => /^<(\w+)/.exec(body)?.[1] ?? ''

// ---------------------------------------------------------------- the connector's own description, taken apart

const wsdl = readFileSync(new URL('./aeosws.wsdl', import.meta.url), 'utf8')

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
/** Root element of the request of each operation. */
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
/** Texts of which the service has a list. */
const listed: Readonly<Record<string, string>> = {
  Order: 'A',
  FieldName: 'LastName',
  AuthorisationType: 'Entrance',
  CarrierType: 'Employee',
  UnitOfAuthType: 'OnLine',
}

/** A value of that type, its fields in the wrong order; `whole` with every optional field, lists with two entries. */
function sample(type: string, whole: boolean): Value {
  const simple = samples[type]
  if (simple !== undefined) return simple
  const name = type.replace('tns:', '')
  const present = (types.get(name) ?? []).filter(({ optional }) => whole || !optional).toReversed()
  return Object.fromEntries(
    present.map(({ name: field, type: inner, many }) => {
      const text = field === 'Type' && name === 'VerificationChange' ? 'Pincode' : listed[field]
      const value = inner === 'xs:string' && text !== undefined ? text : sample(inner, whole)
      return [field, many ? [value, value] : value]
    }),
  )
}

// ---------------------------------------------------------------- everything that the connector really says

const wide = {
  unit_id: '1',
  departments: 'match',
  entrance_schedule: '1',
  carriers: { external: 'contractor', guest: 'visitor' },
}
const rich = facts({ email: 'zyphora@example.org', department: 'General', title: 'Keeper' })
const fieldSamples = {
  ...{
    MiddleName: 'van der',
    Gender: 'Female',
    Title: 'Dr',
    PhoneNo: '01234',
    Language: 'zh_CN',
    MobilePhoneNo: '5678',
  },
  Company: `Q'uill & <feather>`,
}
const validity = { from: '2026-12-01T08:00:00Z', until: '2030-06-30T22:00:00Z' }
const cards = [
  { card: first, state: 'on' as const },
  { card: csn('84A1B2C3'), state: 'blocked' as const },
]

/** Every kind of order, of people of every carrier type, with all that they can have and with as little as possible. */
async function sayEverything(target: Simulated): Promise<void> {
  await history(target, async () => undefined)
  const level = target.levelOf('Main Entrance')
  target.simulator.seed({ entranceGroups: [{ name: 'Main Entrance', entrances: ['Front Door'] }] })
  target.simulator.seed({ carriers: [{ kind: 'Employee', lastName: 'Host', personnelNo: 'host' }] })
  const host = (await target.mustRead('host')).profile.Id ?? ''
  const free: Readonly<Record<string, string>> = { external: '3', guest: '5', own: '1' }
  for (const [kind, definition_id] of Object.entries(free)) {
    const { put, lock, remove, accounts, mustRead } = await target.connect({
      ...wide,
      photos: true,
      free_fields: [{ definition_id, fact: 'title' }],
      fields: carrierFieldNames.map((field) => ({ field, attr: field })),
    })
    const fields = {
      ...fieldSamples,
      ContactPersonId: host,
      PersonToVisitId: host,
      ...(kind === 'external' ? { VendorId: '3', PermitId: '4' } : {}),
    }
    const person = { ...rich, kind, attrs: fields, ...(kind === 'guest' ? { department: null } : {}) }
    const order = { facts: person, validity, cards, levels: [level, 'entrance:1', 'group:1'], pin: '483920' }
    await put(desiredAccount({ ...order, lock: 'closed' }))
    await put(
      desiredAccount({ ...order, facts: { ...person, title: 'Warden' }, validity: { from: null, until: null } }),
    )
    // Nothing that may be there any more, but for the name.
    const nothing = { givenName: null, email: null, department: null, title: null }
    const cleared = Object.fromEntries(carrierFieldNames.map((field) => [field, null]))
    await put(desiredAccount({ ...order, facts: { ...person, ...nothing, attrs: cleared } }))
    const revoke = { levels: [level, 'entrance:1', 'group:1'], cards: cards.map(({ card }) => card) }
    await put(desiredAccount({ facts: person, cards: [{ card: second, state: 'on' }] }), { revoke })
    const [carrier] = target.inside()
    await accounts.read(`#${carrier?.id}`, never, { photo: true })
    for (const photo of [Buffer.from('first'), Buffer.from('second'), null])
      await put(desiredAccount({ facts: person, photo }))
    await lock(await mustRead())
    await remove()
    // What was blocked for good is given out again, and a right whose entry is named twice is written back.
    await put(desiredAccount({ facts: person, cards: [{ card: first, state: 'on' }], levels: [level] }), {
      lift: [first],
    })
    target.simulator.hand({ action: 'grant-by-rule', carrier: target.inside()[0]?.id ?? 0, template: level })
    await put(desiredAccount({ facts: person }), { revoke: { levels: [level], cards: [] } })
    await remove()
    // With nothing but a name.
    await put(desiredAccount({ facts: facts({ kind }) }))
    await remove()
  }
  // Dates that lie at midnight are asked for once more, and a page of the list is asked for with and without its rights.
  const midnight = { lastName: 'Midnight', arrival: '2025-12-31T23:00:00Z' }
  const kinds = ['Employee', 'Contractor', 'Visitor'] as const
  target.simulator.seed({ carriers: kinds.map((kind) => ({ ...midnight, kind, personnelNo: kind })) })
  const { accounts, people, health, read } = await target.connect({ ...wide, people: { photos: true } })
  for (const kind of kinds) await read(kind)
  await Array.fromAsync(accounts.list(never))
  await Array.fromAsync(accounts.list(never, [level]))
  await accounts.discover(never)
  await health()
  // As a source: everybody, and then what the log says.
  const whole = await people.read(never, null)
  await whole?.settle('taken')
  target.simulator.hand({ action: 'block', carrier: target.inside()[0]?.id ?? target.simulator.state.ids()[0] ?? 0 })
  await people.read(never, null)
  // What happened at the doors, also in a log that was put back.
  const { events } = await target.connect({ events: { poll_every: '10ms' } })
  target.simulator.backup()
  const happened = events.follow(null, never)[Symbol.asyncIterator]()
  await happened.next()
  for (const act of [() => undefined, () => target.simulator.putBack(), () => undefined]) {
    act()
    target.simulator.swipe({ badge: '1', entrance: 'Front Door' })
    await happened.next()
  }
  // A number with which many others begin is asked for by itself.
  target.simulator.seed({ count: 520 })
  const short = await target.connect({ identifier_types: [{ id: '1', format: 'H10302' }] })
  await short.put(desiredAccount({ cards: [{ card: cardOfValues('H10302', { number: 7n }), state: 'on' }] }))
}

/** What arrived at a simulator of this snapshot, each body once. */
async function captured(snapshot: Snapshot, act: (target: Simulated) => Promise<void>): Promise<string[]> {
  await using target = await simulated({ snapshot, messagesKept: 10_000 })
  await act(target)
  const bodies = target.simulator.requests.messages().map(bodyOf)
  expect(bodies.length).toBe(target.simulator.requests.find().filter(({ operation }) => operation !== '?wsdl').length)
  return [...new Set(bodies)]
}

test.each(snapshots)(
  'xmllint takes every request that the orders of the engine lead to, at the interface of %s',
  async (snapshot) => {
    const bodies = await captured(snapshot, sayEverything)
    expect(bodies.length).toBeGreaterThan(100)
    expect(misfits(bodies, snapshot)).toBe('')
    // All that the client can call was called, but for what the snapshot lacks and the whole profile that others need no more.
    const client = readFileSync(new URL('./client.ts', import.meta.url), 'utf8')
    const named = [...client.matchAll(/#(?:call|write)\(\s*['`]([\w${}[\]]+)['`]/g)].flatMap(([, name = '']) =>
      ['Employee', 'Contractor', 'Visitor'].map((type) =>
        name.replace('$' + '{nameOf[type]}', type).replace('$' + '{name}', type),
      ),
    )
    expect(named.length).toBeGreaterThan(50)
    const offered = schemaOf(snapshot)
    const missing = [...new Set(named)].filter((operation) => {
      const root = requestOf.get(operation) ?? `unknown operation ${operation}`
      return offered.includes(`element name="${root}"`) && !bodies.some((body) => rootOf(body) === root)
    })
    expect(missing).toEqual([])
  },
)

test('xmllint takes carriers of each type with every field of the settings, and cleared of them, in the order of the schema', async () => {
  const bodies = await captured('2024-08', sayEverything)
  for (const type of ['Employee', 'Contractor', 'Visitor']) {
    const ofType = (root: string) => bodies.filter((body) => rootOf(body) === `${type}${root}`)
    for (const name of carrierFieldNames.filter((each) => isOf(each, type.toLowerCase() as 'visitor'))) {
      expect(
        ofType('Add').some((body) => body.includes(`<${name}>`)),
        `${type} ${name}`,
      ).toBe(true)
      expect(
        ofType('Add').some((body) => !body.includes(`<${name}`)),
        `${type} ${name}`,
      ).toBe(true)
      const clearing = new RegExp(`<${name}(?:/>|></${name}>|>0<|>Unknown<)`)
      expect(
        ofType('Change').some((body) => clearing.test(body)),
        `${type} ${name}`,
      ).toBe(true)
    }
  }
  expect(misfits(bodies, '2024-08')).toBe('')
})

test('xmllint takes every operation of the description, with all optional fields and without any, whatever order they are given in', async () => {
  const { operations } = await openSoap()
  expect([...operations].sort()).toEqual([...requestOf.keys()].sort())
  for (const snapshot of snapshots) {
    // Only what the snapshot offers; and only the newest has every optional field.
    const there = [...requestOf].filter(([, root]) => schemaOf(snapshot).includes(`element name="${root}"`))
    const sizes = snapshot === '2024-08' ? [true, false] : [false]
    const bodies = await captured(snapshot, async (target) => {
      for (const [operation, root] of there)
        for (const whole of sizes) await target.say(operation, sample(rootTypes.get(root) ?? '', whole))
    })
    expect(misfits(bodies, snapshot), snapshot).toBe('')
    expect(new Set(bodies.map(rootOf))).toEqual(new Set(there.map(([, root]) => root)))
    if (snapshot === '2024-08') expect(there).toHaveLength(operations.size)
  }
})

test('xmllint finds what does not fit, so that its silence means something', async () => {
  const soap = await openSoap()
  const body = bodyOf(soap.write('addEmployee', { Id: '1', LastName: 'Quillfeather' }))
  const [id, name] = ['<Id>1</Id>', '<LastName>Quillfeather</LastName>']
  const wrong = (text: string) => misfits([text], '2024-08')
  expect(wrong(body)).toBe('')
  expect(wrong(body.replace(`${id}${name}`, `${name}${id}`))).toContain('Id')
  expect(wrong(body.replace(id, '<Id>one</Id>'))).toContain('not a valid value')
  expect(wrong(bodyOf(soap.write('blockCarrier', { Reason: '3' })))).toContain('CarrierId')
  expect(wrong(bodyOf(soap.write('findEmployee', { Unheard: 'of' })))).not.toBe('')
})
