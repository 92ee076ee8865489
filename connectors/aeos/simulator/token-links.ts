/** Ends what a badge had: its carrier, its block, and the tie between a waiting badge and the one that stands in for it; and ties them. */
import type { Carrier, Token } from './model.ts'
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

/** A badge that was only forgotten waits for its owner to come back with it (3), and the other stands in for it (4); else it is out for good (2). */
export function replace(
  world: World,
  { from, to, carrier }: { readonly from: Token; readonly to: Token; readonly carrier: Carrier },
  { reason, at, endValidity }: { readonly reason: number; readonly at: number; readonly endValidity: number | null },
): void {
  if (world.table('BlockReason').rows.get(reason)?.forgotten === true) {
    world.setToken(from, { status: 3, replacedBy: to.id, blockReason: reason, blockedAt: at })
    world.setToken(to, { status: 4, carrier: carrier.id, replaces: from.id, endValidity })
  } else {
    letGo(world, from, 2, { reason, at })
    world.setToken(to, { status: 1, carrier: carrier.id, endValidity })
  }
}

/** Free afterwards; what waited for it is in use again if `restoreReplaced`, and else stays blocked. */
export function withdraw(world: World, token: Token, restoreReplaced: boolean): void {
  const waiting = token.replaces === null ? undefined : world.tokens.get(token.replaces)
  letGo(world, token, 0, null)
  if (waiting !== undefined && restoreReplaced)
    world.setToken(waiting, { status: 1, blockReason: null, blockedAt: null })
}
