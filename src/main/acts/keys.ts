/** Acts about keys. */
import type { KeyActs } from '../../api/acts/keys.ts'
import { rotateEpoch } from '../../sync/keys/epochs.ts'
import { keysView } from '../keys-view.ts'
import type { ActsParts } from './parts.ts'

export function keyActs({ engine: { context } }: ActsParts): KeyActs {
  return {
    async publicKey() {
      const { id, publicKey } = context.vault.signing
      return { id, algorithm: 'Ed25519', publicKey, former: context.vault.formerPublicKeys }
    },
    keys: () => keysView(context),
    rotateKeys: async (actor, reason) => ({ epoch: await rotateEpoch(context, actor.subject, reason) }),
  }
}
