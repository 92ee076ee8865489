import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { auditActions } from './actions.ts'
import { type AuditEntry, formatHead, hashEntry, link, parseHead } from './entry.ts'
import { formatLine } from './export-lines.ts'
import { contentOf } from './record.ts'
import { pinnedKeys, signLine } from './signed-line.ts'
import { collect } from './testing.ts'
import { type ExportKeys, verifyExport } from './verify-export.ts'
import { writeExport } from './write-export.ts'

const vault = openVault(createKeyring({ stamp: 'demo' }))
const pinned = pinnedKeys(vault.signing.publicKey)
/** The gateway's operator, and an auditor. */
const withKeyring = { pinned, vault }
const withPublicKey: ExportKeys = { pinned, vault: null }
const readers = [withKeyring, withPublicKey]

const details = fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean()))
const trail = fc
  .array(
    fc.record({
      actor: fc.constantFrom('policy', 'clock', 'engine', 'source:hr'),
      action: fc.constantFrom(...auditActions),
      object: fc.oneof(fc.constant(''), fc.uuid()),
      details,
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((records) => {
    const entries: AuditEntry[] = []
    for (const record of records) {
      entries.push(link(vault, entries.at(-1) ?? null, contentOf(vault, new Date(1.7e12), record)))
    }
    return entries
  })

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T
const headOf = (entries: readonly AuditEntry[]) => entries.at(-1) as AuditEntry
/** As the gateway writes it, the last line included. */
const written = async (entries: readonly AuditEntry[], opened?: Record<string, unknown>): Promise<string[]> => {
  const toWrite = entries.map((entry) => (opened === undefined ? { entry } : { entry, opened }))
  const parts = await collect(writeExport(vault, toWrite, opened !== undefined))
  return parts.join('').split('\n').slice(0, -1)
}
/** Entries that somebody put together, below a last line that the gateway wrote for others. */
const patched = async (entries: readonly AuditEntry[], original: readonly AuditEntry[]): Promise<string[]> => [
  ...entries.map((entry) => formatLine(entry)),
  (await written(original)).at(-1) as string,
]
const whole = (entries: readonly AuditEntry[]) => ({
  ...{ ok: true, entries: entries.length, head: formatHead(headOf(entries)), brokenAt: null, why: null },
  ...{ gateway: vault.gatewayId, exportedAt: expect.any(String) },
})

test('an untouched export verifies with the keyring or the public key, opened or sealed, up to its head', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.option(details, { nil: undefined }), async (entries, opened) => {
      const lines = await written(entries, opened)
      for (const keys of readers) {
        expect(await verifyExport(lines, keys)).toEqual(whole(entries))
        expect(await verifyExport(lines, keys, { expectedHead: headOf(entries) })).toEqual(whole(entries))
      }
    }),
  )
})

test('any character changed anywhere is found: in an entry by its number, in what was opened and in the last line as such', async () => {
  const change = fc.record({ line: fc.nat(), position: fc.nat(), to: fc.string({ minLength: 1, maxLength: 1 }) })
  await fc.assert(
    fc.asyncProperty(trail, change, details, async (entries, { line: which, position, to }, opened) => {
      const lines = await written(entries, opened)
      const index = which % lines.length
      const line = at(lines, index)
      const place = position % line.length
      fc.pre(line[place] !== to)
      lines[index] = line.slice(0, place) + to + line.slice(place + 1)
      const isEntry = index < entries.length && place < line.indexOf(',"opened":')
      for (const keys of readers) {
        const found = await verifyExport(lines, keys)
        expect(found).toMatchObject({ ok: false })
        const chained = keys.vault === null ? line.indexOf('"mac"') : line.indexOf(',"opened":')
        if (isEntry && place < chained) expect(found).toMatchObject({ entries: index, brokenAt: index + 1 })
      }
    }),
    { numRuns: 500 },
  )
})

test('an entry removed, put in twice or moved is found', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.nat(), fc.nat(), async (entries, one, other) => {
      const index = one % entries.length
      const entry = at(entries, index)
      const without = entries.toSpliced(index, 1)
      const isLast = index === entries.length - 1
      for (const keys of readers) {
        expect(await verifyExport(await patched(without, entries), keys)).toMatchObject({
          ok: false,
          entries: index,
          head: index === 0 ? null : formatHead(at(entries, index - 1)),
          ...(isLast ? { brokenAt: null, why: 'altered' } : { brokenAt: index + 1, why: 'gap' }),
        })
        const to = index + 1 + (other % (entries.length - index))
        const twice = await patched(entries.toSpliced(to, 0, entry), entries)
        expect(await verifyExport(twice, keys)).toMatchObject({ ok: false, brokenAt: to + 1, why: 'out-of-order' })
        const target = other % entries.length
        if (target !== index) {
          const moved = await patched(without.toSpliced(target, 0, entry), entries)
          expect(await verifyExport(moved, keys)).toMatchObject({ ok: false, why: 'gap' })
        }
      }
    }),
  )
})

