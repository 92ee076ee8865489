/** Gives, blocks, unblocks and takes badges of one carrier, each on its own; those that nobody ordered stay as they are. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { allDone, attempt } from '../../src/connector/outcomes.ts'
import { cardKey } from '../../src/model/card.ts'
import { badgeIn } from './carriers.ts'
import type { Carrier, Put, Writing } from './put.ts'

export async function putCards(
  { externalId, desired, revoke, lift = [], unblock = [] }: Put,
  { id, actual }: Carrier,
  { client, carriers, tokens }: Writing,
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

  const given = desired.cards.map((entry) => {
    const { card, state } = entry
    const there = present.get(cardKey(card))
    return attempt({ kind: 'card', card }, () =>
      there === undefined
        ? tokens.obtain(entry, id, { isLifted: lifted.has(cardKey(card)), mayTakeFrom }, signal)
        : tokens.setState(badgeIn(there.ref), there.state, state, signal),
    )
  })
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
  // Others' badges, and those of unknown format, that a lock of ours blocked.
  const freed = (actual?.cards ?? []).flatMap(({ card, ref, state }) => {
    const key = card === null ? null : cardKey(card)
    const isOrdered = key !== null && (wanted.has(key) || revoke.cards.some((each) => cardKey(each) === key))
    if (isOrdered || !unblock.includes(ref)) return []
    return attempt(card === null ? { kind: 'lock' } : { kind: 'card', card }, () =>
      tokens.setState(badgeIn(ref), state, 'on', signal),
    )
  })
  return allDone([...given, ...taken, ...freed])
}
