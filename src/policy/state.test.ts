import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId, type PersonId } from '../model/id.ts'
import type { Employment, Person } from '../model/person.ts'
import { isCurrentAt, type StateOptions, stateOf } from './state.ts'
import { zonedMidnight } from './zone.ts'

const employment = (over: Partial<Employment> = {}): Employment => ({
  key: 'e1',
  source: 'hr',
  kind: 'employee',
  start: '2024-01-01',
  end: null,
  left: false,
  suspended: false,
  zone: 'Europe/Berlin',
  title: null,
  department: null,
  company: null,
  site: null,
  attrs: {},
  unknown: [],
  ...over,
})

const personWith = (...employments: Employment[]): Person => ({
  id: newId<PersonId>(),
  facts: {
    employeeNumber: null,
    email: null,
    givenName: null,
    familyName: null,
    preferredName: null,
    department: null,
    title: null,
  },
  kind: null,
  employments,
  cards: [],
})

const at = (now: string, employments: Employment[], options: StateOptions = { siteZones: {} }) =>
  stateOf(personWith(...employments), new Date(now), options)

const keys = (employments: readonly Employment[]) => employments.map(({ key }) => key)

describe('a person', () => {
  const job = employment({ start: '2024-05-01', end: '2024-06-30' })

  it('gets access at the first instant of the first day, and loses it at 24:00 of the last', () => {
    expect(at('2024-04-30T21:59:59.999Z', [job]).state).toBe('future')
    expect(at('2024-04-30T22:00:00.000Z', [job]).state).toBe('active')
    expect(at('2024-06-30T21:59:59.999Z', [job]).state).toBe('active')
    expect(at('2024-06-30T22:00:00.000Z', [job]).state).toBe('left')
  })

  it('is looked at again at each of these', () => {
    expect(at('2024-01-01T00:00:00Z', [job]).nextChangeAt).toEqual(new Date('2024-04-30T22:00:00Z'))
    expect(at('2024-04-30T22:00:00Z', [job]).nextChangeAt).toEqual(new Date('2024-06-30T22:00:00Z'))
    expect(at('2024-06-30T22:00:00Z', [job]).nextChangeAt).toBeNull()
  })

  it('lives by the clock of the site, else of the record', () => {
    const there = { ...job, site: 'Tokyo' }
    const options = { siteZones: { Tokyo: 'Asia/Tokyo' } }
    expect(at('2024-06-30T15:00:00Z', [there], options).state).toBe('left')
    expect(at('2024-06-30T15:00:00Z', [{ ...there, site: 'Osaka' }], options).state).toBe('active')
    expect(at('2024-06-30T15:00:00Z', [{ ...there, site: 'constructor' }], options).state).toBe('active')
  })

  it('who has left by word has left at once, whatever dates and gaps there are', () => {
    for (const over of [
      {},
      { end: null },
      { unknown: ['start', 'end'] },
      { zone: 'Mars/Olympus' },
      { suspended: true },
    ]) {
      expect(at('2024-05-15T00:00:00Z', [{ ...job, ...over, left: true }])).toMatchObject({
        state: 'left',
        activeEmployments: [],
        accessEndsAt: null,
      })
    }
  })

  it('without employments has left', () => {
    expect(at('2024-05-15T00:00:00Z', []).state).toBe('left')
  })

  it('whose access rests is suspended, unless another job is active', () => {
    const resting = employment({ key: 'r', suspended: true })
    expect(at('2024-05-15T00:00:00Z', [resting]).state).toBe('suspended')
    const both = at('2024-05-15T00:00:00Z', [resting, job])
    expect([both.state, keys(both.activeEmployments)]).toEqual(['active', ['e1']])
  })

  it('who left one job and starts another later is a future one, not a leaver', () => {
    const later = employment({ key: 'e2', start: '2025-01-01' })
    expect(at('2024-08-01T00:00:00Z', [job, later]).state).toBe('future')
  })

  it('who withdrew before the first day never gets in', () => {
    const withdrawn = employment({ start: '2024-05-01', end: '2024-04-30' })
    for (const now of ['2024-04-01T00:00:00Z', '2024-05-01T12:00:00Z']) expect(at(now, [withdrawn]).state).toBe('left')
  })

  it('hired for ever by the last date that fits has no end', () => {
    const standing = at('2024-05-15T00:00:00Z', [employment({ end: '9999-12-31' })])
    expect(standing).toMatchObject({ nextChangeAt: null, accessEndsAt: null, validity: { until: null } })
  })
})

