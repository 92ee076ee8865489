import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newExternalKey } from './external-key.ts'
import { createKeyring, currentEpoch, type Keyring, replacedKeyring } from './keyring.ts'
import { loadKeyring, saveKeyring } from './keyring-file.ts'
import { openLivingKeyring } from './living-keyring.ts'
import { withEmptyEpochs, withNewEpoch, withoutEpoch } from './rotation.ts'
import { openVault } from './vault.ts'
import { isRowFault, VaultError, type VaultErrorCode } from './vault-error.ts'

let folder: string
let path: string
const { key } = newExternalKey()
const now = new Date('2026-03-02T08:00:00Z')
const place = { table: 't', column: 'c', row: 'r', version: 1 }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'))
  path = join(folder, 'keyring.json')
  saveKeyring(path, createKeyring({ stamp: 'demo' }), key)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function codeOf(action: () => unknown): VaultErrorCode | 'no error' {
  try {
    action()
  } catch (error) {
    if (error instanceof VaultError) return error.code
    throw error
  }
  return 'no error'
}

/** A process: the file, and a vault on it. */
const open = () => {
  const keyring = openLivingKeyring(path, key)
  return { keyring, vault: openVault(keyring) }
}
const oldest = ({ epochs }: Keyring): string => (epochs[0] as Keyring['epochs'][number]).id

describe('a keyring that several processes have open', () => {
  test('changed by one, is safe on disk before it is used, and known to the others at their next look', () => {
    const one = open()
    const other = open()
    one.keyring.change((keyring) => withNewEpoch(keyring, now))
    expect(loadKeyring(path, key).generation).toBe(2)
    expect(one.keyring.current.generation).toBe(2)
    expect(other.keyring.current.generation).toBe(1)
    expect([other.keyring.refresh(), other.keyring.refresh()]).toEqual([true, false])
    expect(currentEpoch(other.keyring.current).id).toBe(currentEpoch(one.keyring.current).id)
  })

  test('is read again for an epoch that a process does not know yet, before anything fails', () => {
    const one = open()
    const other = open()
    one.keyring.change((keyring) => withNewEpoch(keyring, now))
    const made = one.vault.newDataKey()
    const sealed = one.vault.seal(made.key, place, 'x')
    expect(other.vault.open(other.vault.unwrap(made), place, sealed)).toBe('x')
  })

  test('is changed on top of what another one changed', () => {
    const one = open()
    const other = open()
    one.keyring.change((keyring) => withNewEpoch(keyring, now))
    other.keyring.change((keyring) => withNewEpoch(keyring, now))
    expect(other.keyring.current.epochs).toHaveLength(3)
    expect(other.keyring.current.generation).toBe(3)
  })

  test('which can not be read blames no row, and what is known goes on opening', () => {
    const { vault, keyring } = open()
    const made = vault.newDataKey()
    rmSync(path)
    const unknown = { ...made, epoch: 'unknown' }
    expect(codeOf(() => vault.unwrap(unknown))).toBe('vault.file-missing')
    expect(codeOf(() => keyring.refresh())).toBe('vault.file-missing')
    expect(isRowFault(new VaultError('vault.file-missing'))).toBe(false)
    expect(vault.unwrap(made).id).toBe(made.id)
    saveKeyring(path, keyring.current, key)
    expect(codeOf(() => vault.unwrap(unknown))).toBe('vault.unwrap-failed')
  })

  test('put back to an older state, or replaced by another gateway’s, is not taken', () => {
    const { keyring } = open()
    const before = keyring.current
    keyring.change((current) => withNewEpoch(current, now))
    saveKeyring(path, before, key)
    expect(codeOf(() => keyring.refresh())).toBe('vault.keyring-older')
    expect(codeOf(() => keyring.change((current) => current))).toBe('vault.keyring-older')
    saveKeyring(path, replacedKeyring(keyring.current, null, now), key)
    expect(codeOf(() => keyring.refresh())).toBe('vault.keyring-replaced')
    saveKeyring(path, createKeyring({ stamp: 'demo' }), key)
    expect(codeOf(() => keyring.refresh())).toBe('vault.keyring-foreign')
    writeFileSync(path, 'cut off')
    expect(codeOf(() => keyring.refresh())).toBe('vault.keyring-damaged')
    expect(keyring.current.generation).toBe(2)
  })

  test('stays as it was when what changes it fails', () => {
    const { keyring } = open()
    const failing = () =>
      keyring.change(() => {
        throw new RangeError('no')
      })
    expect(failing).toThrow(RangeError)
    expect([keyring.current.generation, loadKeyring(path, key).generation]).toEqual([1, 1])
  })
})

describe('an epoch', () => {
  test('destroyed, opens nothing more, not from memory either, and never the one in use', () => {
    const { keyring, vault } = open()
    const made = vault.newDataKey()
    vault.unwrap(made)
    const first = oldest(keyring.current)
    expect(() => keyring.change((current) => withoutEpoch(current, first))).toThrow(RangeError)
    keyring.change((current) => withNewEpoch(current, now))
    const moved = vault.rewrap('data-key', made)
    expect(codeOf(() => vault.rewrap('file-key', made))).toBe('vault.unwrap-failed')
    keyring.change((current) => withoutEpoch(current, first))
    expect(codeOf(() => vault.unwrap(made))).toBe('vault.unwrap-failed')
    expect(vault.unwrap(moved).id).toBe(made.id)
  })

  test('is noted as empty, and as filled again', () => {
    const { keyring } = open()
    const first = oldest(keyring.current)
    keyring.change((current) => withEmptyEpochs(withNewEpoch(current, now), [first], now))
    expect(loadKeyring(path, key).epochs.map(({ emptyAt }) => emptyAt)).toEqual([now.toISOString(), null])
    keyring.change((current) => withEmptyEpochs(current, [first], null))
    expect(keyring.current.epochs.map(({ emptyAt }) => emptyAt)).toEqual([null, null])
  })
})

test('whatever the order of new epochs, new people, moves and ends, everybody whose key was moved in time opens, and nobody else', () => {
  const step = fc.oneof(
    ...(['epoch', 'person', 'move', 'end'] as const).map((kind) =>
      fc.record({ kind: fc.constant(kind), at: fc.nat(9) }),
    ),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      saveKeyring(path, createKeyring({ stamp: 'demo' }), key)
      // One process turns the keys over, the other one reads.
      const writer = open()
      const reader = open()
      const people = [] as { row: ReturnType<typeof writer.vault.rewrap>; sealed: Buffer; lost: boolean }[]
      for (const { kind, at } of steps) {
        const person = people[at % Math.max(1, people.length)]
        if (kind === 'epoch') writer.keyring.change((keyring) => withNewEpoch(keyring, now))
        else if (kind === 'person') {
          const { key: dataKey, ...row } = writer.vault.newDataKey()
          people.push({ row, sealed: writer.vault.seal(dataKey, place, 'x'), lost: false })
        } else if (kind === 'move' && person?.lost === false) person.row = writer.vault.rewrap('data-key', person.row)
        else if (kind === 'end' && writer.keyring.current.epochs.length > 1) {
          const ended = oldest(writer.keyring.current)
          writer.keyring.change((keyring) => withoutEpoch(keyring, ended))
          for (const each of people) if (each.row.epoch === ended) each.lost = true
        }
        reader.keyring.refresh()
        for (const { row, sealed, lost } of people) {
          const outcome = codeOf(() => reader.vault.open(reader.vault.unwrap(row), place, sealed))
          expect(outcome).toBe(lost ? 'vault.unwrap-failed' : 'no error')
        }
      }
    }),
    { numRuns: 60 },
  )
})
