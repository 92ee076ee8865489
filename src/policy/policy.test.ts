import { describe, expect, it } from 'vitest'
import { ExpressionError } from '../mapping/cel.ts'
import { mergePerson } from '../mapping/merge.ts'
import { newId, type PersonId } from '../model/id.ts'
import type { SourcedRecord } from '../model/person.ts'
import type { SourceRecord } from '../model/source-record.ts'
import { compilePolicy } from './policy.ts'
import type { RuleConfig } from './rule.ts'
import { stateOf } from './state.ts'

const now = new Date('2024-05-15T12:00:00Z')
const open = { start: '2024-01-01', end: null } as const

function job(key: string, fields: SourceRecord['fields'], more: Partial<SourceRecord> = {}): SourcedRecord {
  const record = { key, fields: { ...open, ...fields }, hidden: [], attrs: {}, ...more }
  return { source: 'hr', zone: 'Europe/Berlin', gone: false, record }
}

function run(rules: RuleConfig[], ...records: SourcedRecord[]) {
  const person = mergePerson(newId<PersonId>(), records)
  const standing = stateOf(person, now, { siteZones: {} })
  const policy = compilePolicy(rules)
  return { ...policy.evaluate(person, standing), explanation: policy.explain(person, standing, now) }
}

const lab: RuleConfig = { grant: ['labs/Lab doors'], to: 'employment.department == "Research"' }
const main: RuleConfig = { grant: ['hq/Main entrance', 'labs/Gate'], to: 'person.kind == "employee"' }

describe('rules', () => {
  it('run per active employment, and what they grant unites', () => {
    const result = run(
      [lab, main],
      job('1', { department: 'Research', kind: 'employee' }),
      job('2', { department: 'Sales', kind: 'employee' }),
      job('3', { department: 'Research', end: '2024-02-01' }),
    )
    expect(Object.fromEntries(result.wanted)).toEqual({
      'labs/Lab doors': [{ rule: 0, employment: '1' }],
      'hq/Main entrance': [
        { rule: 1, employment: '1' },
        { rule: 1, employment: '2' },
      ],
      'labs/Gate': [
        { rule: 1, employment: '1' },
        { rule: 1, employment: '2' },
      ],
    })
    expect(result.unknown.size).toBe(0)
  })

  it('never mix two employments of one person', () => {
    const both = { grant: ['hq/Vault'], to: 'employment.department == "Research" && employment.site == "Bonn"' }
    const result = run(
      [both],
      job('1', { department: 'Research', site: 'Kiel' }),
      job('2', { department: 'Sales', site: 'Bonn' }),
    )
    expect([result.wanted.size, result.unknown.size]).toEqual([0, 0])
  })

  it('grant nothing to a leaver', () => {
    const result = run([main], job('1', { kind: 'employee', left: true }))
    expect([result.wanted.size, result.unknown.size]).toEqual([0, 0])
  })

  it.each([
    'employment.department == "x"',
    'employment.department < "x"',
    'employment.department.startsWith("x")',
    'employment.department in ["x"]',
    'person.title == "x"',
    'size(employment.department) > 0',
    'employment.attrs.shift >= 3',
  ])('take null as a value that is nothing: %s', (to) => {
    const nothing = job('1', { department: null, title: null }, { attrs: { shift: null } })
    const result = run([{ grant: ['hq/Door'], to }], nothing)
    expect([result.wanted.size, result.unknown.size, result.failures]).toEqual([0, 0, []])
  })
})

describe('a level is neither granted nor revoked', () => {
  it.each([
    ['a field is absent', job('1', {})],
    ['a field is hidden', job('1', { department: 'Research' }, { hidden: ['department'] })],
  ])('when %s', (_, record) => {
    const result = run([lab], record)
    expect([result.wanted.size, [...result.unknown]]).toEqual([0, ['labs/Lab doors']])
    expect(result.failures).toEqual([])
  })

  it('when a fact of the person is unknown in all records, but not when one says null', () => {
    const rule = { grant: ['hq/Door'], to: 'person.email.endsWith("@example.test")' }
    expect([...run([rule], job('1', {})).unknown]).toEqual(['hq/Door'])
    expect([...run([rule], job('1', {}), job('2', { email: null })).unknown]).toEqual([])
  })

  it('unless another rule or another employment grants it', () => {
    const other = { grant: lab.grant, to: 'employment.site == "Bonn"' }
    expect([...run([lab, other], job('1', { site: 'Bonn' })).unknown]).toEqual([])
    expect([...run([lab], job('1', {}), job('2', { department: 'Research' })).unknown]).toEqual([])
  })

  it('unless the rest of the rule decides without the field', () => {
    const rule = { ...lab, to: 'employment.department == "Research" && employment.site == "Bonn"' }
    expect([...run([rule], job('1', { site: 'Kiel' })).unknown]).toEqual([])
    expect([...run([rule], job('1', { site: 'Bonn' })).unknown]).toEqual(lab.grant)
  })

  it('for anybody whose state is unknown', () => {
    const { start: _, ...fields } = { ...open, kind: 'employee' as const }
    const result = run([lab, main], { ...job('1', {}), record: { key: '1', fields, hidden: [], attrs: {} } })
    expect([result.wanted.size, [...result.unknown].sort()]).toEqual([
      0,
      ['hq/Main entrance', 'labs/Gate', 'labs/Lab doors'],
    ])
  })

  it('when it would be granted by a job of which nobody knows whether it runs', () => {
    const unsure = job('2', { department: 'Research', kind: 'employee' }, { hidden: ['start'] })
    const result = run(
      [lab, { grant: ['hq/Shop'], to: 'employment.department == "Sales"' }],
      job('1', { department: 'Law' }),
      unsure,
    )
    expect([result.wanted.size, [...result.unknown]]).toEqual([0, ['labs/Lab doors']])
  })

  it('when the rule breaks, which is told without the value', () => {
    const broken = { grant: ['hq/Door'], to: '{"Ops": true}[employment.department] ||\n int(employment.site) > 3' }
    const result = run([broken], job('1', { department: 'Research', site: 'Bonn' }))
    expect([...result.unknown]).toEqual(['hq/Door'])
    expect(result.failures).toMatchObject([{ rule: 0, at: { line: expect.any(Number), column: expect.any(Number) } }])
    expect(JSON.stringify(result.failures)).not.toMatch(/Bonn|Research/)
  })

  it('when the answer is no yes or no', () => {
    const result = run([{ grant: ['hq/Door'], to: 'employment.attrs.vip' }], job('1', {}, { attrs: { vip: 'yes' } }))
    expect(result.failures).toEqual([{ rule: 0, code: 'policy.not-bool', at: null }])
    expect([...result.unknown]).toEqual(['hq/Door'])
  })
})

