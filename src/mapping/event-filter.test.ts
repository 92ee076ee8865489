import { expect, test } from 'vitest'
import { reveals } from '../model/events/reveal.ts'
import { compileEventFilter, type EventFacts, everyEvent, noAttributes, type PunchFacts } from './event-filter.ts'

const facts: EventFacts = {
  ...{ type: 'access.denied.expired', class: 'access', decision: 'denied', system: 'hq', site: 'Berlin' },
  ...{ direction: 'in', active: null, live: true, known: true, verify: ['card'], deviceKey: null },
  ...{ door: 'Vault', doorId: '17', reader: null, readerId: null, vendorCode: '0x1', vendorName: null },
}
const somebody = { ...noAttributes, department: 'Research', email: 'z@example.org' }

test.each([
  ['event.decision == "denied"', 'passes'],
  ['event.class in ["alarm", "door"]', 'stays'],
  ['event.type.startsWith("access.denied.")', 'passes'],
  ['event.door == "Vault" && event.site == "Berlin"', 'passes'],
  ['"card" in event.verify', 'passes'],
  ['event.active == true', 'stays'],
  ['event.reader.startsWith("x")', 'stays'],
  ['person.department == "Research"', 'passes'],
  ['person.employeeNumber == "4711"', 'stays'],
] as const)('%s: %s', (source, verdict) => {
  const filter = compileEventFilter(source, ['door', 'department', 'employee_number'])
  expect(filter.decide(facts, somebody)).toBe(verdict)
})

test('who is nobody has no attributes, and that is no mistake', () => {
  const filter = compileEventFilter('person.department == "Research"', ['department'])
  expect([filter.asksForPerson, filter.decide(facts, noAttributes)]).toEqual([true, 'stays'])
  expect([everyEvent.asksForPerson, everyEvent.decide(facts, noAttributes)]).toEqual([false, 'passes'])
})

test('what breaks on an event, or answers neither yes nor no, fails by a code without values', () => {
  expect(compileEventFilter('int(event.doorId + "x") > 1', ['door']).decide(facts, noAttributes)).toEqual({
    failed: expect.stringMatching(/^cel\.[a-z-]+$/),
  })
  expect(compileEventFilter('event.door', ['door']).decide(facts, noAttributes)).toEqual({ failed: 'filter.not-bool' })
})

test.each([
  ['event.kind in ["in", "out"]', 'passes'],
  ['event.type == "punch.in" && !event.correction', 'passes'],
  ['person.department == "Sales"', 'stays'],
] as const)('of a punch: %s: %s', (source, verdict) => {
  const punch: PunchFacts = { type: 'punch.in', kind: 'in', correction: false }
  expect(compileEventFilter(source, ['department'], 'punches').decide(punch, somebody)).toBe(verdict)
})

test.each([
  ...['door', 'doorId', 'reader', 'readerId', 'vendorCode', 'vendorName', 'verify', 'deviceKey', 'system', 'site'],
  ...['class', 'decision', 'direction', 'active', 'live', 'known'],
])('of a punch nobody asks for event.%s, whatever is revealed', (name) => {
  const compile = (source: string) => () => compileEventFilter(source, reveals, 'punches')
  const refused = { code: 'filter.not-of-punches', unknownField: `event.${name}` }
  expect(compile(`event.${name} == "x"`)).toThrow(expect.objectContaining(refused))
  expect(compile(`has(event.${name})`)).toThrow(expect.objectContaining(refused))
  expect(compile(`event["${name}"] == "x"`)).toThrow(expect.objectContaining(refused))
})

test.each([
  ['event.day == "2026-03-02"', 'filter.unknown-field'],
  ['event.map(name, name).size() > 0', 'filter.field-by-name'],
  ['person.email != null', 'filter.not-revealed'],
  ['event.kind', 'filter.not-bool'],
] as const)('of a punch %s is refused: %s', (source, code) => {
  const refuse = () => {
    const { decide } = compileEventFilter(source, [], 'punches')
    const verdict = decide({ type: 'punch.in', kind: 'in', correction: false }, noAttributes)
    if (typeof verdict === 'object') throw Object.assign(new Error(), { code: verdict.failed })
  }
  expect(refuse).toThrow(expect.objectContaining({ code }))
})

test.each([
  ['event.door == "Vault"', [], 'filter.not-revealed'],
  ['event.vendorCode == "x"', ['door'], 'filter.not-revealed'],
  ['person.email != null', ['name'], 'filter.not-revealed'],
  ['person["email"] != null', ['name'], 'filter.not-revealed'],
  ['person.salary > 3', ['name'], 'filter.unknown-field'],
  ['size(person) > 3', ['name'], 'filter.field-by-name'],
  ['event.all(key, true)', [], 'filter.field-by-name'],
  ['size(event.type)', [], 'filter.not-bool'],
  ['event.type ==', [], 'cel.unexpected-token'],
] as const)('%s with %j is refused: %s', (source, reveal, code) => {
  expect(() => compileEventFilter(source, reveal)).toThrow(expect.objectContaining({ code }))
})
