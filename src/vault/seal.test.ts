import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KeyId } from '../model/id.ts'
import { createKeyring } from './keyring.ts'
import { openVault, type Place, type Vault } from './vault.ts'
import { VaultError } from './vault-error.ts'

const keyring = createKeyring({ stamp: 'demo' })
const vault = openVault(keyring)
const { key } = vault.newDataKey()
const place: Place = { table: 'source_record', column: 'record', row: 'a1b2', version: 7 }
const text = fc.string({ unit: 'grapheme', maxLength: 200 })
const name = fc.string({ maxLength: 30 })
const places = fc.record({ table: name, column: name, row: name, version: fc.maxSafeNat() })

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof VaultError) return error.code
    throw error
  }
  return 'no error'
}

function flip(buffer: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(buffer)
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}

describe('a sealed value', () => {
  test('comes back as it went in, wherever it lives', () => {
    fc.assert(
      fc.property(places, text, (at, value) => {
        expect(vault.open(key, at, vault.seal(key, at, value))).toBe(value)
        expect(vault.open(key, at, vault.sealUnnamed(key, at, value))).toBe(value)
        expect(vault.openSystem(at, vault.sealSystem(at, value))).toBe(value)
      }),
    )
  })

  test('is 33 bytes longer than its text and never the same twice', () => {
    const sealed = vault.seal(key, place, 'Zoë')
    expect(sealed.length).toBe(4 + 33)
    expect(sealed.equals(vault.seal(key, place, 'Zoë'))).toBe(false)
    expect(sealed.includes('Zo')).toBe(false)
  })

  test('shows which key it was, or nothing of it', () => {
    const common = (one: Buffer, other: Buffer) => [...one].findIndex((byte, at) => byte !== other[at])
    const twice = (seal: Vault['seal']) => common(seal(key, place, 'Zoë'), seal(key, place, 'Zoë'))
    expect(twice(vault.seal)).toBeGreaterThanOrEqual(5)
    const unnamed = Array.from({ length: 9 }, () => twice(vault.sealUnnamed))
    expect(Math.min(...unnamed)).toBe(1)
    expect(vault.sealUnnamed(key, place, 'Zoë').length).toBe(4 + 29)
    const other = vault.newDataKey().key
    expect(codeOf(() => vault.open(other, place, vault.sealUnnamed(key, place, 'x')))).toBe('vault.open-failed')
  })

  test('holds an empty text and one larger than any buffer kept ready', () => {
    for (const value of ['', 'ä'.repeat(50_000)])
      expect(vault.open(key, place, vault.seal(key, place, value))).toBe(value)
    const far = { ...place, row: 'r'.repeat(20_000) }
    expect(vault.open(key, far, vault.seal(key, far, 'x'))).toBe('x')
  })

  test('fails after any single bit was flipped, in whatever part', () => {
    for (const sealed of [vault.seal(key, place, 'Ada Example'), vault.sealUnnamed(key, place, 'Ada Example')])
      for (let bit = 0; bit < sealed.length * 8; bit += 1)
        expect(codeOf(() => vault.open(key, place, flip(sealed, bit)))).toBe('vault.open-failed')
  })

  test('fails when cut to any length or made longer', () => {
    for (const sealed of [vault.seal(key, place, 'Ada Example'), vault.sealUnnamed(key, place, 'Ada Example')]) {
      for (let length = 0; length < sealed.length; length += 1)
        expect(codeOf(() => vault.open(key, place, sealed.subarray(0, length)))).toBe('vault.open-failed')
      expect(codeOf(() => vault.open(key, place, Buffer.concat([sealed, Buffer.alloc(1)])))).toBe('vault.open-failed')
    }
  })

  test('opens nowhere but in its own table, column, row and version', () => {
    fc.assert(
      fc.property(places, places, (from, to) => {
        const same =
          from.table === to.table && from.column === to.column && from.row === to.row && from.version === to.version
        fc.pre(!same)
        for (const sealed of [vault.seal(key, from, 'x'), vault.sealUnnamed(key, from, 'x')])
          expect(codeOf(() => vault.open(key, to, sealed))).toBe('vault.open-failed')
      }),
    )
    const sealed = vault.seal(key, place, 'x')
    const moves: Partial<Place>[] = [{ table: 'person' }, { column: 'note' }, { row: 'a1b3' }, { version: 8 }]
    for (const move of [...moves, { table: 'source_recordr', column: 'ecord' }, { version: 7 + 2 ** 32 }]) {
      expect(codeOf(() => vault.open(key, { ...place, ...move }, sealed))).toBe('vault.open-failed')
    }
  })

  test('opens with no other key, and not under the system key', () => {
    const sealed = vault.seal(key, place, 'x')
    expect(codeOf(() => vault.open(vault.newDataKey().key, place, sealed))).toBe('vault.open-failed')
    expect(codeOf(() => vault.openSystem(place, sealed))).toBe('vault.open-failed')
  })

  test('opens in no other gateway, even with the very same keys', () => {
    const copy = openVault({ ...keyring, gatewayId: createKeyring({ stamp: 'demo' }).gatewayId })
    expect(codeOf(() => copy.open(key, place, vault.seal(key, place, 'x')))).toBe('vault.open-failed')
    expect(codeOf(() => copy.openSystem(place, vault.sealSystem(place, 'x')))).toBe('vault.open-failed')
  })

  test('is refused when it could not come back, or its place can not exist', () => {
    expect(codeOf(() => vault.seal(key, place, 'half \ud83d'))).toBe('vault.malformed-text')
    for (const half of [{ table: '\ud83d' }, { column: '\ud83d' }, { row: '\ud83d' }]) {
      expect(codeOf(() => vault.seal(key, { ...place, ...half }, 'x'))).toBe('vault.malformed-text')
    }
    for (const version of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(codeOf(() => vault.seal(key, { ...place, version }, 'x'))).toBe('vault.bad-version')
    }
  })

  test('tells nothing in its error but that it failed', () => {
    const sealed = vault.seal(key, place, 'Ada Example')
    const errors = [flip(sealed, 0), flip(sealed, 9), flip(sealed, 300), sealed.subarray(0, 5)].map((bad) => {
      try {
        vault.open(key, place, bad)
        return 'no error'
      } catch (error) {
        return JSON.stringify({ error, text: String(error), cause: (error as Error).cause })
      }
    })
    expect(new Set(errors).size).toBe(1)
    expect(errors[0]).not.toMatch(/Ada|a1b2|source_record/)
  })
})

