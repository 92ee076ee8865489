import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newExternalKey, readExternalKey } from './external-key.ts'
import { initKeys, placeWarnings } from './init-keys.ts'
import { createKeyring, keyringFromBytes, keyringToBytes } from './keyring.ts'
import { loadKeyring, saveKeyring } from './keyring-file.ts'
import { isPrivate, readPrivateFile, writePrivateFile } from './private-file.ts'
import { openVault } from './vault.ts'
import { VaultError } from './vault-error.ts'

let folder: string
const at = (name: string) => join(folder, name)
const modeOf = (path: string) => statSync(path).mode & 0o777

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof VaultError) return error.code
    throw error
  }
  return 'no error'
}

describe('a keyring', () => {
  test('has independent keys, each with its own id', () => {
    const { epochs, index, keys } = createKeyring({ stamp: 'production' })
    const all = [...epochs, ...Object.values(index), ...Object.values(keys)]
    expect(all.length).toBe(14)
    expect(new Set(all.map((each) => each.id)).size).toBe(all.length)
    expect(new Set(all.map((each) => each.key.export().toString('hex'))).size).toBe(all.length)
    expect(all.every((each) => each.key.symmetricKeySize === 32)).toBe(true)
  })

  test('is the same after saving and loading, and opens what was sealed before', () => {
    const keyring = createKeyring({ stamp: 'production' })
    const { key } = newExternalKey()
    const before = openVault(keyring)
    const made = before.newDataKey()
    const place = { table: 't', column: 'c', row: 'r', version: 1 }
    const sealed = before.seal(made.key, place, 'x')
    const system = before.sealSystem(place, 'y')
    saveKeyring(at('keyring.json'), keyring, key)
    const loaded = loadKeyring(at('keyring.json'), key)
    expect(keyringToBytes(loaded).equals(keyringToBytes(keyring))).toBe(true)
    const after = openVault(loaded)
    expect(after.stamp).toBe('production')
    expect(after.open(after.unwrap(made), place, sealed)).toBe('x')
    expect(after.openSystem(place, system)).toBe('y')
    expect(after.verifyGuard('t', [1], before.guard('t', [1]))).toBe(true)
    expect(after.index('card', '1')).toEqual(before.index('card', '1'))
  })

  test('lies on disk encrypted, with mode 0600, and is replaced whole', () => {
    const keyring = createKeyring({ stamp: 'demo' })
    const { key } = newExternalKey()
    saveKeyring(at('keyring.json'), keyring, key)
    saveKeyring(at('keyring.json'), keyring, key)
    expect(modeOf(at('keyring.json'))).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['keyring.json'])
    const text = readFileSync(at('keyring.json'), 'utf8')
    expect(text).not.toContain(keyring.gatewayId)
    expect(text).not.toContain(keyring.keys.guard.key.export().toString('base64'))
  })

  test('is not overwritten when asked not to', () => {
    const { key } = newExternalKey()
    const first = createKeyring({ stamp: 'demo' })
    saveKeyring(at('keyring.json'), first, key, { replace: false })
    const second = () => saveKeyring(at('keyring.json'), createKeyring({ stamp: 'demo' }), key, { replace: false })
    expect(codeOf(second)).toBe('vault.file-exists')
    expect(loadKeyring(at('keyring.json'), key).gatewayId).toBe(first.gatewayId)
    expect(readdirSync(folder)).toEqual(['keyring.json'])
  })

  test('with other content than a keyring is none', () => {
    const good = keyringToBytes(createKeyring({ stamp: 'demo' })).toString('utf8')
    const changed = (edit: (content: Record<string, unknown>) => void) => {
      const content = JSON.parse(good)
      edit(content)
      return keyringFromBytes(Buffer.from(JSON.stringify(content)))
    }
    expect(changed(() => undefined)?.stamp).toBe('demo')
    expect(keyringFromBytes(Buffer.from('no JSON'))).toBeNull()
    expect(changed((content) => (content.stamp = 'other'))).toBeNull()
    expect(changed((content) => (content.epochs = []))).toBeNull()
    expect(changed((content) => (content.more = 1))).toBeNull()
    // biome-ignore lint/suspicious/noExplicitAny: the content is broken on purpose
    expect(changed((content: any) => (content.keys.guard.key = 'c2hvcnQ='))).toBeNull()
    // biome-ignore lint/suspicious/noExplicitAny: the content is broken on purpose
    expect(changed((content: any) => (content.keys.guard.id = content.keys.audit.id))).toBeNull()
  })

  test('from before there were signatures gets one key pair, always the same, and keeps it when saved', () => {
    const { signing: _, ...keys } = JSON.parse(keyringToBytes(createKeyring({ stamp: 'production' })).toString()).keys
    const old = { ...JSON.parse(keyringToBytes(createKeyring({ stamp: 'production' })).toString()), keys }
    const load = () =>
      keyringFromBytes(Buffer.from(JSON.stringify(old))) as NonNullable<ReturnType<typeof keyringFromBytes>>
    const { publicKey } = openVault(load()).signing
    expect(openVault(load()).signing.publicKey).toBe(publicKey)
    const saved = keyringFromBytes(keyringToBytes(load())) as NonNullable<ReturnType<typeof keyringFromBytes>>
    expect(openVault(saved).signing.publicKey).toBe(publicKey)
    expect(saved.keys.signing.key.equals(saved.keys.audit.key)).toBe(false)
    expect(openVault(createKeyring({ stamp: 'production' })).signing.publicKey).not.toBe(publicKey)
  })

  test('is wiped from the buffer that it was read from', () => {
    const bytes = keyringToBytes(createKeyring({ stamp: 'demo' }))
    expect(keyringFromBytes(bytes)).not.toBeNull()
    expect(bytes.equals(Buffer.alloc(bytes.length))).toBe(true)
  })
})