it('an attribute may be asked for before it is used', () => {
  const rule = { grant: ['hq/Door'], to: 'has(employment.attrs.vip) && employment.attrs.vip == true' }
  expect([...run([rule], job('1', {})).unknown]).toEqual([])
  expect([...run([rule], job('1', {}, { attrs: { vip: true } })).wanted.keys()]).toEqual(['hq/Door'])
})

describe('a policy that can not work', () => {
  it.each([
    [{ ...lab, to: 'employment.department =' }, 'policy[0].to', 'cel.unexpected-character'],
    [{ ...lab, to: 'employment.departmnt == "x"' }, 'policy[0].to', 'policy.unknown-field'],
    [{ ...lab, to: 'person.cards == "x"' }, 'policy[0].to', 'policy.unknown-field'],
    [{ ...lab, to: '"kind" in person' }, 'policy[0].to', 'policy.field-by-name'],
    [{ ...lab, to: 'employment[person.kind] == "x"' }, 'policy[0].to', 'policy.field-by-name'],
    [{ ...lab, to: '"vip" in employment.attrs' }, 'policy[0].to', 'policy.unknown-field'],
    [{ ...lab, to: '!has(employment.department)' }, 'policy[0].to', 'policy.has-refused'],
    [{ ...lab, to: '"yes"' }, 'policy[0].to', 'policy.not-bool'],
    [{ ...lab, to: 'row.x == "x"' }, 'policy[0].to', 'cel.unknown-variable'],
    [{ ...lab, grant: ['Lab doors'] }, 'policy[0].grant[0]', 'policy.level-reference'],
    [{ ...lab, grant: ['hq/Door', 'hq/'] }, 'policy[0].grant[1]', 'policy.level-reference'],
    [{ ...lab, grant: [] }, 'policy[0].grant[0]', 'policy.level-reference'],
  ])('%o is refused with its place', (rule, field, code) => {
    try {
      compilePolicy([rule])
      expect.fail('compiled')
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      expect([error.field, error.code]).toEqual([field, code])
    }
  })
})

it('a policy lists each level once', () => {
  expect(compilePolicy([lab, main, lab]).levels()).toEqual(['hq/Main entrance', 'labs/Gate', 'labs/Lab doors'])
})

it('an explanation tells each rule, its outcome and what it looked at, and is marked personal', () => {
  const { explanation } = run(
    [lab, main],
    job('1', { department: 'Sales' }),
    job('2', { kind: 'visitor', end: '2024-02-01' }),
  )
  expect(explanation).toEqual({
    personal: true,
    at: '2024-05-15T12:00:00.000Z',
    state: 'active',
    nextChangeAt: null,
    notInForce: [{ source: 'hr', employment: '2' }],
    rules: [
      {
        rule: 0,
        ...lab,
        outcome: 'denied',
        employments: [
          {
            source: 'hr',
            employment: '1',
            inForce: true,
            verdict: 'denied',
            fields: [{ field: 'employment.department', known: true, value: 'Sales' }],
          },
        ],
      },
      {
        rule: 1,
        ...main,
        outcome: 'denied',
        employments: [
          {
            source: 'hr',
            employment: '1',
            inForce: true,
            verdict: 'denied',
            fields: [{ field: 'person.kind', known: true, value: 'visitor' }],
          },
        ],
      },
    ],
  })
})

it('an explanation agrees with the evaluation about what is unknown', () => {
  const { explanation, unknown } = run([lab], job('1', {}))
  expect([...unknown]).toEqual(lab.grant)
  expect(explanation.rules[0]).toMatchObject({ outcome: 'unknown', employments: [{ fields: [{ known: false }] }] })
})