describe('what is not known', () => {
  const now = '2024-05-15T00:00:00Z'

  it('leaves the state open when the source tells no start, or nothing about the end', () => {
    expect(at(now, [employment({ start: null, unknown: ['start'] })]).state).toBe('unknown')
    expect(at(now, [employment({ unknown: ['end', 'lastWorkingDay', 'left'] })]).state).toBe('unknown')
    expect(at(now, [employment({ unknown: ['end', 'lastWorkingDay'] })]).state).toBe('active')
    expect(at(now, [employment({ unknown: ['title', 'department', 'suspended'] })]).state).toBe('active')
  })

  it('is judged by the fields that the source is expected to give, when these are named', () => {
    const silent = employment({ start: null, unknown: ['start', 'end', 'lastWorkingDay', 'left'] })
    const options = (fields: string[]): StateOptions => ({ siteZones: {}, sourceFields: { hr: fields } })
    expect(at(now, [silent], options(['title'])).state).toBe('active')
    expect(at(now, [silent], options(['title', 'left'])).state).toBe('unknown')
    expect(at(now, [employment({ unknown: ['suspended'] })], options(['start', 'suspended'])).state).toBe('unknown')
  })

  it('does not keep anybody whose known end has passed', () => {
    expect(at(now, [employment({ end: '2024-05-01', unknown: ['start'] })]).state).toBe('left')
  })

  it('about one job does not stop another, but leaves the dates in the target alone', () => {
    const open = employment({ key: 'e2', start: null, unknown: ['start'] })
    const standing = at(now, [employment(), open])
    expect(standing).toMatchObject({ state: 'active', validity: null, accessEndsAt: null })
    expect([keys(standing.activeEmployments), keys(standing.unknownEmployments)]).toEqual([['e1'], ['e2']])
  })

  it('includes a zone that does not exist', () => {
    expect(at(now, [employment({ zone: 'Mars/Olympus' })]).state).toBe('unknown')
  })
})

describe('lead time', () => {
  const day = 86_400_000
  const options = { siteZones: {}, leadMs: 3 * day }
  const later = employment({ key: 'e2', start: '2024-05-04' })

  it('lets rules run before the start, while the state stays future', () => {
    const early = at('2024-04-30T21:59:59Z', [later], options)
    expect([early.state, keys(early.activeEmployments)]).toEqual(['future', []])
    expect(early.nextChangeAt).toEqual(new Date('2024-04-30T22:00:00Z'))
    const ahead = at('2024-04-30T22:00:00Z', [later], options)
    expect([ahead.state, keys(ahead.activeEmployments)]).toEqual(['future', ['e2']])
    expect(ahead.validity?.from).toBe('2024-05-03T22:00:00.000Z')
  })

  it('opens nothing early for somebody who is already inside', () => {
    const standing = at('2024-05-02T00:00:00Z', [employment(), later], options)
    expect(keys(standing.activeEmployments)).toEqual(['e1'])
  })
})