describe('a keyring file', () => {
  const { key } = newExternalKey()
  const path = () => at('keyring.json')
  const rewrite = (edit: (text: string) => string) => writeFileSync(path(), edit(readFileSync(path(), 'utf8')))
  beforeEach(() => saveKeyring(path(), createKeyring({ stamp: 'demo' }), key))

  test('tells a wrong key from damage', () => {
    expect(codeOf(() => loadKeyring(path(), newExternalKey().key))).toBe('vault.wrong-key')
    rewrite((text) => text.slice(0, -40))
    expect(codeOf(() => loadKeyring(path(), key))).toBe('vault.keyring-damaged')
  })

  test('is found damaged wherever a letter changed, even when the key is wrong as well', () => {
    const good = readFileSync(path(), 'utf8')
    for (const field of ['keyCheck', 'sealed', 'checksum']) {
      const from = good.indexOf(`"${field}": "`) + field.length + 5
      const swapped = good[from] === 'A' ? 'B' : 'A'
      writeFileSync(path(), good.slice(0, from) + swapped + good.slice(from + 1))
      expect(codeOf(() => loadKeyring(path(), key))).toBe('vault.keyring-damaged')
      expect(codeOf(() => loadKeyring(path(), newExternalKey().key))).toBe('vault.keyring-damaged')
    }
  })

  test('that somebody changed together with its checksum is still found out', async () => {
    const { createHash } = await import('node:crypto')
    const good = JSON.parse(readFileSync(path(), 'utf8'))
    const forge = (change: Record<string, string>) => {
      const { keyCheck, sealed } = { ...good, ...change }
      const checksum = createHash('sha256').update(`${keyCheck}\n${sealed}`).digest('base64')
      writeFileSync(path(), JSON.stringify({ ...good, keyCheck, sealed, checksum }))
      return codeOf(() => loadKeyring(path(), key))
    }
    const bytes = Buffer.from(good.sealed, 'base64')
    bytes[40] = (bytes[40] ?? 0) ^ 1
    expect(forge({})).toBe('no error')
    expect(forge({ sealed: bytes.toString('base64') })).toBe('vault.keyring-damaged')
    expect(forge({ sealed: 'AAAA' })).toBe('vault.keyring-damaged')
    expect(forge({ keyCheck: 'AAAA' })).toBe('vault.keyring-damaged')
  })

  test('of a later version asks for a later Gatehouse', () => {
    rewrite((text) => text.replace('"version": 1', '"version": 2'))
    expect(codeOf(() => loadKeyring(path(), key))).toBe('vault.keyring-newer')
    rewrite((text) => text.replace('"version": 2', '"version": 0'))
    expect(codeOf(() => loadKeyring(path(), key))).toBe('vault.keyring-damaged')
  })

  test('in the open is refused', () => {
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o660, 0o644]) {
      chmodSync(path(), mode)
      expect(codeOf(() => loadKeyring(path(), key))).toBe('vault.file-unsafe')
    }
    chmodSync(path(), 0o400)
    expect(loadKeyring(path(), key).stamp).toBe('demo')
  })

  test('holds no key and names no key in any error', () => {
    const secret = key.export().toString('base64')
    for (const action of [
      () => loadKeyring(path(), newExternalKey().key),
      () => loadKeyring(at('nowhere'), key),
      () => saveKeyring(join(path(), 'below-a-file'), createKeyring({ stamp: 'demo' }), key),
    ]) {
      expect(action).toThrow(VaultError)
      expect(() => action()).not.toThrow(secret)
    }
  })
})

