/** Says up to where the stored trail is complete and unchanged, and what is wrong with the first entry that isn't. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { type ChainOptions, ChainReader, type Verification } from './chain.ts'
import { pageSizeMax, readAudit } from './read.ts'

export interface VerifyOptions extends ChainOptions {
  readonly pageSize?: number
}

/**
 * Verifies the stored trail, 2,000 entries at a time. Without a vault only the chain is checked: whoever can write to the
 * database can make another chain, though not one that leads to an expected head.
 * @throws RangeError when the expected head lies before `after`; what `pg` throws.
 */
export async function verifyAudit(
  pool: pg.Pool,
  vault: Vault | null,
  options: VerifyOptions = {},
): Promise<Verification> {
  const chain = new ChainReader(vault, options)
  if (chain.isBroken) return chain.verdict()
  for await (const entry of readAudit(pool, options.after?.seq ?? 0, options.pageSize ?? pageSizeMax)) {
    chain.read(entry)
    if (chain.isBroken) break
  }
  return chain.verdict()
}
