/** Tokens of people and programs. */
import type { Actor } from '../../auth/actor.ts'

export interface TokenView {
  readonly id: string
  readonly subject: string
  readonly name: string
  readonly role: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly revokedAt: string | null
}

export interface TokenActs {
  tokens(): Promise<readonly TokenView[]>
  /** The secret is shown once, here. Only an admin makes tokens for others. */
  createToken(
    actor: Actor,
    request: { name: string; role: Actor['role']; days: number },
  ): Promise<{ id: string; subject: string; token: string; expiresAt: string }>
  revokeToken(actor: Actor, id: string): Promise<void>
}
