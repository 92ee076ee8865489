import { describe, expect, test } from 'vitest'
import type { ExplanationView, PersonView } from '../api/acts/people.ts'
import { formatExplanation, formatPerson } from './person-text.ts'

const leaver = {
  leftAt: '2026-03-01T12:00:00.000Z',
  levelsOffAt: '2026-03-08T12:00:00.000Z',
  cardsOffAt: '2026-03-31T12:00:00.000Z',
  deletedAt: '2027-03-01T12:00:00.000Z',
}
const parts = { lock: 'closed', deleted: false, cards: {}, levels: [] }
const account = {
  ...{ target: 'hq', account: '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01', externalId: '4711', settled: true, waits: null },
  ...{ wanted: parts, desired: parts, suspension: null, failures: null, actual: null, actualAt: null },
}
const person = (more: Partial<PersonView> = {}): PersonView => ({
  ...{ id: 'p', state: 'left', protected: false, lockedByOperator: false, nextChangeAt: null, leaver },
  profile: { facts: {}, kind: null, employments: [], cards: [] },
  ...{ accounts: [account], grants: [], lockouts: [] },
  ...more,
})
const shown = (view: PersonView) => formatPerson(view, false)

test('what kind of person somebody is stands there once', () => {
  const profile = { facts: { kind: 'employee', title: null }, kind: 'employee', employments: [], cards: [] }
  expect(shown(person({ profile })).match(/^kind .*/gm)).toEqual(['kind  employee'])
})

describe('a leaver', () => {
  test('is shown with the time of each stage, or that the account is kept', () => {
    expect(shown(person())).toMatch(
      /^left 2026-03-01 .*: levels off 2026-03-08 .*, cards off 2026-03-31 .*, account deleted 2027-03-01/m,
    )
    expect(shown(person({ leaver: { ...leaver, deletedAt: null } }))).toMatch(/, account kept$/m)
    expect(shown(person({ state: 'active', leaver: null }))).not.toContain('levels off')
  })

  test('whose account is deleted is shown so', () => {
    const deleted = { ...parts, deleted: true }
    const text = shown(person({ accounts: [{ ...account, wanted: deleted, desired: deleted }] }))
    expect(text).toMatch(/^lock +deleted +deleted/m)
  })

  test('whom rules of the door system give something is said to be kept shut, with what to do', () => {
    const actual = {
      ...{
        externalId: '4711',
        lock: 'closed',
        validity: { from: null, until: null },
        profile: {},
        cards: [],
        levels: [],
      },
      ...{ inheritedLevels: ['hq/Lab'], pin: false, untouchable: false },
    }
    const told = 'kept shut, though rules of the door system itself give hq/Lab: take the person out of them there'
    expect(shown(person({ accounts: [{ ...account, actual }] }))).toContain(told)
    const open = { ...parts, lock: 'open' }
    expect(shown(person({ accounts: [{ ...account, desired: open, actual }] }))).not.toContain('kept shut')
    const explanation: ExplanationView = {
      ...{
        personal: true,
        at: leaver.leftAt,
        state: 'left',
        nextChangeAt: null,
        rules: [],
        notInForce: [],
        individual: [],
      },
      ...{ lockedByOperator: false, heldOpenUntil: null, leaver, records: [] },
      written: [{ target: 'hq', profile: { LastName: 'Quill', Email: '' } }],
      shutDespite: [{ target: 'hq', levels: ['hq/Lab'] }],
    }
    expect(formatExplanation(explanation, false)).toContain(`At hq ${told}`)
    expect(formatExplanation(explanation, false)).toContain('account deleted 2027-03-01')
    expect(formatExplanation(explanation, false)).toMatch(/Email +\(empty\)/)
  })
})

test('of a suspended account it is said since when, and what is to be done', () => {
  const id = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a02'
  const text = (suspension: PersonView['accounts'][number]['suspension']) =>
    shown(person({ accounts: [{ ...account, suspension }] }))
  expect(text(null)).not.toContain('suspended')
  const since = '2026-03-01T12:00:00.000Z'
  expect(text({ id, state: 'shut', since })).toMatch(
    new RegExp(
      `^suspended since 2026-03-01 .*\\n +gatehouse suspensions show ${id}, then two different people approve$`,
      'm',
    ),
  )
  expect(text({ id, state: 'waits', since })).toMatch(
    new RegExp(
      `^suspended not yet: .* 2026-03-01 .*\\n +an admin shuts it by gatehouse suspensions release ${id}$`,
      'm',
    ),
  )
  expect(text({ id, state: 'forged', since: null })).toMatch(/^suspended by a row that was changed outside Gatehouse/m)
})
