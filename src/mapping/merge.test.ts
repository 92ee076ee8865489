import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csn } from '../model/card.ts'
import { newId, type PersonId } from '../model/id.ts'
import type { SourcedRecord } from '../model/person.ts'
import type { SourceRecord } from '../model/source-record.ts'
import { mergePerson } from './merge.ts'

const id = newId<PersonId>()

function sourced(
  key: string,
  fields: SourceRecord['fields'],
  more: Partial<SourceRecord> & { gone?: boolean; source?: string } = {},
): SourcedRecord {
  const { gone = false, source = 'hr', ...record } = more
  return { source, zone: 'Europe/Berlin', gone, record: { key, fields, hidden: [], attrs: {}, ...record } }
}

describe('an employment', () => {
  const employmentOf = (record: SourcedRecord) => mergePerson(id, [record]).employments[0]

  it('ends with the earlier of its end and the last day of work', () => {
    expect(employmentOf(sourced('1', { end: '2024-06-30', lastWorkingDay: '2024-05-31' }))?.end).toBe('2024-05-31')
    expect(employmentOf(sourced('1', { end: '2024-06-30', lastWorkingDay: '2024-07-31' }))?.end).toBe('2024-06-30')
    expect(employmentOf(sourced('1', { end: null, lastWorkingDay: '2024-07-31' }))?.end).toBe('2024-07-31')
    expect(employmentOf(sourced('1', { end: '2024-06-30' }))?.end).toBe('2024-06-30')
    expect(employmentOf(sourced('1', {}))?.end).toBeNull()
  })

  it('is left when its record says so or is gone', () => {
    expect(employmentOf(sourced('1', { left: true }))?.left).toBe(true)
    expect(employmentOf(sourced('1', { left: false }, { gone: true }))?.left).toBe(true)
    expect(employmentOf(sourced('1', { left: null }))?.left).toBe(false)
  })

  it('has the zone of its record, else of its source', () => {
    expect(employmentOf(sourced('1', { zone: 'Asia/Tokyo' }))?.zone).toBe('Asia/Tokyo')
    expect(employmentOf(sourced('1', { zone: null }))?.zone).toBe('Europe/Berlin')
  })

  it('lists what its source hides or does not give, and uses no hidden value', () => {
    const employment = employmentOf(sourced('1', { title: null, site: 'Bonn' }, { hidden: ['site', 'attrs.x'] }))
    expect(employment).toMatchObject({ title: null, site: null })
    expect(employment?.unknown).toEqual(expect.arrayContaining(['site', 'start', 'end', 'attrs.x']))
    expect(employment?.unknown).not.toContain('title')
  })
})

describe('facts', () => {
  it('come from the latest start among those not left, filled up from the next', () => {
    const person = mergePerson(id, [
      sourced('1', { start: '2020-01-01', department: 'Old', email: 'old@example.test', kind: 'employee' }),
      sourced('2', { start: '2023-01-01', department: 'New', email: null }),
      sourced('3', { start: '2024-01-01', department: 'Ended', left: true, title: 'Guest' }),
    ])
    expect(person.facts).toMatchObject({
      department: 'New',
      email: 'old@example.test',
      title: 'Guest',
      kind: 'employee',
    })
    expect(person.facts).not.toHaveProperty('givenName')
    expect(person.kind).toBe('employee')
    // Who nobody calls anything has no kind that an account could be made from.
    expect(mergePerson(id, [sourced('1', {})]).facts).not.toHaveProperty('kind')
    expect(person.employments.map(({ key }) => key)).toEqual(['1', '2', '3'])
  })

  it('are null when whoever is asked says so, and absent when nobody speaks of them or somebody hides them', () => {
    const over = sourced('1', { start: '2020-01-01', department: 'Old', employeeNumber: '7', left: true })
    const hr = sourced('2', { start: '2023-01-01', department: null, employeeNumber: null, email: null })
    const directory = sourced('3', { email: 'ada@example.test', title: null }, { source: 'ad' })
    expect(mergePerson(id, [over, hr, directory]).facts).toEqual({
      ...{ department: null, email: 'ada@example.test', title: null },
      // What names the person is not lost with a new job.
      employeeNumber: '7',
    })
    const hiding = sourced('4', { start: '2024-01-01', title: 'Secret' }, { hidden: ['title'] })
    expect(mergePerson(id, [directory, hiding]).facts).toEqual({ email: 'ada@example.test' })
  })

  it('hold what sources declare besides, as text, by the same rule; lists are none', () => {
    const attrs = { phone: '01234', floor: 7, night: false, cost: null, levels: ['Main'] }
    const over = sourced('1', { start: '2020-01-01', left: true }, { attrs: { cost: 'K7', phone: '9', room: '12' } })
    const hr = sourced('2', { start: '2023-01-01', company: 'Acme' }, { attrs })
    expect(mergePerson(id, [over, hr]).facts).toEqual({
      company: 'Acme',
      attrs: { phone: '01234', floor: '7', night: 'false', cost: null, room: '12' },
    })
    const hiding = sourced('3', { start: '2024-01-01' }, { attrs: { cost: 'K9', floor: null }, hidden: ['attrs.cost'] })
    expect(mergePerson(id, [hiding]).facts).toEqual({ attrs: { floor: null } })
    expect(mergePerson(id, [hiding, hr]).facts.attrs).toEqual({ phone: '01234', floor: '7', night: 'false' })
  })

  it('stay with the current job until the next one begins, when a clock is given', () => {
    const records = [
      sourced('1', { start: '2020-01-01', department: 'Now' }),
      sourced('2', { start: '2030-01-01', department: 'Next' }),
    ]
    const on = (day: string) => mergePerson(id, records, ({ start }) => start !== null && start <= day).facts.department
    expect([on('2025-01-01'), on('2030-01-01')]).toEqual(['Now', 'Next'])
    expect(mergePerson(id, records).facts.department).toBe('Next')
  })

  it('of a leaver are the latest', () => {
    const records = [
      sourced('1', { start: '2020-01-01', title: 'a' }, { gone: true }),
      sourced('2', { title: 'b' }, { gone: true }),
    ]
    expect(mergePerson(id, records).facts.title).toBe('a')
  })
})

