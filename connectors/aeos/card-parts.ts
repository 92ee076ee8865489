/** Takes, gives, blocks and unblocks badges of one carrier, each on its own; those that nobody ordered stay as they are. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone, attempt } from '../../src/connector/outcomes.ts'
import { type Card, cardKey } from '../../src/model/card.ts'
import { badgeIn, badgeOf, type CardShown } from './badges.ts'
import type { Carrier, Put, Writing } from './put.ts'
import { shutDates } from './shut-dates.ts'

/** What was done while the carrier was shut, or had to be. */
export interface Shut {
  readonly outcomes: readonly PartOutcome[]
  /** The dates of the carrier are over, or may be, and are to be written as desired only now. */
  readonly isOver: boolean
  /** What keeps it shut: a badge that is on, or may be, and shall not be. */
  readonly inTheWay: ConnectorError | null
}

/**
 * Takes the badges that are revoked, then gives those that shall be blocked. Some servers withdraw no badge that is blocked, and all give
 * one as on: then the carrier is shut for so long as it takes, so that such a card opens nothing, not even for an instant. `isBlocked`
 * says that it is shut already.
 * @throws ConnectorError when it is not known whether the carrier was shut.
 */
export async function putShutCards(
  put: Put,
  carrier: Carrier,
  isBlocked: boolean,
  writing: Writing,
  signal: AbortSignal,
): Promise<Shut> {
  const { id, type } = carrier
  const { client, tokens, settings } = writing
  let isOver = false
  let inTheWay: ConnectorError | null = null
  let shutting: Promise<void> | null = null
  let unanswered: ConnectorError | null = null
  const shut = async () => {
    if (isBlocked && (await client.states(id, signal)).Blocked) return
    try {
      await client.changeCarrier(type, id, shutDates(put, carrier, writing), signal)
      isOver = true
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      isOver = error.kind !== 'rejected'
      if (error.outcomeUnknown) unanswered = error
      throw error
    }
  }
  /** Where a step fails and its `remedy` does, too, the card may be on, and the carrier stays shut. */
  const guarded = (
    card: Card,
    step: (shutFirst: () => Promise<void>) => Promise<unknown>,
    remedy: () => Promise<'applied' | 'unchanged'>,
  ) => {
    const part = { kind: 'card', card } as const
    let mayBeOn = false
    const shutFirst = async () => {
      shutting ??= shut()
      await shutting
      mayBeOn = true
    }
    return attempt(part, async () => {
      try {
        await step(shutFirst)
      } catch (error) {
        if (!(error instanceof ConnectorError) || !mayBeOn) throw error
        const { failure } = await attempt(part, remedy)
        inTheWay ??= failure ?? (error.outcomeUnknown ? error : null)
        throw error
      }
      return 'applied'
    })
  }
  const lifted = new Set((put.lift ?? []).map(cardKey))
  const take = ({ card, there }: Held) => {
    const key = badgeIn(there.ref)
    const token = { ...key, Blocked: there.state === 'blocked' }
    const isLifted = lifted.has(cardKey(card))
    return guarded(
      card,
      (shutFirst) => tokens.withdraw(token, { isLifted, shutFirst }, signal),
      () => tokens.keepShut(key, id, signal),
    )
  }
  const held = revokedOf(put, carrier)
  const outcomes = await allDone(held.filter(({ there }) => there.state === 'on').map(take))
  // A card that waits is let go of only when nothing stands in for it any more.
  outcomes.push(...(await allDone(held.filter(({ there }) => there.state === 'blocked').map(take))))
  const given = givenOf(put, carrier).filter(({ state }) => state === 'blocked')
  const how = obtaining(put, carrier, writing, signal)
  const give = (entry: (typeof given)[number]) =>
    guarded(
      entry.card,
      (shutFirst) => tokens.obtain(entry, id, { ...how(entry.card), shutFirst }, signal),
      () => tokens.takeBack(badgeOf(entry.card, settings), id, signal),
    )
  outcomes.push(...(await allDone(given.map(give))))
  // Dates that may still come are about the whole account.
  if (unanswered !== null) throw unanswered
  return { outcomes, isOver, inTheWay }
}

/** Gives the badges that shall be on, and blocks and unblocks those that are there. */
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
  const present = presentAt(carrier)
  const how = obtaining(put, carrier, writing, signal)
  const shutFirst = async () => undefined
  const given = givenOf(put, carrier)
    .filter(({ state }) => state === 'on')
    .map((entry) =>
      attempt({ kind: 'card', card: entry.card }, () =>
        tokens.obtain(entry, id, { ...how(entry.card), shutFirst }, signal),
      ),
    )
  const kept = desired.cards.flatMap(({ card, state }) => {
    const there = present.get(cardKey(card))
    if (there === undefined) return []
    return attempt({ kind: 'card', card }, () => tokens.setState(badgeIn(there.ref), there.state, state, signal))
  })
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
