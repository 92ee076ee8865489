/** Gives, blocks, unblocks and takes badges of one carrier, each on its own; those that nobody ordered stay as they are. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { allDone, attempt } from '../../src/connector/outcomes.ts'
import { cardKey } from '../../src/model/card.ts'
import { badgeOf } from './badges.ts'
import { badgeIn } from './carriers.ts'
import type { Carrier, Put, Writing } from './put.ts'

export async function putCards(
  { externalId, desired, revoke, lift = [] }: Put,
  { id, actual }: Carrier,
  { client, carriers, tokens, settings }: Writing,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const lifted = new Set(lift.map(cardKey))
  const wanted = new Set(desired.cards.map(({ card }) => cardKey(card)))
  const present = new Map(
    (actual?.cards ?? []).flatMap((entry) => (entry.card === null ? [] : [[cardKey(entry.card), entry] as const])),
  )

  /** Another carrier of the same personnel number that is shut: what the person was before, such as a contractor. */
  const mayTakeFrom = async (owner: string): Promise<boolean> => {
    const same = (await carriers.find(externalId, signal)).some(({ Id }) => Id === owner && owner !== id)
    return same && (await client.states(owner, signal)).Blocked
  }

  const given = desired.cards.map(({ card, state }) =>
    attempt({ kind: 'card', card }, async () => {
      const there = present.get(cardKey(card))
      if (there !== undefined) return tokens.setState(badgeIn(there.ref), there.state, state, signal)
      await tokens.obtain(card, id, { isLifted: lifted.has(cardKey(card)), mayTakeFrom }, signal)
      // Only now: a badge that nobody has can be blocked for good only.
      if (state === 'blocked') await tokens.block(badgeOf(card, settings), signal)
      return 'applied'
    }),
  )
  const taken = revoke.cards.flatMap((card) => {
    const there = wanted.has(cardKey(card)) ? undefined : present.get(cardKey(card))
    if (there === undefined) return []
    const token = { ...badgeIn(there.ref), Blocked: there.state === 'blocked' }
    const how = { isLifted: lifted.has(cardKey(card)), isShut: desired.lock === 'closed' }
    return attempt({ kind: 'card', card }, async () => {
      await tokens.withdraw(token, how, signal)
      return 'applied'
    })
  })
  return allDone([...given, ...taken])
}
