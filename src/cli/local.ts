/** What the commands that work on this machine need of `main`: it is loaded only when one of them runs. */

import type { Role } from '../main/roles.ts'
import type { Vault } from '../vault/vault.ts'

export interface InitOptions {
  /** Path of the configuration file, which says where keys, token and data go. */
  readonly config: string
  readonly demo?: boolean
  /** Name of the admin who gets the first token. */
  readonly subject: string
}

export interface InitResult {
  readonly keyPath: string
  readonly keyringPath: string
  readonly tokenPath: string
  readonly warnings: readonly string[]
  readonly subject: string
}

export interface CheckResult {
  readonly problems: readonly {
    readonly severity: 'error' | 'warning'
    readonly where: string
    readonly message: string
  }[]
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}

export interface AdoptOptions {
  readonly config: string
  readonly token: string
  readonly reason: string
}

export interface RestoreOptions {
  readonly config: string
  readonly file: string
  readonly subject: string
  readonly reason: string
  readonly onRows?: (step: 'checked' | 'loaded', rows: number) => void
}

export interface RestoreResult {
  readonly gatewayId: string
  readonly madeAt: string
  readonly rows: number
  readonly migrated: readonly string[]
  readonly tokensRevoked: number
  readonly plansSetAside: number
  readonly tokenPath: string
  readonly subject: string
}

export interface ReplaceKeysOptions {
  readonly config: string
  readonly subject: string
  readonly reason: string
  readonly yes: boolean
  readonly oldKeyFile?: string
  readonly onBegin?: (rows: () => number) => void
}

export type ReplaceKeysResult =
  | { readonly done: false; readonly people: number; readonly bytes: number; readonly freeBytes: number | null }
  | {
      readonly done: true
      readonly finishedEarlier: boolean
      readonly keySet: string
      readonly tokenPath: string
      readonly rows: number
      readonly refused: number
      readonly unreadable: number
      readonly tokensEnded: number
      readonly trailIsWhole: boolean
      readonly compacted: boolean
    }

export interface RunningGateway {
  /** Null when this process serves no API. */
  readonly url: string | null
  /** Settles when everything has stopped; rejects when it stopped because it had to. */
  readonly stopped: Promise<void>
  /** Stops in good order; calling it twice is calling it once. */
  stop(): Promise<void>
}

/** What `src/main.ts` exports. Errors meant for the operator carry a `code` like `config.invalid`; others are shown without text. */
export interface LocalGateway {
  adoptConfig(options: AdoptOptions): Promise<{ readonly version: number }>
  initGateway(options: InitOptions): Promise<InitResult>
  checkGateway(options: { readonly config: string }): Promise<CheckResult>
  openKeys(options: { readonly config: string }): Promise<Vault>
  restoreGateway(options: RestoreOptions): Promise<RestoreResult>
  replaceAllKeys(options: ReplaceKeysOptions): Promise<ReplaceKeysResult>
  /** `roles` absent: all of them. */
  startGateway(options: { readonly config: string; readonly roles?: readonly Role[] }): Promise<RunningGateway>
}

/** @throws Error when the program is incomplete. */
export async function loadLocalGateway(): Promise<LocalGateway> {
  const { adoptConfig, checkGateway, initGateway, openKeys, replaceAllKeys, restoreGateway, startGateway } =
    await import('../main.ts')
  return { adoptConfig, checkGateway, initGateway, openKeys, replaceAllKeys, restoreGateway, startGateway }
}
