/** Ends what a badge had: its carrier, its block, and the tie between a waiting badge and the one that stands in for it. */
import type { Token } from './model.ts'
import type { World } from './world.ts'

/** Free (0) or permanently blocked (2) afterwards. What waited for it stays blocked; what stood in for it is an ordinary badge. */
export function letGo(world: World, token: Token, status: 0 | 2, block: { reason: number; at: number } | null): void {
  const waiting = token.replaces === null ? undefined : world.tokens.get(token.replaces)
  if (waiting !== undefined) world.setToken(waiting, { replacedBy: null })
  const standIn = token.replacedBy === null ? undefined : world.tokens.get(token.replacedBy)
  if (standIn !== undefined)
    world.setToken(standIn, { replaces: null, status: standIn.status === 4 ? 1 : standIn.status })
  world.setToken(token, {
    status,
    carrier: null,
    replacedBy: null,
    replaces: null,
    endValidity: null,
    blockReason: block?.reason ?? null,
    blockedAt: block?.at ?? null,
  })
}
