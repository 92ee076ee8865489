/** Makes the keyed digests of the templates of one account, which tell a finger or a face that was swapped without a trace. */
import { hash } from 'node:crypto'
import type { TemplateDigests } from '../connector/contract.ts'
import type { Vault } from '../vault/vault.ts'

/** Plenty for telling one change, and no more to keep than that takes. */
const digestBytes = 16

/** Of one target. HMAC-SHA-256 over its id, that of the account and the SHA-256 of each template, sorted; 16 bytes, base64url. */
export function templateDigester(vault: Vault, target: string): TemplateDigests {
  return (account, templates) => {
    const hashes = templates.map((template) => hash('sha256', template, 'buffer')).sort(Buffer.compare)
    const parts = [target, account, ...hashes]
    const text = (digest: Buffer): string => digest.subarray(0, digestBytes).toString('base64url')
    try {
      return [text(vault.digest(purpose, parts)), ...vault.formerDigests(purpose, parts).map(text)]
    } finally {
      for (const each of hashes) each.fill(0)
    }
  }
}

const purpose = 'templates'
