/** The keys of the gateway, by id and age, never their bytes; and the one key that others may have. */
import type { Actor } from '../../auth/actor.ts'

export interface KeysView {
  readonly gateway: string
  readonly stamp: string
  readonly createdAt: string
  /** Counts the changes of the keyring file: a copy with a lower number is an older one. */
  readonly generation: number
  /** Oldest first; the last one is in use. */
  readonly epochs: readonly {
    readonly id: string
    readonly createdAt: string
    readonly state: 'current' | 'retired'
    /** Since when nothing living is wrapped under it. */
    readonly emptyAt: string | null
    /** When it is destroyed, and with it what backups hold under it. */
    readonly destroyedAt: string | null
    readonly people: number
    readonly archives: number
  }[]
  readonly keys: readonly { readonly purpose: string; readonly id: string }[]
}

export interface PublicKeyView {
  /** Each signed line names its key by this. */
  readonly id: string
  readonly algorithm: string
  /** SPKI in PEM. */
  readonly publicKey: string
  /** Those that signed before all keys were replaced, oldest first: what they signed later proves nothing. */
  readonly former: readonly { readonly id: string; readonly publicKey: string; readonly until: string }[]
}

export interface KeyActs {
  publicKey(): Promise<PublicKeyView>
  keys(): Promise<KeysView>
  /** A new epoch, at once; everybody is wrapped under it in the seconds or minutes that follow. */
  rotateKeys(actor: Actor, reason: string): Promise<{ readonly epoch: string }>
}