describe('an external key', () => {
  const text = `${Buffer.alloc(32, 7).toString('base64')}\n`

  test('comes from a file of its own, without warning', () => {
    writeFileSync(at('key'), text, { mode: 0o600 })
    const { key, warnings } = readExternalKey({ keyFile: at('key') })
    expect(key.export()).toEqual(Buffer.alloc(32, 7))
    expect(warnings).toEqual([])
    chmodSync(at('key'), 0o640)
    expect(codeOf(() => readExternalKey({ keyFile: at('key') }))).toBe('vault.file-unsafe')
  })

  test('comes from a systemd credential, whose group bits are an access control list', () => {
    writeFileSync(at('gatehouse'), text, { mode: 0o440 })
    const env = { CREDENTIALS_DIRECTORY: folder }
    expect(readExternalKey({ credential: 'gatehouse' }, env).key.export()).toEqual(Buffer.alloc(32, 7))
    chmodSync(at('gatehouse'), 0o444)
    expect(codeOf(() => readExternalKey({ credential: 'gatehouse' }, env))).toBe('vault.file-unsafe')
    expect(codeOf(() => readExternalKey({ credential: 'other' }, env))).toBe('vault.file-missing')
    expect(codeOf(() => readExternalKey({ credential: 'gatehouse' }, {}))).toBe('vault.external-key-missing')
    expect(codeOf(() => readExternalKey({ credential: 'x' }, { CREDENTIALS_DIRECTORY: '' }))).toBe(
      'vault.external-key-missing',
    )
  })

  test('comes from the environment with a warning', () => {
    const { key, warnings } = readExternalKey({ env: 'GATEHOUSE_KEY' }, { GATEHOUSE_KEY: text })
    expect(key.export()).toEqual(Buffer.alloc(32, 7))
    expect(warnings.map((warning) => warning.code)).toEqual(['vault.key-in-environment'])
    expect(codeOf(() => readExternalKey({ env: 'GATEHOUSE_KEY' }, {}))).toBe('vault.external-key-missing')
    expect(codeOf(() => readExternalKey({ env: 'K' }, { K: '' }))).toBe('vault.external-key-missing')
    expect(codeOf(() => readExternalKey({ env: 'GATEHOUSE_SURELY_NOT_SET' }))).toBe('vault.external-key-missing')
  })

  test('that is too short, too long or garbled is refused', () => {
    const long = Buffer.alloc(33, 7).toString('base64')
    const garbled = `!${text.slice(1)}`
    for (const bad of ['x', long, garbled, text.trim().slice(0, -1), text.replace('=', '')]) {
      expect(codeOf(() => readExternalKey({ env: 'K' }, { K: bad }))).toBe('vault.external-key-malformed')
    }
  })
})

