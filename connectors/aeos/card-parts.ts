/** Takes, gives, blocks and unblocks badges of one carrier, each on its own; those that nobody ordered stay as they are. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { allDone, attempt } from '../../src/connector/outcomes.ts'
import type { AccountCard } from '../../src/model/account.ts'
import { type Card, cardKey } from '../../src/model/card.ts'
import { badgeIn, badgeOf, type CardShown } from './badges.ts'
import type { Carrier, Put, Writing } from './put.ts'
import type { Shutting } from './shutting.ts'
import type { BadgeKey } from './soap/client.ts'

/**
 * First blocks what shall be blocked and takes what is revoked, then gives what shall be blocked. Some servers withdraw no badge that is
 * blocked, and all give one as on: then the carrier is shut for so long as it takes, so that such a card opens nothing, not even for an
 * instant.
 * @throws ConnectorError when it is not known whether the carrier was shut.
 */
export async function putShutCards(
  put: Put,
  carrier: Carrier,
  shutting: Shutting,
  writing: Writing,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const { id } = carrier
  const { tokens, settings } = writing
  const lifted = new Set((put.lift ?? []).map(cardKey))
  const takeBack = (key: BadgeKey) => tokens.takeBack(key, id, signal)
  const take = ({ card, there }: Held) =>
    shutting.attempt({
      card,
      key: () => badgeIn(there.ref),
      isOn: there.state === 'on',
      run: async (key, shutFirst) => {
        const token = { ...key, Blocked: there.state === 'blocked' }
        await tokens.withdraw(token, { isLifted: lifted.has(cardKey(card)), shutFirst }, signal)
        return 'applied'
      },
      remedy: (key) => tokens.keepShut(key, id, signal),
    })
  const block = ({ card, there }: Held) =>
    shutting.attempt({
      card,
      key: () => badgeIn(there.ref),
      isOn: true,
      run: (key) => tokens.block(key, signal),
      remedy: takeBack,
    })
  const how = obtaining(put, carrier, writing, signal)
  const give = (entry: AccountCard) =>
    shutting.attempt({
      card: entry.card,
      key: () => badgeOf(entry.card, settings),
      isOn: true,
      run: (_key, shutFirst) => tokens.obtain(entry, id, { ...how(entry.card), shutFirst }, signal),
      remedy: takeBack,
    })
  const held = revokedOf(put, carrier)
  const isOn = ({ there }: Held) => there.state === 'on'
  const blocked = keptOf(put, carrier).filter((each) => each.state === 'blocked' && isOn(each))
  const outcomes = await allDone([...blocked.map(block), ...held.filter(isOn).map(take)])
  // A card that waits is let go of only when nothing stands in for it any more.
  outcomes.push(...(await allDone(held.filter((each) => !isOn(each)).map(take))))
  const given = givenOf(put, carrier).filter(({ state }) => state === 'blocked')
  outcomes.push(...(await allDone(given.map(give))))
  shutting.throwIfUnanswered()
  return outcomes
}

/** Gives the badges that shall be on, and unblocks those that are there. */
export async function putCards(
  put: Put,
  carrier: Carrier,
  writing: Writing,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const { id, actual } = carrier
  const { tokens } = writing
  const { desired, revoke, unblock = [] } = put
  const ordered = new Set([...desired.cards.map(({ card }) => card), ...revoke.cards].map(cardKey))
  const how = obtaining(put, carrier, writing, signal)
  const shutFirst = async () => undefined
  const given = givenOf(put, carrier)
    .filter(({ state }) => state === 'on')
    .map((entry) =>
      attempt({ kind: 'card', card: entry.card }, () =>
        tokens.obtain(entry, id, { ...how(entry.card), shutFirst }, signal),
      ),
    )
  const kept = keptOf(put, carrier)
    .filter(({ state }) => state === 'on')
    .map(({ card, there }) =>
      attempt({ kind: 'card', card }, () => tokens.setState(badgeIn(there.ref), there.state, 'on', signal)),
    )
  // Others' badges, and those of unknown format, that a lock of ours blocked.
  const freed = (actual?.cards ?? []).flatMap(({ card, ref, state }) => {
    if ((card !== null && ordered.has(cardKey(card))) || !unblock.includes(ref)) return []
    return attempt(card === null ? { kind: 'lock' } : { kind: 'card', card }, () =>
      tokens.setState(badgeIn(ref), state, 'on', signal),
    )
  })
  return allDone([...given, ...kept, ...freed])
}

interface Held {
  readonly card: Card
  readonly there: CardShown
}

function presentAt({ actual }: Carrier): ReadonlyMap<string, CardShown> {
  return new Map(
    (actual?.cards ?? []).flatMap((entry) => (entry.card === null ? [] : [[cardKey(entry.card), entry] as const])),
  )
}

/** Badges of the carrier that are to go. */
function revokedOf({ desired, revoke }: Put, carrier: Carrier): Held[] {
  const present = presentAt(carrier)
  const wanted = new Set(desired.cards.map(({ card }) => cardKey(card)))
  return revoke.cards.flatMap((card) => {
    const there = present.get(cardKey(card))
    return there === undefined || wanted.has(cardKey(card)) ? [] : [{ card, there }]
  })
}

/** Badges that the carrier has and is to have, in the state that is wanted. */
function keptOf({ desired }: Put, carrier: Carrier): (Held & AccountCard)[] {
  const present = presentAt(carrier)
  return desired.cards.flatMap((entry) => {
    const there = present.get(cardKey(entry.card))
    return there === undefined ? [] : [{ ...entry, there }]
  })
}

/** Badges that the carrier is to have and has not. */
function givenOf({ desired }: Put, carrier: Carrier) {
  const present = presentAt(carrier)
  return desired.cards.filter(({ card }) => !present.has(cardKey(card)))
}

function obtaining({ externalId, lift = [] }: Put, { id }: Carrier, writing: Writing, signal: AbortSignal) {
  const { client, carriers } = writing
  const lifted = new Set(lift.map(cardKey))
  /** Another carrier of the same personnel number that is shut: what the person was before, such as a contractor. */
  const mayTakeFrom = async (owner: string): Promise<boolean> => {
    const same = (await carriers.find(externalId, signal)).some(({ Id }) => Id === owner && owner !== id)
    return same && (await client.states(owner, signal)).Blocked
  }
  return (card: Card) => ({ isLifted: lifted.has(cardKey(card)), mayTakeFrom })
}
