import { expect, test } from 'vitest'
import { indexPurposes } from './blind-index.ts'
import { createKeyring } from './keyring.ts'
import { openVault } from './vault.ts'

const keyring = createKeyring({ stamp: 'demo' })
const vault = openVault(keyring)
const hex = (bytes: Buffer) => bytes.toString('hex')

test('the same value gives the same digest after a restart, and another one for every purpose and keyring', () => {
  expect(vault.index('email', 'ada@example.org')).toEqual(openVault(keyring).index('email', 'ada@example.org'))
  const all = [vault, openVault(createKeyring({ stamp: 'demo' }))].flatMap((each) =>
    indexPurposes.map((purpose) => hex(each.index(purpose, 'ada@example.org'))),
  )
  expect(new Set(all).size).toBe(indexPurposes.length * 2)
  expect(all.every((text) => text.length === 32)).toBe(true)
})

test('an index tells apart what the caller did not normalise', () => {
  expect(vault.index('email', 'Ada@example.org')).not.toEqual(vault.index('email', 'ada@example.org'))
})

test('a content digest depends on every part, its type, its place and the purpose', () => {
  const digests = [
    vault.digest('record', ['ab', 'c']),
    vault.digest('record', ['a', 'bc']),
    vault.digest('record', ['abc']),
    vault.digest('record', ['c', 'ab']),
    vault.digest('record', ['ab', 'c', null]),
    vault.digest('delivery', ['ab', 'c']),
  ]
  expect(new Set(digests.map(hex)).size).toBe(digests.length)
  expect(digests.every((bytes) => bytes.length === 32)).toBe(true)
})

test('what is digested for one use never matches what is digested for another', () => {
  const value = 'card'
  const uses = [
    vault.index('card', value),
    vault.digest('card', [value]),
    vault.tombstone('card', value),
    vault.tombstone('email', value),
    vault.tokenMac(value),
    vault.auditMac([value]),
    vault.guard('card', [value]),
    vault.digest('token', [value]),
    vault.digest('audit', [value]),
  ]
  expect(new Set(uses.map((bytes) => hex(bytes.subarray(0, 16)))).size).toBe(uses.length)
  expect(vault.tombstone('card', value)).toEqual(openVault(keyring).tombstone('card', value))
  expect(vault.tokenMac(value)).toEqual(openVault(keyring).tokenMac(value))
})
