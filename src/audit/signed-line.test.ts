import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { pinnedKeys, signLine, verifyLine } from './signed-line.ts'

const vault = openVault(createKeyring({ stamp: 'demo' }))
const other = openVault(createKeyring({ stamp: 'demo' }))
const keys = pinnedKeys(vault.signing.publicKey)

test('what a line states is read back by whoever has the public key', () => {
  const json = fc.dictionary(fc.string(), fc.jsonValue())
  fc.assert(
    fc.property(json, (content) => {
      const line = signLine(vault, 'test/1', content)
      expect(line).not.toContain('\n')
      const stated = { type: 'test/1', gateway: vault.gatewayId, content: JSON.parse(JSON.stringify(content)) }
      expect(verifyLine(`${line}\n`, keys)).toEqual(stated)
    }),
    { examples: [[{ ['__proto__']: null }]] },
  )
})

test('a line in which any one letter is another proves nothing', () => {
  const line = signLine(vault, 'test/1', { person: 'p1', proof: 'read-back', at: 'é' })
  for (let at = 0; at < line.length; at++) {
    const changed = `${line.slice(0, at)}${line[at] === 'x' ? 'y' : 'x'}${line.slice(at + 1)}`
    expect(typeof verifyLine(changed, keys), `letter ${at}`).toBe('string')
  }
  expect(verifyLine(line.replace('read-back', 'at-reader'), keys)).toBe('forged')
  expect(verifyLine(line.replace(',"signature"', ',"more":1,"signature"'), keys)).toBe('malformed')
  expect(verifyLine(`${line.slice(0, -1)},"content":{}}`, keys)).toBe('malformed')
  expect(verifyLine('no line of ours', keys)).toBe('malformed')
})

test('another gateway signs with another key, and a file may pin both', () => {
  const line = signLine(other, 'test/1', {})
  expect(verifyLine(line, keys)).toBe('unknown-key')
  const both = pinnedKeys(`${vault.signing.publicKey}\nsome words\n${other.signing.publicKey}`)
  expect(verifyLine(line, both)).toMatchObject({ gateway: other.gatewayId })
  expect(verifyLine(signLine(vault, 'test/1', {}), both)).toMatchObject({ gateway: vault.gatewayId })
})

test('a file without an Ed25519 public key pins nothing', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  expect(() => pinnedKeys('')).toThrow(RangeError)
  expect(() => pinnedKeys('-----BEGIN PUBLIC KEY-----\nbm9uZQ==\n-----END PUBLIC KEY-----')).toThrow(RangeError)
  expect(() => pinnedKeys(publicKey.export({ format: 'pem', type: 'spki' }).toString())).toThrow(RangeError)
})

test('openssl alone can check a line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-line-'))
  try {
    const line = signLine(vault, 'test/1', { name: 'Zoë' })
    const cut = line.lastIndexOf(',"signature":"')
    const files = { 'key.pem': vault.signing.publicKey, signed: line.slice(0, cut) }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    writeFileSync(join(folder, 'signature'), Buffer.from(line.slice(cut + 14, -2), 'base64'))
    const options = ['-verify', '-pubin', '-inkey', 'key.pem', '-rawin', '-in', 'signed', '-sigfile', 'signature']
    const said = execFileSync('openssl', ['pkeyutl', ...options], { cwd: folder, encoding: 'utf8' })
    expect(said).toContain('Verified Successfully')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