describe('initKeys', () => {
  const paths = () => ({ keyPath: at('keys/external.key'), keyringPath: at('data/keys/keyring.json') })

  test('makes both files, readable by their owner alone, that fit each other', () => {
    const { gatewayId, warnings } = initKeys({ ...paths(), stamp: 'production' })
    const { keyPath, keyringPath } = paths()
    expect([modeOf(keyPath), modeOf(keyringPath), modeOf(at('keys'))]).toEqual([0o600, 0o600, 0o700])
    const keyring = loadKeyring(keyringPath, readExternalKey({ keyFile: keyPath }).key)
    expect(keyring).toMatchObject({ gatewayId, stamp: 'production' })
    expect(warnings.map((warning) => warning.code)).toEqual(['vault.key-beside-keyring'])
  })

  test('overwrites neither file, and leaves nothing half done', () => {
    const { keyPath, keyringPath } = paths()
    initKeys({ ...paths(), stamp: 'demo' })
    const before = [readFileSync(keyPath, 'utf8'), readFileSync(keyringPath, 'utf8')]
    expect(codeOf(() => initKeys({ ...paths(), stamp: 'demo' }))).toBe('vault.file-exists')
    expect([readFileSync(keyPath, 'utf8'), readFileSync(keyringPath, 'utf8')]).toEqual(before)
    rmSync(keyPath)
    expect(codeOf(() => initKeys({ ...paths(), stamp: 'demo' }))).toBe('vault.file-exists')
    expect(codeOf(() => readExternalKey({ keyFile: keyPath }))).toBe('vault.file-missing')
  })

  test('takes its key back when the keyring can not be written', () => {
    writeFileSync(at('file'), '')
    const options = { keyPath: at('keys/external.key'), keyringPath: at('file/keyring.json'), stamp: 'demo' as const }
    expect(codeOf(() => initKeys(options))).toBe('vault.file-not-written')
    expect(readdirSync(at('keys'))).toEqual([])
  })

  test('warns only when key and keyring share a file system', () => {
    expect(placeWarnings(1, 2)).toEqual([])
    expect(placeWarnings(1, 1).length).toBe(1)
  })
})

describe('a private file', () => {
  const stats = { mode: 0o100600, uid: 1000, size: 44, isFile: () => true }

  test('belongs to this user or root', () => {
    expect(isPrivate(stats, 'owner', 1000)).toBe(true)
    expect(isPrivate({ ...stats, uid: 0 }, 'owner', 1000)).toBe(true)
    expect(isPrivate({ ...stats, uid: 1001 }, 'owner', 1000)).toBe(false)
  })

  test('is judged by its kind and size alone where files have no owners', () => {
    expect(isPrivate({ ...stats, mode: 0o100666, uid: 5 }, 'owner', undefined)).toBe(true)
    expect(isPrivate({ ...stats, size: 2 ** 21 }, 'owner', undefined)).toBe(false)
  })

  test('is a file, not a folder, and may be reached by a link', () => {
    mkdirSync(at('folder'), { mode: 0o700 })
    expect(codeOf(() => readPrivateFile(at('folder')))).toBe('vault.file-unsafe')
    writePrivateFile(at('file'), 'x', { replace: true })
    symlinkSync(at('file'), at('link'))
    expect(readPrivateFile(at('link')).toString()).toBe('x')
  })

  test('that can not be put in place leaves no draft', () => {
    mkdirSync(at('taken'))
    expect(codeOf(() => writePrivateFile(at('taken'), 'x', { replace: true }))).toBe('vault.file-not-written')
    expect(readdirSync(folder)).toEqual(['taken'])
  })
})
