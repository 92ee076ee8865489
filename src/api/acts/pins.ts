/** PINs: issued, and told this once. */
import type { Actor } from '../../auth/actor.ts'

export interface IssuedPinView {
  /** Secret: for the operator's eyes, and kept nowhere. */
  readonly pin: string
  readonly targets: readonly string[]
  /** Targets of the person that take no such PIN, and why. */
  readonly refused: readonly { readonly target: string; readonly code: string }[]
}

export interface PinActs {
  /** `target` null: wherever the person has an open account. */
  issuePin(
    actor: Actor,
    person: string,
    request: { readonly target: string | null; readonly reason: string },
  ): Promise<IssuedPinView>
}