test('a trail whose end was cut off before it was exported is found by the expected head, and by nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.nat(), async (entries, cut) => {
      const left = entries.slice(0, cut % entries.length)
      const lines = await written(left)
      for (const keys of readers) {
        expect(await verifyExport(lines, keys)).toMatchObject({ ok: true, entries: left.length })
        expect(await verifyExport(lines, keys, { expectedHead: headOf(entries) })).toMatchObject({
          ok: false,
          brokenAt: left.length + 1,
          why: 'truncated',
        })
      }
    }),
  )
})

test('a chain computed anew behind a change is told by the gateway that exports it, and by the keyring', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.nat(), async (entries, which) => {
      const index = which % entries.length
      const rewritten = entries.slice(0, index)
      for (const entry of entries.slice(index)) {
        const content = entry.seq === index + 1 ? { ...entry, action: 'person.forged' } : entry
        const previous = rewritten.at(-1) ?? null
        rewritten.push({ ...content, hash: hashEntry(previous, entry.seq, content) })
      }
      const forged = { ok: false, entries: index, brokenAt: index + 1, why: 'forged' }
      for (const keys of readers) expect(await verifyExport(await written(rewritten), keys)).toMatchObject(forged)
      expect(await verifyExport(await patched(rewritten, entries), withKeyring)).toMatchObject(forged)
      expect(await verifyExport(await patched(rewritten, entries), withPublicKey)).toMatchObject({ why: 'altered' })
      const options = { expectedHead: headOf(entries) }
      expect(await verifyExport(await patched(rewritten, entries), withPublicKey, options)).toMatchObject({
        ok: false,
        brokenAt: entries.length,
        why: 'head-differs',
      })
    }),
  )
})

test('another history of the same gateway, rightly signed, is found by the head of the first', async () => {
  await fc.assert(
    fc.asyncProperty(trail, trail, fc.nat(), async (entries, others, which) => {
      const fork = entries.slice(0, which % entries.length)
      for (const content of others) fork.push(link(vault, fork.at(-1) ?? null, content))
      fc.pre(fork.length >= entries.length)
      const found = await verifyExport(await written(fork), withKeyring, { expectedHead: headOf(entries) })
      expect(found).toMatchObject({ ok: false, brokenAt: entries.length, why: 'head-differs' })
    }),
  )
})

test('only a last line that this gateway signed ends an export', async () => {
  const [entry] = fc.sample(trail, 1)[0] as AuditEntry[]
  const lines = await written([entry as AuditEntry])
  const end = lines.at(-1) as string
  const stranger = openVault(createKeyring({ stamp: 'demo' }))
  const why = async (given: readonly string[], keys = withPublicKey) => (await verifyExport(given, keys)).why
  expect(await why(lines.slice(0, -1))).toBe('cut-off')
  expect(await why([])).toBe('cut-off')
  expect(await why([...lines, end])).toBe('after-end')
  expect(await why(['x', end])).toBe('malformed')
  expect(await why([lines[0] as string, end.replace('"opened":false', '"opened":true')])).toBe('end-forged')
  expect(await why([lines[0] as string, end.slice(0, -10)])).toBe('end-forged')
  expect(await why([signLine(vault, 'audit-export/1', { lines: 0 })])).toBe('end-forged')
  const theirs = await collect(writeExport(stranger, [], false))
  expect(await why(theirs)).toBe('unknown-key')
  expect(await why(lines, { pinned: pinnedKeys(stranger.signing.publicKey), vault: null })).toBe('unknown-key')
  expect(await why(lines, { pinned, vault: stranger })).toBe('forged')
  expect(await why(['', ...lines.map((line) => `${line}\r\n`), '\n'])).toBeNull()
})

test('nothing verifies as nothing, and is not enough where a head was written down', async () => {
  const lines = await written([])
  const nothing = { ok: true, entries: 0, head: null, brokenAt: null, why: null }
  expect(await verifyExport(lines, withKeyring)).toMatchObject(nothing)
  const expectedHead = parseHead(`1:${'ab'.repeat(32)}`)
  expect(await verifyExport(lines, withPublicKey, { expectedHead })).toMatchObject({ brokenAt: 1, why: 'truncated' })
})
