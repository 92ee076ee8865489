/** Takes the whole trail out, with its details opened or as sealed as it is stored; who did so is in the trail. */
import type pg from 'pg'
import type { SubjectId } from '../model/id.ts'
import { inTransaction } from '../store/transaction.ts'
import type { Vault } from '../vault/vault.ts'
import { openEntries } from './page.ts'
import { readAuditPages } from './read.ts'
import { recordAudit } from './record.ts'
import { type EntryToWrite, writeExport } from './write-export.ts'

export interface ExportRequest {
  readonly subject: SubjectId
  /** Leaves out what details say in clear: such an export tells nothing about anybody, whoever has it. */
  readonly sealed: boolean
}

/** With the longest details that there can be, a page is some 100 MB. */
const pageSize = 500

/**
 * Lines with their line feeds, oldest entry first, those included that are appended meanwhile, and one that ends them. @throws what
 * `pg` throws, also while lines are taken.
 */
export async function exportAudit(pool: pg.Pool, vault: Vault, request: ExportRequest): Promise<AsyncIterable<string>> {
  const { subject, sealed } = request
  await inTransaction(pool, (client) =>
    recordAudit(client, vault, { actor: subject, action: 'audit.exported', object: '', details: { sealed } }),
  )
  return writeExport(vault, entriesOf(pool, vault, sealed), !sealed)
}

async function* entriesOf(pool: pg.Pool, vault: Vault, sealed: boolean): AsyncGenerator<EntryToWrite> {
  for await (const page of readAuditPages(pool, 0, pageSize)) {
    const opened = sealed ? [] : await openEntries(pool, vault, page)
    for (const [index, entry] of page.entries()) yield sealed ? { entry } : { entry, opened: opened[index] ?? null }
  }
}
