import { expect, test } from 'vitest'
import type { KeyId } from '../model/id.ts'
import { newId } from '../model/id.ts'
import { createKeyring, keyringFromBytes, keyringToBytes, replacedKeyring } from './keyring.ts'
import { openVault } from './vault.ts'

const at = new Date('2026-03-02T08:00:00Z')
const hash = Buffer.alloc(32, 7)
const first = createKeyring({ stamp: 'demo' })
const second = replacedKeyring(first, { seq: 7, hash: hash.toString('hex') }, at)
const third = replacedKeyring(second, null, at)
const vaults = [first, second, third].map((keyring) => openVault(keyring))
const [before, between, now] = vaults as [(typeof vaults)[0], (typeof vaults)[0], (typeof vaults)[0]]
const place = { table: 'audit', column: 'details', row: newId<KeyId>(), version: 0 }

test('replaced keys have nothing in common with those before, but for whose they are', () => {
  expect([now.gatewayId, third.generation, third.stamp]).toEqual([before.gatewayId, 3, 'demo'])
  expect(new Set(vaults.map(({ keySet }) => keySet)).size).toBe(3)
  const made = vaults.flatMap((vault) => [
    vault.index('card', 'x'),
    vault.digest('row', ['x']),
    vault.tokenMac('x'),
    vault.auditMac(['x']),
    vault.guard('t', ['x']),
    vault.tombstone('card', 'x'),
  ])
  expect(new Set(made.map((bytes) => bytes.toString('hex'))).size).toBe(18)
})

test('a keyring with former keys comes back from its bytes as it was', () => {
  const read = keyringFromBytes(keyringToBytes(third))
  expect(read?.former.map(({ head }) => head)).toEqual([{ seq: 7, hash: hash.toString('hex') }, null])
  const again = openVault(read as NonNullable<typeof read>)
  expect(again.formerPublicKeys.map(({ publicKey }) => publicKey)).toEqual(
    [before, between].map(({ signing }) => signing.publicKey),
  )
  expect(again.formerPublicKeys.map(({ id }) => id)).toEqual([before, between].map(({ signing }) => signing.id))
  expect(again.openFormerSystem(place, before.sealSystem(place, 'then'))).toBe('then')
  expect(again.openFormerSystem(place, between.sealSystem(place, 'later'))).toBe('later')
  expect(() => again.openFormerSystem(place, again.sealSystem(place, 'now'))).toThrow()
})

test('what could not be made anew is found again, through every replacement, and by nobody with old keys alone', () => {
  const over = (digest: Buffer) => now.carryOver.tombstone(between.carryOver.tombstone(digest))
  const stored = [over(before.tombstone('card', 'x')), now.carryOver.tombstone(between.tombstone('card', 'x'))]
  expect(now.olderTombstones('card', 'x')).toEqual(stored)
  expect(between.olderTombstones('card', 'x')).not.toContainEqual(stored[0])
  expect(now.olderTombstones('card', 'y')).not.toContainEqual(stored[0])
  expect(between.olderIndexes('card', 'x')).toEqual([between.carryOver.index('card', before.index('card', 'x'))])
  expect(between.olderDigests('columns', ['x'])).toEqual([between.carryOver.digest(before.digest('columns', ['x']))])
  expect(before.olderIndexes('card', 'x')).toEqual([])
})

test('an old key signs the audit trail up to where it was replaced, and there one entry alone', () => {
  const mac = before.auditMac(['entry', hash])
  const isRight = (seq: number, of = hash, by = mac) => between.verifyAuditEntry(seq, of, ['entry', of], by)
  expect([isRight(1), isRight(7), isRight(8)]).toEqual([true, true, false])
  const other = Buffer.alloc(32, 8)
  expect(isRight(7, other, before.auditMac(['entry', other]))).toBe(false)
  expect(isRight(8, other, between.auditMac(['entry', other]))).toBe(true)
  expect(isRight(1, other, between.auditMac(['entry', other]))).toBe(false)
})

test('a person keeps the keys before for what was sealed then; none of them is taken for the one in use', () => {
  const made = before.newDataKey()
  const row = between.replaceKey([made.key])
  const [former] = between.unwrapFormer(row)
  expect(row.id).toBe(made.id)
  expect(between.open(former as NonNullable<typeof former>, place, before.seal(made.key, place, 'then'))).toBe('then')
  expect(() => between.open(between.unwrap(row), place, before.seal(made.key, place, 'then'))).toThrow()
  expect(() => between.unwrap({ ...row, wrapped: row.former })).toThrow()
  expect(between.unwrapFormer({ ...row, former: null })).toEqual([])
  expect(between.unwrapFormer(between.rewrap('data-key', row))).toHaveLength(1)
  expect(between.rewrap('data-key', between.newDataKey()).former).toBeUndefined()
  const again = now.replaceKey([between.unwrap(row), ...between.unwrapFormer(row)])
  expect(now.unwrapFormer(again)).toHaveLength(2)
  expect(() => now.unwrapFormer({ ...again, former: again.former.subarray(1) })).toThrow()
})
