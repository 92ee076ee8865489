import { describe, expect, test } from 'vitest'
import { errorCode } from '../model/error-code.ts'
import type { AccessLevelId, CredentialId } from '../model/id.ts'
import { sleep } from '../model/sleep.ts'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { applyChanges, changesBetween, decodeParts, encodeParts, type Parts } from './parts.ts'
import { brakeLimit, tripped } from './plan/brake.ts'
import { profileDigest } from './resolve/profile-digest.ts'

const parts = (more: Partial<Parts> = {}): Parts => ({
  lock: 'open',
  profile: 'p',
  validity: 'v',
  cards: {},
  levels: [],
  ...more,
})
const cards = (of: Record<string, 'on' | 'blocked'>): Parts['cards'] => of as Record<CredentialId, 'on' | 'blocked'>
const levels = (...ids: string[]) => ids as AccessLevelId[]

describe('the parts of an account', () => {
  test('are the same text, in whatever order they were collected', () => {
    const one = parts({ cards: cards({ a: 'on', b: 'blocked' }), levels: levels('x', 'y') })
    const other = parts({ cards: cards({ b: 'blocked', a: 'on' }), levels: levels('y', 'x') })
    expect(encodeParts(one)).toBe(encodeParts(other))
    expect(decodeParts(encodeParts(one))).toEqual(one)
  })

  test.each([
    ['more', parts({ levels: levels('x') }), parts({ profile: 'q', cards: cards({ a: 'on' }), levels: levels('y') })],
    [
      'less',
      parts({ cards: cards({ a: 'on', b: 'on' }), levels: levels('x') }),
      parts({ cards: cards({ b: 'blocked' }) }),
    ],
    [
      'open again',
      parts({ lock: 'closed', cards: cards({ a: 'blocked' }) }),
      parts({ validity: 'w', cards: cards({ a: 'on' }) }),
    ],
    ['shut', parts({ cards: cards({ a: 'on' }) }), parts({ lock: 'closed', cards: cards({ a: 'blocked' }) })],
  ])('are as wanted once all changes between were made: %s', (_name, before, after) => {
    const changes = changesBetween(before, after, 'lockout-record')
    expect(applyChanges(before, after, changes)).toEqual({ ...after, levels: [...after.levels].sort() })
    expect(changesBetween(after, after, 'lockout-record')).toEqual([])
  })

  test('of a leaver lose nothing before the lock itself was passed', () => {
    const after = parts({ lock: 'closed' })
    expect(changesBetween(parts({ levels: levels('x'), cards: cards({ a: 'on' }) }), after, 'lockout-absence')).toEqual(
      [{ kind: 'lockout-absence', part: 'lock', before: 'open', after: 'closed' }],
    )
  })

  test('are gone last: after the lock, the cards and the levels, and alone', () => {
    const gone = parts({ lock: 'closed', gone: true })
    const left = parts({ lock: 'closed', cards: cards({ a: 'blocked' }), levels: levels('x') })
    const kinds = (before: Parts | null) => changesBetween(before, gone, 'lockout-record').map(({ kind }) => kind)
    expect([kinds(null), kinds(parts({ levels: levels('x') })), kinds(left)]).toEqual([
      [],
      ['lockout-record'],
      ['revoke', 'revoke'],
    ])
    const empty = applyChanges(left, gone, changesBetween(left, gone, 'lockout-record'))
    expect([empty.gone, kinds(empty)]).toEqual([undefined, ['delete']])
    expect(applyChanges(empty, gone, changesBetween(empty, gone, 'lockout-record'))).toEqual(gone)
    expect(kinds(gone)).toEqual([])
  })

  test('that are gone come back as a creation, whole, and as nothing else', () => {
    const gone = parts({ lock: 'closed', gone: true })
    const again = parts({ profile: 'q', cards: cards({ a: 'on' }), levels: levels('x') })
    const changes = changesBetween(gone, again, 'lockout-record')
    expect(changes).toMatchObject([{ kind: 'create', part: 'account', before: null }])
    expect(applyChanges(gone, again, changes)).toEqual(again)
    expect(changesBetween(gone, parts({ lock: 'closed' }), 'lockout-record')).toEqual([])
  })

  test('begin with a creation, and with nothing else', () => {
    expect(changesBetween(null, parts({ lock: 'closed' }), 'lockout-record')).toEqual([])
    expect(() => applyChanges(null, parts(), [])).toThrow('creation')
  })
})

test('a profile has one name, in whatever order its fields come, and another name for every change', () => {
  const vault = openVault(createKeyring({ stamp: 'demo' }))
  const name = profileDigest(vault, { name: 'Ada Test', email: 'a@example.test', department: 'Sales' })
  expect(profileDigest(vault, { department: 'Sales', name: 'Ada Test', email: 'a@example.test' })).toBe(name)
  expect(profileDigest(vault, { department: 'Ada Test', name: 'Sales', email: 'a@example.test' })).not.toBe(name)
})

test('a brake trips above the larger of a number and a share, and never over lock-outs by record', () => {
  expect([brakeLimit({ min: 5, percent: 2 }, 100), brakeLimit({ min: 5, percent: 2 }, 499)]).toEqual([5, 9])
  const none = { min: 0, percent: 0 }
  const brakes = { 'lockout-absence': none, revoke: none, grant: none, create: none, change: none, delete: none }
  const counts = (['lockout-record', 'revoke'] as const).map((kind) => ({ kind, target: 'doors', accounts: 1 }))
  expect(tripped(counts, brakes, () => 100).map(({ kind }) => kind)).toEqual(['revoke'])
})

test.each([
  ['no error at all', 'unknown'],
  [new TypeError('words'), 'TypeError'],
  [Object.assign(new Error('words'), { code: '40001' }), '40001'],
  [Object.assign(new Error('words'), { code: 'words, with a name' }), 'Error'],
])('of an unknown error only its code or class is told', (error, told) => {
  expect(errorCode(error)).toBe(told)
})

test('sleep ends early when it is no longer wanted', async () => {
  const stop = new AbortController()
  const begun = performance.now()
  setTimeout(() => stop.abort(), 20)
  await sleep(10_000, stop.signal)
  await sleep(10_000, stop.signal)
  expect(performance.now() - begun).toBeLessThan(1_000)
})
