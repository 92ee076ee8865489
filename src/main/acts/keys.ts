/** Acts about the gateway's own keys. */
import type { KeyActs } from '../../api/acts/keys.ts'
import type { ActsParts } from './parts.ts'

export function keyActs({ engine: { context } }: ActsParts): KeyActs {
  const { signing } = context.vault
  return { publicKey: async () => ({ id: signing.id, algorithm: 'Ed25519', publicKey: signing.publicKey }) }
}