describe('a data key', () => {
  test('is the same after unwrapping, from memory or not', () => {
    const made = vault.newDataKey()
    const sealed = vault.seal(made.key, place, 'x')
    const again = vault.unwrap(made)
    expect(vault.open(again, place, sealed)).toBe('x')
    expect(vault.unwrap(made)).toBe(again)
    vault.forget(made.id)
    expect(vault.unwrap(made)).not.toBe(again)
  })

  test('is refused when its row was changed, although the key is still in memory', () => {
    const made = vault.newDataKey()
    const other = vault.newDataKey()
    const inMemory = vault.unwrap(made)
    for (let bit = 0; bit < made.wrapped.length * 8; bit += 1) {
      const row = { ...made, wrapped: flip(made.wrapped, bit) }
      expect(codeOf(() => vault.unwrap(row))).toBe('vault.unwrap-failed')
    }
    expect(codeOf(() => vault.unwrap({ ...made, wrapped: other.wrapped }))).toBe('vault.unwrap-failed')
    expect(codeOf(() => vault.unwrap({ ...made, id: other.id }))).toBe('vault.unwrap-failed')
    expect(codeOf(() => vault.unwrap({ ...made, wrapped: made.wrapped.subarray(1) }))).toBe('vault.unwrap-failed')
    expect(codeOf(() => vault.unwrap({ ...made, epoch: 'destroyed' }))).toBe('vault.unwrap-failed')
    expect(vault.unwrap(made)).toBe(inMemory)
  })

  test('is unwrapped under a retired epoch, and refused under another one or in another gateway', () => {
    const made = vault.newDataKey()
    const [first] = keyring.epochs
    const [second] = createKeyring({ stamp: 'demo' }).epochs
    if (first === undefined || second === undefined) throw new Error('a new keyring has an epoch')
    const rotated = { ...keyring, epochs: [{ ...first, state: 'retired' as const }, second] }
    const later = openVault(rotated)
    expect(later.newDataKey().epoch).toBe(second.id)
    expect(later.unwrap(made).id).toBe(made.id)
    expect(codeOf(() => openVault(rotated).unwrap({ ...made, epoch: second.id }))).toBe('vault.unwrap-failed')
    const elsewhere = openVault({ ...keyring, gatewayId: 'elsewhere' })
    expect(codeOf(() => elsewhere.unwrap(made))).toBe('vault.unwrap-failed')
  })

  test('shows nothing of itself when printed or serialised', () => {
    const bytes = key.withBytes((lent) => Buffer.from(lent))
    for (const shown of [JSON.stringify(key), String(key), JSON.stringify(keyring)]) {
      expect(shown).not.toContain(bytes.toString('base64'))
      expect(shown).not.toContain(bytes.toString('hex'))
    }
    let kept: Buffer | undefined
    key.withBytes((lent) => {
      kept = lent
    })
    expect(kept?.equals(Buffer.alloc(32))).toBe(true)
  })

  test('leaves memory when newer ones push it out, the least used first', () => {
    const small: Vault = openVault(keyring, { cachedKeysMax: 2 })
    const [first, second, third] = [small.newDataKey(), small.newDataKey(), small.newDataKey()]
    const [one, two] = [small.unwrap(first), small.unwrap(second)]
    expect(small.unwrap(first)).toBe(one)
    small.unwrap(third)
    expect(small.unwrap(first)).toBe(one)
    expect(small.unwrap(second)).not.toBe(two)
    expect(() => openVault(keyring, { cachedKeysMax: 0 })).toThrow(RangeError)
  })

  test('needs a current epoch', () => {
    expect(() => openVault({ ...keyring, epochs: [] })).toThrow(TypeError)
  })

  test('never repeats a nonce over several fillings of the pool', () => {
    const nonces = new Set<string>()
    for (let i = 0; i < 3000; i += 1) nonces.add(vault.seal(key, place, '').toString('hex', 5, 17))
    expect(nonces.size).toBe(3000)
  })
})

test('a vault names its gateway and its stamp', () => {
  expect(vault).toMatchObject({ gatewayId: keyring.gatewayId, stamp: 'demo' })
  expect((vault.newDataKey().id as KeyId).length).toBe(36)
})
