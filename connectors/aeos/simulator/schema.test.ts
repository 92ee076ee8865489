/** The schema: what it takes, what it refuses, and that libxml2 in this process and xmllint outside agree on it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { XmlDocument } from 'libxml2-wasm'
import { expect, test } from 'vitest'
import { message, start, text, texts } from './client-for-tests.ts'
import { operationsOf, sampleRequest, swapped, xmlOf } from './sample-for-tests.ts'
import { type Snapshot, snapshots } from './snapshots.ts'
import { schemaError } from './validator.ts'
import { wsdlOf } from './wsdl.ts'
import { schemaNamespace, schemaOf } from './xsd.ts'

function wrong(xml: string, snapshot: Snapshot): string | null {
  using document = XmlDocument.fromString(xml)
  return schemaError(document.root, snapshot)
}

test.each(snapshots)('%s: every operation takes a request with the least and with everything in it', (snapshot) => {
  const refused = operationsOf(snapshot).flatMap((operation) =>
    (['least', 'most'] as const).flatMap((extent) => {
      const error = wrong(xmlOf(sampleRequest(operation, extent, snapshot)), snapshot)
      return error === null ? [] : [`${operation.name}: ${error}`]
    }),
  )
  expect(refused).toEqual([])
})

test.each(snapshots)('%s: two neighbours that change places are refused, wherever they stand', (snapshot) => {
  let tried = 0
  const taken = operationsOf(snapshot).flatMap((operation) => {
    const messages = [...swapped(sampleRequest(operation, 'most', snapshot))]
    tried += messages.length
    return messages.filter((one) => wrong(xmlOf(one), snapshot) === null).map(() => operation.name)
  })
  expect(taken).toEqual([])
  expect(tried).toBeGreaterThan(500)
})

test('the base type comes first, and each derived level after it', () => {
  const add = (inside: string) => wrong(`<EmployeeAdd xmlns="${schemaNamespace}">${inside}</EmployeeAdd>`, '2024-08')
  expect(add('<UnitId>1</UnitId><LastName>Sample</LastName><DepartmentId>1</DepartmentId>')).toBeNull()
  expect(add('<LastName>Sample</LastName><UnitId>1</UnitId>')).toContain('UnitId')
  expect(add('<DepartmentId>1</DepartmentId><LastName>Sample</LastName>')).toContain('LastName')
  expect(add('<LastName>Sample</LastName><Nickname>S</Nickname>')).toContain('Nickname')
  expect(add('<Id>one</Id>')).toContain('Id')
  expect(add('<ArrivalDateTime/>')).toContain('ArrivalDateTime')
  expect(add('<ArrivalDateTime>2026-01-01</ArrivalDateTime>')).toContain('ArrivalDateTime')
})

test('what must be there is missed', async () => {
  await using client = await start()
  for (const [root, inside, missing] of [
    ['IdentifierBlock', '<IdentifierType>1</IdentifierType><BadgeNumber>1</BadgeNumber>', 'Reason'],
    ['EventSearchInfo', '<EventSearch><GreaterThanId>1</GreaterThanId></EventSearch>', 'FromDateTime'],
    ['TemplateSearchInfo', '<TemplateInfo/>', 'UnitOfAuthType'],
    ['EmployeeSearchInfo', '', 'EmployeeInfo'],
    ['EmployeeId', 'nobody', 'EmployeeId'],
  ] as const) {
    const reply = await client.send(root, inside)
    expect([root, reply.status, reply.code]).toEqual([root, 500, null])
    expect(reply.fault).toMatch(/^Unmarshalling Error/)
    expect(reply.fault).toContain(missing)
  }
})

test('fields and operations of a later snapshot are unknown to an older server', async () => {
  await using client = await start({ snapshot: '2017' })
  const approvee = '<Approvee>true</Approvee><LastName>Sample</LastName>'
  expect((await client.send('EmployeeAdd', approvee)).fault).toContain('Approvee')
  expect((await client.send('EmployeeAdd', '<LastName>Sample</LastName>')).status).toBe(200)
  const removal = await client.send('ProfileRemove', '<CarrierId>1</CarrierId>')
  expect([removal.status, removal.code]).toEqual([500, null])
  expect(removal.fault).toContain('was not recognized')
  const wsdl = (await client.get('wsdl')).raw
  const later = ['removeCarrierAuthorizations', 'SearchResultInfo', 'AuthorisationKeyCabinet']
  expect(later.filter((name) => wsdl.includes(name))).toEqual([])
  client.simulator.quirks.newerFields = 'ignored'
  expect((await client.send('EmployeeAdd', approvee)).status).toBe(200)
  expect(client.simulator.state.carrier(2)?.fields.Approvee).toBeUndefined()
})

test.each([
  ['2017', false, false],
  ['2021-10', true, false],
  ['2024-05', true, false],
  ['2024-08', true, true],
] as const)(
  '%s: findEmployee answers what it has of NetworkId and SearchResultInfo',
  async (snapshot, sorts, tells) => {
    await using client = await start({ snapshot })
    await client.send('EmployeeAdd', '<LastName>Sample</LastName>')
    const found = await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')
    expect(text(found.body, 'Employee/EmployeeInfo/LastName')).toBe('Sample')
    expect(text(found.body, 'SearchResultInfo/totalSize')).toBe(tells ? '1' : undefined)
    expect(text(found.body, 'Employee/EmployeeInfo/ModificationDate') !== undefined).toBe(tells)
    const order = '<SortOrder><Order>A</Order><FieldName>LastName</FieldName></SortOrder>'
    const sorted = await client.send('EmployeeSearchInfo', `<EmployeeInfo/>${order}`)
    expect(sorted.status).toBe(sorts ? 200 : 500)
  },
)

test('unchecked, elements are taken by name in any order, and a wrong one is a fault of the operation', async () => {
  await using client = await start({ quirks: { schemaChecked: false } })
  const added = await client.send('EmployeeAdd', '<LastName>Sample</LastName><Nickname>S</Nickname><UnitId>1</UnitId>')
  expect([added.status, text(added.body, 'LastName')]).toEqual([200, 'Sample'])
  const bare = await client.send('IdentifierAdd', '<BadgeNumber>5</BadgeNumber>')
  expect([bare.code, bare.fault]).toEqual([113, 'CarrierId is missing'])
  expect((await client.send('EmployeeChange', '<Id>one</Id>')).code).toBe(62)
})

test('a broken schema can be told with the code of the operation', async () => {
  await using client = await start({ quirks: { schemaFaults: 'status-info' } })
  const reply = await client.send('EmployeeAdd', '<LastName>Sample</LastName><UnitId>1</UnitId>')
  expect([reply.status, reply.code]).toEqual([500, 61])
})

test('the description has one port, an empty soapAction everywhere, and a host of its own mind', async () => {
  await using client = await start()
  const { status, raw } = await client.get('wsdl')
  expect(status).toBe(200)
  using document = XmlDocument.fromString(raw)
  expect(document.root.name).toBe('definitions')
  expect(raw).toContain('targetNamespace="http://www.nedap.com/aeosws"')
  expect(raw.match(/soapAction=""/g)?.length).toBe(operationsOf('2024-08').length)
  expect(raw).toMatch(
    /<wsdl:port name="aeoswsTypePort".*\n\s*<soap:address location="https:\/\/aeosserver:\d+\/aeosws"\/>/,
  )
  expect(raw).toContain(schemaOf('2024-08'))
  expect((await client.get('xsd')).raw).toBe(schemaOf('2024-08'))
  expect((await client.get('wsdl', { authorization: 'Basic bm9ib2R5Og==' })).status).toBe(401)
  client.simulator.quirks.wsdlNeedsLogin = false
  expect((await client.get('wsdl', { authorization: 'Basic bm9ib2R5Og==' })).status).toBe(200)
})

test('each snapshot has all operations of the one before, and their root elements are unique', () => {
  const names = snapshots.map((snapshot) => operationsOf(snapshot).map(({ name }) => name))
  expect(names.map((some) => some.length)).toEqual([83, 85, 85, 87])
  for (const snapshot of snapshots) {
    const roots = operationsOf(snapshot).map(({ request }) => request.root)
    expect(new Set(roots).size).toBe(roots.length)
  }
})

test.each([
  ['no XML', 'hello', 'Client'],
  ['no envelope', '<a/>', 'Client'],
  [
    'SOAP 1.2',
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>',
    'VersionMismatch',
  ],
  [
    'a document type',
    `<!DOCTYPE a [<!ENTITY b "c">]>${message('<VersionSearchInfo xmlns="http://www.nedap.com/aeosws/schema">&b;</VersionSearchInfo>')}`,
    'Client',
  ],
  ['an empty body', message(''), 'Client'],
  ['two elements', message('<a/><b/>'), 'Client'],
  ['another namespace', message('<VersionSearchInfo/>'), 'Client'],
  ['no such operation', message('<Hello xmlns="http://www.nedap.com/aeosws/schema"/>'), 'Client'],
  [
    'a header to be understood',
    message('<VersionSearchInfo xmlns="http://www.nedap.com/aeosws/schema"/>').replace(
      '<soapenv:Body>',
      '<soapenv:Header><s:Security xmlns:s="urn:s" soapenv:mustUnderstand="1"/></soapenv:Header><soapenv:Body>',
    ),
    'MustUnderstand',
  ],
])('%s is a fault of the stack', async (_what, body, code) => {
  await using client = await start()
  const reply = await client.post(body)
  expect([reply.status, reply.code, text(reply.body, 'faultcode')]).toEqual([500, null, `soap:${code}`])
})

test('an operation that AEOS has and the simulator has not says so, once the snapshot has it', async () => {
  await using client = await start({ snapshot: '2021-10' })
  expect((await client.send('HolidaySearchInfo')).code).toBe(903)
  expect((await client.send('LockerSearchInfo')).code).toBeNull()
})

test('other methods, paths, types of content and SOAPActions are refused', async () => {
  await using client = await start()
  const version = message('<VersionSearchInfo xmlns="http://www.nedap.com/aeosws/schema"/>')
  expect((await client.post(version, { 'content-type': 'application/json' })).status).toBe(415)
  expect((await client.post(version, { soapaction: '"getVersion"' })).fault).toContain('SOAPAction')
  expect((await client.post(version, { soapaction: '' })).status).toBe(200)
  expect((await client.get('hello')).status).toBe(405)
})

test('xmllint finds the schemas sound, and agrees on every request with the least and with everything in it', ({
  skip,
}) => {
  if (!has('xmllint')) skip('libxml2-utils is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-aeos-'))
  try {
    for (const snapshot of snapshots) {
      const schema = join(folder, 'aeos.xsd')
      writeFileSync(schema, schemaOf(snapshot))
      const samples = operationsOf(snapshot).flatMap((operation) =>
        (['least', 'most'] as const).map((extent) => xmlOf(sampleRequest(operation, extent, snapshot))),
      )
      const files = samples.map((xml, at) => {
        const file = join(folder, `${at}.xml`)
        writeFileSync(file, xml)
        return file
      })
      expect(() => execFileSync('xmllint', ['--noout', '--schema', schema, ...files], { stdio: 'pipe' })).not.toThrow()
      writeFileSync(join(folder, 'aeos.wsdl'), wsdlOf(snapshot, 'https://aeosserver/aeosws'))
      execFileSync('xmllint', ['--noout', join(folder, 'aeos.wsdl')])
      const disorder = '<LastName>Sample</LastName><UnitId>1</UnitId>'
      writeFileSync(join(folder, 'bad.xml'), `<EmployeeAdd xmlns="${schemaNamespace}">${disorder}</EmployeeAdd>`)
      expect(() =>
        execFileSync('xmllint', ['--noout', '--schema', schema, join(folder, 'bad.xml')], { stdio: 'pipe' }),
      ).toThrow()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function has(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('namespaces may be written in any way', async () => {
  await using client = await start()
  await client.send('EmployeeAdd', '<LastName>Sample</LastName>')
  const prefixed = message(
    '<x:EmployeeSearchInfo xmlns:x="http://www.nedap.com/aeosws/schema"><x:EmployeeInfo><x:LastName><![CDATA[Samp]]></x:LastName></x:EmployeeInfo></x:EmployeeSearchInfo>',
  )
  expect(texts((await client.post(prefixed)).body, 'Employee/EmployeeInfo/LastName')).toEqual(['Sample'])
})
