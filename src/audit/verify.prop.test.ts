import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { auditActions } from './actions.ts'
import { type AuditEntry, formatHead, hashEntry, link, parseHead } from './entry.ts'
import { formatLine } from './export.ts'
import { contentOf } from './record.ts'
import { verifyExport } from './verify.ts'

const vault = openVault(createKeyring({ stamp: 'demo' }))

const trail = fc
  .array(
    fc.record({
      actor: fc.constantFrom('policy', 'clock', 'engine', 'source:hr'),
      action: fc.constantFrom(...auditActions),
      object: fc.oneof(fc.constant(''), fc.uuid()),
      details: fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean())),
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
const lines = (entries: readonly AuditEntry[]) => entries.map(formatLine)
const headOf = (entries: readonly AuditEntry[]) => entries.at(-1) as AuditEntry

test('an untouched trail verifies with and without the keyring, up to its head', async () => {
  await fc.assert(
    fc.asyncProperty(trail, async (entries) => {
      const expected = {
        ok: true,
        entries: entries.length,
        head: formatHead(headOf(entries)),
        brokenAt: null,
        why: null,
      }
      for (const keys of [vault, null]) {
        expect(await verifyExport(lines(entries), keys)).toEqual(expected)
        expect(await verifyExport(lines(entries), keys, { expectedHead: headOf(entries) })).toEqual(expected)
      }
    }),
  )
})

test('any character changed anywhere is found at its entry; without the keyring all but the mac is covered', async () => {
  const change = fc.record({ entry: fc.nat(), position: fc.nat(), to: fc.string({ minLength: 1, maxLength: 1 }) })
  await fc.assert(
    fc.asyncProperty(trail, change, async (entries, { entry, position, to }) => {
      const written = lines(entries)
      const index = entry % written.length
      const line = at(written, index)
      const place = position % line.length
      fc.pre(line[place] !== to)
      written[index] = line.slice(0, place) + to + line.slice(place + 1)
      expect(await verifyExport(written, vault)).toMatchObject({ ok: false, entries: index, brokenAt: index + 1 })
      if (place < line.indexOf('"mac"')) {
        expect(await verifyExport(written, null)).toMatchObject({ ok: false, entries: index, brokenAt: index + 1 })
      }
    }),
    { numRuns: 500 },
  )
})

test('an entry removed, put in twice or moved is found, the last one by the expected head', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.nat(), fc.nat(), async (entries, one, other) => {
      const options = { expectedHead: headOf(entries) }
      const index = one % entries.length
      const entry = at(entries, index)
      const without = entries.toSpliced(index, 1)
      const isLast = index === entries.length - 1
      for (const keys of [vault, null]) {
        expect(await verifyExport(lines(without), keys, options)).toEqual({
          ok: false,
          entries: index,
          head: index === 0 ? null : formatHead(at(entries, index - 1)),
          brokenAt: index + 1,
          why: isLast ? 'truncated' : 'gap',
        })
        const to = index + 1 + (other % (entries.length - index))
        expect(await verifyExport(lines(entries.toSpliced(to, 0, entry)), keys)).toMatchObject({
          ok: false,
          brokenAt: to + 1,
          why: 'out-of-order',
        })
        const target = other % entries.length
        if (target !== index) {
          const moved = without.toSpliced(target, 0, entry)
          expect(await verifyExport(lines(moved), keys)).toMatchObject({ ok: false, why: 'gap' })
        }
      }
    }),
  )
})

test('a tail cut off is found by the expected head only', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.nat(), async (entries, cut) => {
      const left = lines(entries.slice(0, cut % entries.length))
      expect(await verifyExport(left, vault)).toMatchObject({ ok: true, entries: left.length })
      expect(await verifyExport(left, null, { expectedHead: headOf(entries) })).toMatchObject({
        ok: false,
        brokenAt: left.length + 1,
        why: 'truncated',
      })
    }),
  )
})

test('a chain computed anew behind a change needs the keyring or the expected head to be found', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.nat(), async (entries, which) => {
      const index = which % entries.length
      const rewritten = entries.slice(0, index)
      for (const entry of entries.slice(index)) {
        const content = entry.seq === index + 1 ? { ...entry, action: 'person.forged' } : entry
        const previous = rewritten.at(-1) ?? null
        rewritten.push({ ...content, hash: hashEntry(previous, entry.seq, content) })
      }
      expect(await verifyExport(lines(rewritten), null)).toMatchObject({ ok: true })
      expect(await verifyExport(lines(rewritten), vault)).toMatchObject({
        ok: false,
        brokenAt: index + 1,
        why: 'forged',
      })
      expect(await verifyExport(lines(rewritten), null, { expectedHead: headOf(entries) })).toMatchObject({
        ok: false,
        brokenAt: entries.length,
        why: 'head-differs',
      })
    }),
  )
})

test('a later export is verified from where the earlier one ended, and from nowhere else', async () => {
  await fc.assert(
    fc.asyncProperty(trail, fc.nat(), async (entries, which) => {
      const after = at(entries, which)
      const rest = lines(entries.slice(after.seq))
      const expectedHead = headOf(entries)
      expect(await verifyExport(rest, vault, { after, expectedHead })).toMatchObject({ ok: true, entries: rest.length })
      const wrong = { seq: after.seq, hash: Buffer.alloc(32) }
      expect(await verifyExport(rest, null, { after: wrong, expectedHead })).toMatchObject({
        ok: false,
        why: rest.length > 0 ? 'changed' : 'head-differs',
      })
      if (after.seq > 1) {
        const earlier = at(entries, 0)
        await expect(verifyExport(rest, vault, { after, expectedHead: earlier })).rejects.toThrow(RangeError)
      }
    }),
  )
})

test('nothing verifies as nothing, and blank lines count for nothing', async () => {
  const nothing = { ok: true, entries: 0, head: null, brokenAt: null, why: null }
  expect(await verifyExport(['', '\n'], vault)).toEqual(nothing)
  const expectedHead = parseHead(`1:${'ab'.repeat(32)}`)
  expect(await verifyExport([], vault, { expectedHead })).toMatchObject({ ok: false, brokenAt: 1, why: 'truncated' })
})
