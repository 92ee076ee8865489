/** Shuts one account out at once: its carrier first, beside it each badge and the end of its dates, none of which stops another. */
import type { AccountChange, ActualAccount, Applied, PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone, attempt, combine } from '../../src/connector/outcomes.ts'
import type { PartRef } from '../../src/model/account.ts'
import { type Card, cardKey } from '../../src/model/card.ts'
import { badgeIn, badgeRef, cardOf } from './badges.ts'
import type { Carriers } from './carriers.ts'
import { whatHides } from './hidden.ts'
import { pastDates, typeOf, validityOf } from './mapping.ts'
import type { CarrierType, Settings } from './settings.ts'
import { carrierTypes } from './settings-fields.ts'
import type { BadgeKey, Client } from './soap/client.ts'
import { isNotFound, readOnlyCarrier, vendorCodeOf } from './soap/errors.ts'
import type { PersonRecord, Token } from './soap/records.ts'
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
export interface Carrier {
  readonly id: string
  readonly type: CarrierType
  readonly validity: ActualAccount['validity']
  readonly badges: readonly Badge[] | null
  readonly seenShut: boolean
}

/**
 * An account that was never seen is found first, every carrier of its personnel number; so is one that is gone since it was seen. Of
 * single cards, nothing but their block is written.
 * @throws ConnectorError `rejected` (`aeos.read-only`) for a carrier that AEOS marks as such; one among several keeps no other open.
 */
export async function lock(change: Lock, locking: Locking, signal: AbortSignal): Promise<Applied> {
  const known = change.known === null ? null : knownCarrier(change.known, locking.settings)
  if (known !== null && change.known?.untouchable) throw readOnlyCarrier()
  const seen = known === null ? null : await shut(change, known, locking, signal)
  if (seen !== null) return applied(change, [seen])
  const records = await locking.carriers.find(change.externalId, signal)
  const carriers = records.flatMap((record) => foundCarrier(record, locking.settings) ?? [])
  if (carriers.length === 0 && records.length > 0) throw readOnlyCarrier()
  const shutOut = await allDone(carriers.map((carrier) => shut(change, carrier, locking, signal)))
  const done = shutOut.filter((each) => each !== null)
  if (carriers.length < records.length) done.push(failed(partsLeft(change, done), readOnlyCarrier()))
  if (known !== null && records.length === 0) {
    const hidden = await whatHides(known, locking, signal)
    if (hidden !== null) done.push(failed(partsLeft(change, done), hidden))
  }
  return applied(change, done)
}

/** What is not done where a carrier could not be shut: the lock-out as a whole, or the cards of which nothing was heard. */
function partsLeft({ cards }: Lock, done: readonly Done[]): PartRef[] {
  const heard = new Set(
    done.flatMap(({ outcomes }) => outcomes.flatMap(({ part }) => (part.kind === 'card' ? [cardKey(part.card)] : []))),
  )
  return cards === undefined
    ? [{ kind: 'lock' }]
    : cards.filter((card) => !heard.has(cardKey(card))).map((card) => ({ kind: 'card', card }))
}

function failed(parts: readonly PartRef[], failure: ConnectorError): Done {
  return { outcomes: parts.map((part) => ({ part, outcome: 'failed', failure })), blocked: [] }
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
  const [lost] = all.flatMap(({ failure }) => (failure !== undefined && isNotFound(failure) ? failure : []))
  if (lost === undefined) return { outcomes: all, blocked }
  try {
    await locking.carriers.mustBeGone(carrier.id, lost, signal)
    return null
  } catch (failure) {
    if (!(failure instanceof ConnectorError)) throw failure
    return { outcomes: all.map((each) => (isNotFound(each.failure) ? { ...each, failure } : each)), blocked }
  }
}

function shutCarrier(change: Lock, carrier: Carrier, locking: Locking, signal: AbortSignal) {
  const { client, settings } = locking
  const { id, type, validity } = carrier
  const isOver = validity.until !== null && Date.parse(validity.until) <= change.at.getTime()
  const looksFirst = carrier.seenShut || requestsOf(carrier, isOver) < requestsMax
  return allDone([
    attempt({ kind: 'lock' }, () => blockCarrier(carrier, looksFirst, locking, signal)),
    attempt({ kind: 'validity' }, async () => {
      if (isOver) return 'unchanged'
      await client.changeCarrier(type, id, pastDates(validity.from, change.at, settings), signal)
      return 'applied'
    }),
  ])
}

/** So many shut a carrier of three badges, besides those that find it: a look that would be one more is left out. */
const requestsMax = 5
const badgesExpected = 3

/** Without a look. */
function requestsOf({ badges }: Carrier, isOver: boolean): number {
  const dates = isOver ? 0 : 1
  return 1 + dates + (badges === null ? badgesExpected : badges.filter(({ isOn }) => isOn).length)
}

/** The leave date and the badges go beside it, so nothing waits for it but the block itself, and not for longer. */
const lookMs = 400

/**
 * A block of others keeps its reason, by which it is told from ours, and one that was seen is only made sure of. A look that fails is left
 * to the block to tell of.
 */
async function staysBlocked({ id, seenShut }: Carrier, { client, settings }: Locking, signal: AbortSignal) {
  try {
    const { Blocked, BlockReason } = await client.states(id, AbortSignal.any([signal, AbortSignal.timeout(lookMs)]))
    return Blocked && (seenShut || BlockReason !== settings.block_reasons.carrier)
  } catch {
    signal.throwIfAborted()
    return false
  }
}

async function blockCarrier(carrier: Carrier, looksFirst: boolean, locking: Locking, signal: AbortSignal) {
  const { client, settings } = locking
  const { id } = carrier
  if (looksFirst && (await staysBlocked(carrier, locking, signal))) return 'unchanged'
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
