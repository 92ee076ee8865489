import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergePerson } from '../mapping/merge.ts'
import { newId, type PersonId } from '../model/id.ts'
import type { SourceRecord } from '../model/source-record.ts'
import { variablesOf } from './facts.ts'
import { compileRule } from './rule.ts'
import { decider } from './verdicts.ts'

const expressions = [
  'person.kind == "employee"',
  'person.email == "a"',
  'employment.department == "a" && employment.site == "b"',
  'employment.attrs.n == 1 || employment.attrs.n == "1" || employment.attrs.n == true',
  'employment.title in ["a", "1:a"]',
  'person.title == "a" && person.givenName == "b"',
  'employment.attrs.n',
  'employment.attrs.m == -1 && employment.attrs.n == 1',
]
const rules = expressions.map((to, index) => compileRule({ grant: ['hq/Door'], to }, index))

// Texts that look like parts of a remembered combination, to see that none is taken for another.
const text = fc.option(fc.constantFrom('a', 'b', '1:a', '1:a1:b', '', '-', '?', '1;'), { nil: null })
const attr = fc.oneof(text, fc.boolean(), fc.constantFrom(1, -1, 11))
const record: fc.Arbitrary<SourceRecord> = fc.record({
  key: fc.constant('1'),
  fields: fc.record(
    {
      kind: fc.constantFrom('employee' as const, 'other' as const, null),
      email: text,
      givenName: text,
      title: text,
      department: text,
      site: text,
    },
    { requiredKeys: [] },
  ),
  hidden: fc.subarray(['title', 'attrs.n']),
  attrs: fc.record({ n: attr, m: attr }, { requiredKeys: [] }),
})

it('a remembered verdict is the one that the rule would give', () => {
  const decide = decider(rules)
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      for (const one of records) {
        const sourced = { source: 'hr', zone: 'UTC', gone: false, record: one }
        const person = mergePerson(newId<PersonId>(), [sourced])
        const [employment] = person.employments
        if (!employment) throw new Error('no employment')
        const fresh = rules.map((rule) => rule.decide(variablesOf(person, employment)))
        expect(decide(person, employment)).toEqual(fresh)
        expect(decide(person, employment)).toEqual(fresh)
      }
    }),
    { numRuns: 300 },
  )
})

it('more combinations than are kept change no verdict', () => {
  const decide = decider(rules)
  const ask = (department: string) => {
    const fields = { department, site: 'b' }
    const person = mergePerson(newId<PersonId>(), [
      { source: 'hr', zone: 'UTC', gone: false, record: { key: '1', fields, hidden: [], attrs: {} } },
    ])
    const [employment] = person.employments
    return employment && decide(person, employment)[2]?.is
  }
  expect(ask('a')).toBe('granted')
  for (let i = 0; i < 5000; i++) expect(ask(`d${i}`)).toBe('denied')
  expect(ask('a')).toBe('granted')
})