describe('validity', () => {
  const first = employment({ key: 'a', start: '2024-01-01', end: '2024-06-30' })
  const next = employment({ key: 'b', start: '2024-07-01', end: '2024-12-31' })
  const afterGap = employment({ key: 'c', start: '2025-01-02' })

  it('spans jobs that follow on each other, up to the first gap', () => {
    expect(at('2024-05-01T00:00:00Z', [afterGap, next, first]).validity).toEqual({
      from: '2023-12-31T23:00:00.000Z',
      until: '2024-12-31T23:00:00.000Z',
    })
    expect(at('2025-01-01T12:00:00Z', [afterGap, next, first]).validity).toEqual({
      from: '2025-01-01T23:00:00.000Z',
      until: null,
    })
  })

  it('is unbounded where a date is null', () => {
    const open = employment({ key: 'o', start: null })
    expect(at('2024-05-01T00:00:00Z', [first, open]).validity).toEqual({ from: null, until: null })
  })

  it('of somebody suspended is that of the resting job', () => {
    expect(at('2024-05-01T00:00:00Z', [{ ...first, suspended: true }]).validity?.until).toBe('2024-06-30T22:00:00.000Z')
  })

  it('of a leaver has ended, also when no date says when', () => {
    expect(at('2025-05-01T00:00:00Z', [first, next])).toMatchObject({
      validity: { from: null, until: '2024-12-31T23:00:00.000Z' },
      accessEndsAt: new Date('2024-12-31T23:00:00Z'),
    })
    expect(at('2024-05-01T00:00:00Z', [{ ...first, left: true }])).toMatchObject({
      validity: { from: null, until: '1970-01-01T00:00:00.000Z' },
      accessEndsAt: null,
    })
  })
})

it('facts are taken from jobs that cover now, resting or not', () => {
  const current = isCurrentAt(new Date('2024-05-15T00:00:00Z'), { siteZones: {} })
  const cases = [
    employment(),
    employment({ suspended: true }),
    employment({ left: true }),
    employment({ start: '2025-01-01' }),
  ]
  expect(cases.map(current)).toEqual([true, true, false, false])
})

const plain = fc.integer({ min: 0, max: 800 }).map((n) => new Date(Date.UTC(2017, 0, 1 + n)).toISOString().slice(0, 10))
const maybe = fc.option(plain, { nil: null })
const zone = fc.constantFrom('Europe/Berlin', 'America/Sao_Paulo', 'Asia/Tokyo', 'Africa/Cairo')
const anyEmployment = fc
  .record({
    start: maybe,
    end: maybe,
    left: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    suspended: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    unknown: fc.constantFrom([], [], [], ['start']),
    zone,
  })
  .map((over) => employment(over))
const instant = fc.date({ min: new Date('2016-12-01'), max: new Date('2019-06-01'), noInvalidDate: true })
const jobs = fc.array(anyEmployment, { maxLength: 4 })

it('between now and the next change nothing changes', () => {
  fc.assert(
    fc.property(
      jobs,
      instant,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(0, 86_400_000),
      (list, now, part, leadMs) => {
        const person = personWith(...list)
        const options = { siteZones: {}, leadMs }
        const standing = stateOf(person, now, options)
        const end = standing.nextChangeAt?.getTime() ?? now.getTime() + 3e10
        expect(end).toBeGreaterThan(now.getTime())
        for (const later of [now.getTime() + Math.floor((end - 1 - now.getTime()) * part), end - 1]) {
          expect(stateOf(person, new Date(later), options)).toEqual(standing)
        }
      },
    ),
    { numRuns: 500 },
  )
})

it('a person is active exactly when some job covers now, its first and last day included', () => {
  const midnight = (date: string, days: number, zoneName: string) =>
    zonedMidnight(new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10), zoneName).getTime()
  fc.assert(
    fc.property(jobs, instant, (list, now) => {
      const covered = list.some(
        ({ start, end, left, suspended, unknown, zone: name }) =>
          !(left || suspended || unknown.length > 0) &&
          (start === null || midnight(start, 0, name) <= now.getTime()) &&
          (end === null || now.getTime() < midnight(end, 1, name)),
      )
      const standing = stateOf(personWith(...list), now, { siteZones: {} })
      expect(standing.state === 'active').toBe(covered)
      expect(standing.activeEmployments.length > 0).toBe(covered)
      if (covered && standing.validity) {
        const { from, until } = standing.validity
        expect(from === null || Date.parse(from) <= now.getTime()).toBe(true)
        expect(until === null || Date.parse(until) > now.getTime()).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})
