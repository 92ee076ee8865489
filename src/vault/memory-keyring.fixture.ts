/** A keyring that lives in memory and is changed as the file is. */
import { createKeyring, type Keyring } from './keyring.ts'
import type { LivingKeyring } from './living-keyring.ts'

export interface MemoryKeyring extends LivingKeyring {
  /** All keys new, of the same gateway, made at this time. */
  renew(at: Date): void
}

export function memoryKeyring(): MemoryKeyring {
  let current: Keyring = createKeyring({ stamp: 'demo' })
  return {
    get current() {
      return current
    },
    refresh: () => false,
    change(next) {
      current = { ...next(current), generation: current.generation + 1 }
      return current
    },
    renew(at) {
      const { gatewayId } = current
      const fresh = createKeyring({ stamp: 'demo' })
      const createdAt = at.toISOString()
      current = { ...fresh, gatewayId, createdAt, epochs: fresh.epochs.map((epoch) => ({ ...epoch, createdAt })) }
    },
  }
}
