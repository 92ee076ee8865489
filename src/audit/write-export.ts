/** Turns entries, as they come, into lines that can be verified anywhere, and signs at their end what was found: a broken trail is not passed off as whole. */
import { createHash } from 'node:crypto'
import type { Vault } from '../vault/vault.ts'
import { ChainReader } from './chain.ts'
import type { AuditEntry } from './entry.ts'
import { type ExportEnding, exportEndType, formatLine } from './export-lines.ts'
import type { Opened } from './page.ts'
import { signLine } from './signed-line.ts'

export interface EntryToWrite {
  readonly entry: AuditEntry
  /** Absent where nothing is to be read in clear. */
  readonly opened?: Opened
}

/** How many characters are handed on at once, about. */
const partLength = 64 * 1024

/** Parts of the export, each of whole lines with their line feeds. */
export async function* writeExport(
  vault: Vault,
  entries: AsyncIterable<EntryToWrite> | Iterable<EntryToWrite>,
  opened: boolean,
): AsyncGenerator<string> {
  const digest = createHash('sha256')
  const chain = new ChainReader(vault)
  let lines = 0
  let part = ''
  for await (const each of entries) {
    // What is broken is written all the same: somebody will want to see it.
    chain.read(each.entry)
    const line = `${formatLine(each.entry, each.opened)}\n`
    digest.update(line)
    lines += 1
    part += line
    if (part.length < partLength) continue
    yield part
    part = ''
  }
  const { ok: _, ...found } = chain.verdict()
  const sha256 = digest.digest('hex')
  const ending: ExportEnding = { exportedAt: new Date().toISOString(), opened, lines, sha256, ...found }
  yield `${part}${signLine(vault, exportEndType, { ...ending })}\n`
}
