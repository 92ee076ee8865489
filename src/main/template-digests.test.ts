/** Proves what a digest of templates depends on, and what it does not. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ConfigurableConnector } from '../../config/file-shape.ts'
import { createKeyring, replacedKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { configurable } from './connections.ts'
import { templateDigester } from './template-digests.ts'

const first = createKeyring({ stamp: 'demo' })
const digests = templateDigester(openVault(first), 'hq')
const [one, two, three] = ['one', 'two', 'three'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]

test('16 bytes that are the same in whatever order the templates come, and other ones once one of them is another', () => {
  const [digest, ...older] = digests('5', [one, two])
  expect(digest).toMatch(/^[\w-]{22}$/)
  expect(older).toEqual([])
  expect(digests('5', [two, one])).toEqual([digest])
  const others = [[], [one], [one, one, two], [one, three], [Buffer.concat([one, two])], [two]]
  const made = others.map((templates) => digests('5', templates)[0])
  expect(new Set([digest, ...made]).size).toBe(1 + others.length)
})

test('they are of one account, one target and one gateway, and nothing that can be made without the keys', () => {
  const [digest] = digests('5', [one])
  expect(digests('6', [one])).not.toContain(digest)
  expect(templateDigester(openVault(first), 'lab')('5', [one])).not.toContain(digest)
  expect(templateDigester(openVault(createKeyring({ stamp: 'demo' })), 'hq')('5', [one])).not.toContain(digest)
  const plain = createHash('sha256').update(one).digest()
  expect(digest).not.toBe(plain.subarray(0, 16).toString('base64url'))
})

test('what was made under keys that were replaced since is known again, behind what is made now', () => {
  const [digest] = digests('5', [one, two])
  const second = replacedKeyring(first, null, new Date())
  const third = replacedKeyring(second, null, new Date())
  const [now, ...older] = templateDigester(openVault(third), 'hq')('5', [two, one])
  expect(now).not.toBe(digest)
  expect(older).toEqual([digest, templateDigester(openVault(second), 'hq')('5', [one, two])[0]])
  expect(templateDigester(openVault(third), 'hq')('5', [one, three])).not.toContain(digest)
})

test('of all connectors BioStar 2 alone makes them: AEOS shows no templates', () => {
  const asked = (connector: ConfigurableConnector) => connector.digestsTemplates === true
  expect(configurable.filter(asked).map(({ id }) => id)).toEqual(['biostar2'])
})
