import { expect, test } from 'vitest'
import { h10301 } from '../../src/model/card.ts'
import { answer, connected, fault, never, owned, people, type Script, type SettingsInput } from './testing.ts'

test('the list shows the badges of every identifier type there is, and whether they are blocked', async () => {
  const types = '<Identifier><Id>2</Id></Identifier><Identifier><Id>9</Id></Identifier>'
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711' }, { id: '8', number: '4712' }),
    IdentifierTypeSearchInfo: answer('IdentifierTypeList', types),
    IdentifierSearchInfo: (body) =>
      body.includes('<IdentifierType>2<')
        ? owned({ number: '10000', status: 3, owner: '7' }, { number: '10001', status: 0 })
        : owned({ number: 'AB-12 CD', type: '9', status: 1, owner: '7' }),
  })
  const [seven, eight] = (await Array.fromAsync(target.accounts.list(never))).flat()
  expect(seven?.cards).toEqual([
    { card: h10301(20, 10_000), ref: '2 10000', state: 'blocked' },
    { card: null, ref: '9 AB-12 CD', state: 'on' },
  ])
  expect([eight?.cards, eight?.told?.cards]).toEqual([[], true])
})

const newest =
  '<wsdl:operation name="findPerson"/><wsdl:operation name="removeCarrierAuthorizations"/><wsdl:operation name="addCarriersAuthorization"/>'
const holders =
  (of: Readonly<Record<string, readonly string[]>>, photo = '') =>
  (body: string) => {
    const [, id = ''] = /<TemplateId>(\d+)</.exec(body) ?? []
    const one = (each: string) => `<Employee><EmployeeInfo><Id>${each}</Id></EmployeeInfo>${photo}</Employee>`
    return answer('EmployeeList', (of[id] ?? []).map(one).join(''))
  }
const picture = '<FirstPhoto><Type>Photo</Type><Picture>AAAA</Picture></FirstPhoto>'

test('who has a template that is asked about is told where the version can filter by it, for the types of carrier that we make', async () => {
  const script = {
    wsdl: newest,
    PersonSearchInfo: people({ id: '7', number: '4711' }, { id: '8', number: '4712', type: 'Visitor' }),
    EmployeeSearchInfo: holders({ 11: ['7'], 12: ['7', '99'] }),
  }
  const target = await connected(script)
  const [seven, eight] = (await Array.fromAsync(target.accounts.list(never, ['11', '12', '13', 'entrance:5']))).flat()
  expect([seven?.levels, seven?.told?.levels]).toEqual([['11', '12'], new Set(['11', '12', '13'])])
  expect([eight?.levels, eight?.told?.levels]).toEqual([[], new Set()])
})

test('a server that does not find a template at all, such as the one that nobody has, has told who holds it: nobody', async () => {
  const known = holders({ 11: ['7'] })
  const missing = (body: string) => (body.includes('>11<') ? known(body) : fault(60, 'Template not found'))
  const target = await connected({ wsdl: newest, EmployeeSearchInfo: missing })
  const [seven] = (await Array.fromAsync(target.accounts.list(never, ['11', '12']))).flat()
  expect([seven?.levels, seven?.told?.levels]).toEqual([['11'], new Set(['11', '12'])])
})

test.each<[string, Script, SettingsInput, number]>([
  ['the version has no filter', { wsdl: '<wsdl:operation name="findPerson"/>' }, {}, 0],
  ['the settings say so', {}, { template_filter: 'never' }, 0],
  ['a server reads over the filter', { EmployeeSearchInfo: holders({ 11: ['7'], 2147483647: ['7'] }) }, {}, 0],
  ['the system user may not look for employees', { EmployeeSearchInfo: fault(901) }, {}, 0],
  ['pictures come along', { EmployeeSearchInfo: holders({ 11: ['7'] }, picture) }, {}, 0],
  [
    'pictures come along, and may',
    { EmployeeSearchInfo: holders({ 11: ['7'] }, picture) },
    { template_filter: 'always' },
    1,
  ],
])('the list tells of no templates when %s', async (_why, script, settings, told) => {
  const target = await connected({ wsdl: newest, ...script }, settings)
  const [seven] = (await Array.fromAsync(target.accounts.list(never, ['11']))).flat()
  expect([seven?.levels.length, seven?.told?.levels.size, seven?.told?.cards]).toEqual([told, told, true])
})

test('badges that can not be looked through are not told; a server that fails fails the list', async () => {
  const target = await connected({ IdentifierSearchInfo: fault(108) })
  const [seven] = (await Array.fromAsync(target.accounts.list(never))).flat()
  expect([seven?.cards, seven?.told?.cards]).toEqual([[], false])
  const failing = await connected({ IdentifierSearchInfo: fault(990) })
  await expect(Array.fromAsync(failing.accounts.list(never))).rejects.toMatchObject({ kind: 'transient' })
})