it('of two claims to a card the more restrictive counts: lost, returned, suspended, active, issued', () => {
  const states = ['issued', 'active', 'suspended', 'returned', 'lost'] as const
  const claim = (uid: string, state: (typeof states)[number]) => ({ card: csn(uid), state })
  for (const [low, weak] of states.entries()) {
    for (const strong of states.slice(low)) {
      const a = sourced('1', {}, { cards: [claim('0A0B0C0D', weak), claim('01020304', 'active')] })
      const b = sourced('2', {}, { cards: [claim('0A0B0C0D', strong)] })
      const expected = [claim('01020304', 'active'), claim('0A0B0C0D', strong)]
      expect(mergePerson(id, [a, b]).cards).toEqual(expected)
      expect(mergePerson(id, [b, a]).cards).toEqual(expected)
    }
  }
})

const dates = fc.option(fc.constantFrom('2020-01-01', '2022-05-01', '2024-12-31'), { nil: null })
const word = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null })
const anyRecord: fc.Arbitrary<SourcedRecord> = fc.record({
  source: fc.constantFrom('hr', 'ad'),
  zone: fc.constant('Europe/Berlin'),
  gone: fc.boolean(),
  record: fc.record({
    key: fc.constantFrom('1', '2', '3'),
    fields: fc.record(
      { start: dates, end: dates, email: word, title: word, department: word, left: fc.boolean() },
      { requiredKeys: [] },
    ),
    hidden: fc.subarray(['email', 'title', 'start']),
    attrs: fc.constant({}),
    cards: fc.array(
      fc.record({
        card: fc.constantFrom(csn('01020304'), csn('0A0B0C0D')),
        state: fc.constantFrom('issued' as const, 'active' as const, 'lost' as const),
      }),
      { maxLength: 3 },
    ),
  }),
})

it('a fact is a value of the best rank that has one, else null where that rank says so and nobody hides it, else absent', () => {
  const current = (start: string | null) => start === '2020-01-01'
  const rankOf = ({ gone, record: { fields } }: SourcedRecord) =>
    current(fields.start ?? null) ? 0 : gone || fields.left === true ? 2 : 1
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 6 }), (records) => {
      const seen = records.map((each) => ({
        ...each,
        record: { ...each.record, hidden: each.record.hidden.filter((name) => name !== 'start') },
      }))
      const { facts } = mergePerson(id, seen, ({ start }) => current(start))
      for (const name of ['email', 'title', 'department'] as const) {
        let isHidden = false
        let expected: readonly unknown[] = [undefined]
        for (const rank of [0, 1, 2]) {
          const here = seen.filter((each) => rankOf(each) === rank).map(({ record }) => record)
          const said = here.filter(({ hidden }) => !hidden.includes(name)).map(({ fields }) => fields[name])
          const values = said.filter((value) => typeof value === 'string')
          isHidden ||= here.some(({ hidden }) => hidden.includes(name))
          if (values.length > 0) expected = values
          else if (said.includes(null)) expected = [isHidden ? undefined : null]
          else continue
          break
        }
        expect(expected).toContain(facts[name])
      }
    }),
    { numRuns: 500 },
  )
})

it('the order of the records changes nothing', () => {
  const shuffled = fc
    .array(anyRecord, { maxLength: 6 })
    .chain((records) => fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length })))
  fc.assert(
    fc.property(shuffled, ([records, other]) => {
      expect(mergePerson(id, other)).toEqual(mergePerson(id, records))
    }),
    { numRuns: 500 },
  )
})

describe('the picture', () => {
  const [one, other] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string]
  const photoOf = (...records: readonly SourcedRecord[]) => mergePerson(id, records).facts

  it('is named by its digest alone, from the first record that has one', () => {
    const records = [sourced('1', { photo: `${one} 10017.jpg`, start: '2020-01-01' }), sourced('2', { photo: null })]
    expect(photoOf(...records).photo).toBe(one)
    expect(photoOf(sourced('1', { photo: one }), sourced('2', { photo: other, start: '2020-01-01' })).photo).toBe(other)
  })

  it('is none where a record says so, and nobody knows better who is still here', () => {
    expect(photoOf(sourced('1', { photo: null })).photo).toBeNull()
    expect(photoOf(sourced('1', { photo: null }), sourced('2', { photo: one, left: true })).photo).toBeNull()
  })

  it('is not spoken of where nobody does, where it could not be read, and where it is hidden', () => {
    expect(photoOf(sourced('1', {}))).not.toHaveProperty('photo')
    const later = sourced('1', { photo: 'unread', start: '2024-01-01' })
    expect(photoOf(later, sourced('2', { photo: one }))).not.toHaveProperty('photo')
    expect(photoOf(sourced('1', { photo: null }, { hidden: ['photo'] }))).not.toHaveProperty('photo')
  })
})
