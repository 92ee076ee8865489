/** The keys of the gateway that others may have. */

export interface PublicKeyView {
  /** Each signed line names its key by this. */
  readonly id: string
  readonly algorithm: string
  /** SPKI in PEM. */
  readonly publicKey: string
}

export interface KeyActs {
  publicKey(): Promise<PublicKeyView>
}
