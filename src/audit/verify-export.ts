/** Verifies an exported trail with nothing but its lines and keys: no database, no gateway, and no keyring where a public key will do. */
import { createHash } from 'node:crypto'
import type { Vault } from '../vault/vault.ts'
import { type Break, type ChainOptions, ChainReader, type Verification } from './chain.ts'
import { type ExportEnding, exportEnding, exportEndType, parseLine } from './export-lines.ts'
import { type PinnedKeys, verifyLine } from './signed-line.ts'

/**
 * Beyond what may be wrong with an entry: - `cut-off`: the last line, which ends an export, is missing. - `unknown-key`: that line is
 * signed with a key that was not given. - `end-forged`: it was changed. - `altered`: it is about other lines than these.
 * - `after-end`: there is more behind it.
 */
export type ExportBreak = Break | 'cut-off' | 'unknown-key' | 'end-forged' | 'altered' | 'after-end'

export interface AuditExportVerdict extends Omit<Verification, 'why'> {
  /** Null when something is wrong with the export, and not with one of its entries. */
  readonly brokenAt: number | null
  readonly why: ExportBreak | null
  /** Whose trail it is, and when it was exported; null when the last line was not reached or is not to be believed. */
  readonly gateway: string | null
  readonly exportedAt: string | null
}

export interface ExportKeys {
  /** By which the last line is believed. */
  readonly pinned: PinnedKeys
  /** The gateway's own keyring: every entry's keyed signature is checked, too. Without it, the gateway is believed that it did so. */
  readonly vault: Vault | null
}

/** Blank lines count for nothing. `brokenAt` and `why` of a broken trail may also be what the gateway itself found. */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  keys: ExportKeys,
  options: Pick<ChainOptions, 'expectedHead'> = {},
): Promise<AuditExportVerdict> {
  const reader = new ExportReader(keys, options)
  for await (const line of lines) {
    if (line.trim() !== '' && !reader.read(line.replace(/\r?\n?$/, ''))) break
  }
  return reader.verdict()
}

const endStart = `{"type":"${exportEndType}",`

class ExportReader {
  readonly #pinned: PinnedKeys
  readonly #chain: ChainReader
  readonly #digest = createHash('sha256')
  #lines = 0
  #end: { readonly gateway: string; readonly content: ExportEnding } | null = null
  #fault: ExportBreak | null = null

  constructor({ pinned, vault }: ExportKeys, options: Pick<ChainOptions, 'expectedHead'>) {
    this.#pinned = pinned
    this.#chain = new ChainReader(vault, options)
  }

  /** False when something is wrong: then nothing that follows counts. */
  read(line: string): boolean {
    if (this.#end !== null) this.#fault = 'after-end'
    else if (line.startsWith(endStart)) this.#fault = this.#close(line)
    else {
      this.#digest.update(`${line}\n`)
      this.#lines += 1
      this.#chain.read(parseLine(line))
    }
    return this.#fault === null && !this.#chain.isBroken
  }

  #close(line: string): ExportBreak | null {
    const verified = verifyLine(line, this.#pinned)
    if (verified === 'unknown-key') return verified
    if (typeof verified === 'string') return 'end-forged'
    const content = exportEnding.safeParse(verified.content).data
    if (content === undefined) return 'end-forged'
    if (content.lines !== this.#lines || content.sha256 !== this.#digest.digest('hex')) return 'altered'
    this.#end = { gateway: verified.gateway, content }
    return null
  }

  verdict(): AuditExportVerdict {
    const { ok: _, ...seen } = this.#chain.verdict()
    const end = this.#end
    const about = { gateway: end?.gateway ?? null, exportedAt: end?.content.exportedAt ?? null }
    const fault = this.#fault ?? (this.#chain.isBroken || end !== null ? null : 'cut-off')
    if (fault !== null) return { ok: false, ...seen, brokenAt: null, why: fault, ...about }
    // An entry without a true signature of ours looks right to whoever has no keyring; the gateway, which has it, says so.
    if (end !== null && end.content.why !== null) {
      const { entries, head, brokenAt, why } = end.content
      return { ok: false, entries, head, brokenAt, why, ...about }
    }
    return { ok: seen.why === null, ...seen, ...about }
  }
}
