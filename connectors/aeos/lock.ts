/** Shuts one account out at once: its carrier first, beside it each badge and the end of its dates, none of which stops another. */
import type { AccountChange, ActualAccount, Applied, PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone, attempt, combine } from '../../src/connector/outcomes.ts'
import type { PartRef } from '../../src/model/account.ts'
import { type Card, cardKey } from '../../src/model/card.ts'
import { badgeIn, badgeRef, cardOf } from './badges.ts'
import type { Carriers } from './carriers.ts'
import type { BadgeKey, Client } from './client.ts'
import { isNotFound, readOnlyCarrier, vendorCodeOf } from './errors.ts'
import { pastDates, typeOf, validityOf } from './mapping.ts'
import type { PersonRecord, Token } from './records.ts'
import { type CarrierType, carrierTypes, type Settings } from './settings.ts'
import type { Tokens } from './tokens.ts'

export type Lock = Extract<AccountChange, { kind: 'lock' }>

export interface Locking {
  readonly client: Client
  readonly carriers: Carriers
  readonly tokens: Tokens
  readonly settings: Settings
}

interface Badge {
  readonly key: BadgeKey
  readonly card: Card | null
  readonly isOn: boolean
}

/** One carrier to shut; `badges` are read first where nobody knows them. */
interface Carrier {
  readonly id: string
  readonly type: CarrierType
  readonly validity: ActualAccount['validity']
  readonly badges: readonly Badge[] | null
  readonly seenShut: boolean
}

/**
 * An account that was never seen is found first, every carrier of its personnel number; so is one that is gone since it was seen. Of
 * single cards, nothing but their block is written.
 * @throws ConnectorError `rejected` (`aeos.read-only`) for a carrier that AEOS marks as such.
 */
export async function lock(change: Lock, locking: Locking, signal: AbortSignal): Promise<Applied> {
  if (change.known?.untouchable) throw readOnlyCarrier()
  const known = change.known === null ? null : knownCarrier(change.known, locking.settings)
  const seen = known === null ? null : await shut(change, known, locking, signal)
  if (seen !== null) return applied(change, [seen])
  const records = await locking.carriers.find(change.externalId, signal)
  const carriers = records.flatMap((record) => foundCarrier(record, locking.settings) ?? [])
  if (carriers.length === 0 && records.length > 0) throw readOnlyCarrier()
  const done = await allDone(carriers.map((carrier) => shut(change, carrier, locking, signal)))
  return applied(
    change,
    done.filter((each) => each !== null),
  )
}

interface Done {
  readonly outcomes: readonly PartOutcome[]
  /** Of the badges that were on: which ones it blocked. */
  readonly blocked: readonly string[]
}

/** @throws ConnectorError a refused login and a wait that is asked for, where nothing else came of it: that is about every order. */
function applied({ cards }: Lock, done: readonly Done[]): Applied {
  const all = done.flatMap(({ outcomes }) => outcomes)
  const [general] = all.flatMap(({ failure }) =>
    failure?.kind === 'unauthenticated' || failure?.kind === 'throttled' ? failure : [],
  )
  if (general !== undefined && all.every(({ outcome }) => outcome === 'failed')) throw general
  // Who is not there is out already.
  const nobody: PartOutcome[] = [{ part: { kind: 'lock' }, outcome: 'unchanged' }]
  if (cards !== undefined) return { parts: combine(all) }
  if (done.length === 0) return { parts: nobody, blocked: [] }
  return { parts: combine(all), blocked: done.flatMap(({ blocked }) => blocked) }
}

/** Null when the carrier is not there any more. */
async function shut(change: Lock, carrier: Carrier, locking: Locking, signal: AbortSignal): Promise<Done | null> {
  const { cards } = change
  const wanted = new Set(cards?.map(cardKey))
  const isMeant = ({ card }: Badge) => cards === undefined || (card !== null && wanted.has(cardKey(card)))
  const badges = () => blockBadges(carrier, isMeant, locking, signal)
  const [whole, { outcomes, blocked }] =
    cards === undefined
      ? await allDone([shutCarrier(change, carrier, locking, signal), badges()])
      : [[], await badges()]
  const all = [...whole, ...outcomes]
  return all.some(({ failure }) => isNotFound(failure)) ? null : { outcomes: all, blocked }
}

function shutCarrier(change: Lock, carrier: Carrier, locking: Locking, signal: AbortSignal) {
  const { client, settings } = locking
  const { id, type, validity } = carrier
  const isOver = validity.until !== null && Date.parse(validity.until) <= change.at.getTime()
  return allDone([
    attempt({ kind: 'lock' }, () => blockCarrier(carrier, locking, signal)),
    attempt({ kind: 'validity' }, async () => {
      if (isOver) return 'unchanged'
      await client.changeCarrier(type, id, pastDates(validity.from, change.at, settings), signal)
      return 'applied'
    }),
  ])
}

/** A block of others keeps its reason, by which it is told from ours: one that was seen is only made sure of. */
async function blockCarrier({ id, seenShut }: Carrier, { client, settings }: Locking, signal: AbortSignal) {
  if (seenShut && (await client.states(id, signal)).Blocked) return 'unchanged'
  try {
    await client.blockCarrier(id, settings.block_reasons.carrier, signal)
    return 'applied'
  } catch (error) {
    if (isNotFound(error) || vendorCodeOf(error) !== '110') throw error
    if ((await client.states(id, signal)).Blocked) return 'unchanged'
    throw error
  }
}

async function blockBadges(
  { id, badges }: Carrier,
  isMeant: (badge: Badge) => boolean,
  { client, tokens, settings }: Locking,
  signal: AbortSignal,
): Promise<Done> {
  try {
    const held = (badges ?? (await client.tokensOf(id, signal)).map((token) => badgeOf(token, settings))).filter(
      isMeant,
    )
    const outcomes = await allDone(
      held.map(({ key, card, isOn }) =>
        // A badge of unknown format has no name as a part: when it can't be blocked, the lock-out as a whole is not done.
        attempt(partOf(card), async () => (isOn ? tokens.block(key, signal) : 'unchanged')),
      ),
    )
    const blocked = held.flatMap(({ key }, at) => (outcomes[at]?.outcome === 'applied' ? [badgeRef(key)] : []))
    return { outcomes, blocked }
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    return { outcomes: [{ part: { kind: 'lock' }, outcome: 'failed', failure: error }], blocked: [] }
  }
}

function badgeOf({ IdentifierType, BadgeNumber, Blocked }: Token, settings: Settings): Badge {
  const key = { IdentifierType, BadgeNumber }
  return { key, card: cardOf(key, settings), isOn: !Blocked }
}

function partOf(card: Card | null): PartRef {
  return card === null ? { kind: 'lock' } : { kind: 'card', card }
}

/** Null when what was seen names no carrier, or several. */
function knownCarrier({ profile, validity, cards, lock: state }: ActualAccount, settings: Settings): Carrier | null {
  const { Id, CarrierType } = profile
  const type = carrierTypes.find((each) => each === CarrierType)
  if (Id === undefined || type === undefined) return null
  const badges = cards.map(({ ref, state: badgeState }) => {
    const key = badgeIn(ref)
    return { key, card: cardOf(key, settings), isOn: badgeState === 'on' }
  })
  return { id: Id, type, validity, badges, seenShut: state === 'closed' }
}

function foundCarrier(record: PersonRecord, settings: Settings): Carrier | null {
  const type = typeOf(record)
  if (record.ReadOnly || type === null) return null
  return { id: record.Id, type, validity: validityOf(record, settings), badges: null, seenShut: false }
}
