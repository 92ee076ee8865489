/** Takes, gives, blocks and unblocks badges of one carrier, each on its own; those that nobody ordered stay as they are. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone, attempt } from '../../src/connector/outcomes.ts'
import { cardKey } from '../../src/model/card.ts'
import { badgeIn, type CardShown } from './badges.ts'
import type { Carrier, Put, Writing } from './put.ts'

export interface Taken {
  readonly outcomes: readonly PartOutcome[]
  /** The carrier is shut, was so or had to be, and is to be opened only now. */
  readonly isShut: boolean
  /** What keeps it shut: a badge that could neither be taken nor blocked. */
  readonly inTheWay: ConnectorError | null
}

/**
 * Takes the badges that are revoked. Some servers withdraw none that is blocked: then the carrier is shut for so long as it takes to
 * unblock and withdraw it, so that a lost card opens nothing, not even for an instant.
 */
export async function takeCards(
  { desired, revoke, lift = [] }: Put,
  { id, actual }: Carrier,
  { client, tokens, settings }: Writing,
  signal: AbortSignal,
): Promise<Taken> {
  const lifted = new Set(lift.map(cardKey))
  const wanted = new Set(desired.cards.map(({ card }) => cardKey(card)))
  const revoked = revoke.cards.filter((card) => !wanted.has(cardKey(card)))
  let isShut = actual?.lock === 'closed'
  let inTheWay: ConnectorError | null = null
  const shutFirst = async () => {
    isShut = true
    const { Blocked } = await client.states(id, signal)
    if (!Blocked) await client.blockCarrier(id, settings.block_reasons.carrier, signal)
  }
  const held = revoked.flatMap((card) => {
    const there = actual?.cards.find((each) => each.card !== null && cardKey(each.card) === cardKey(card))
    return there === undefined ? [] : [{ card, there }]
  })
  const take = (state: CardShown['state']) =>
    held.flatMap(({ card, there }) => {
      if (there.state !== state) return []
      const key = badgeIn(there.ref)
      const token = { ...key, Blocked: there.state === 'blocked' }
      return attempt({ kind: 'card', card }, async () => {
        try {
          await tokens.withdraw(token, { isLifted: lifted.has(cardKey(card)), shutFirst }, signal)
        } catch (error) {
          if (!(error instanceof ConnectorError) || !isShut) throw error
          const blocked = await attempt({ kind: 'card', card }, () => tokens.block(key, signal))
          inTheWay ??= blocked.failure ?? null
          throw error
        }
        return 'applied'
      })
    })
  const outcomes = await allDone(take('on'))
  // A card that waits is let go of only when nothing stands in for it any more.
  outcomes.push(...(await allDone(take('blocked'))))
  return { outcomes, isShut, inTheWay }
}

export async function putCards(
  { externalId, desired, revoke, lift = [], unblock = [] }: Put,
  { id, actual }: Carrier,
  { client, carriers, tokens }: Writing,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const lifted = new Set(lift.map(cardKey))
  const ordered = new Set([...desired.cards.map(({ card }) => card), ...revoke.cards].map(cardKey))
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
  // Others' badges, and those of unknown format, that a lock of ours blocked.
  const freed = (actual?.cards ?? []).flatMap(({ card, ref, state }) => {
    if ((card !== null && ordered.has(cardKey(card))) || !unblock.includes(ref)) return []
    return attempt(card === null ? { kind: 'lock' } : { kind: 'card', card }, () =>
      tokens.setState(badgeIn(ref), state, 'on', signal),
    )
  })
  return allDone([...given, ...freed])
}
