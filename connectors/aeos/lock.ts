/** Shuts one account out at once: its carrier first, beside it each badge and the end of its dates, none of which stops another. */
import type { AccountChange, ActualAccount, Applied, PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone, attempt, combine } from '../../src/connector/outcomes.ts'
import type { PartRef } from '../../src/model/account.ts'
import { type Card, cardKey } from '../../src/model/card.ts'
import { cardOf } from './badges.ts'
import { badgeIn, type Carriers } from './carriers.ts'
import type { BadgeKey, Client } from './client.ts'
import { isNotFound, readOnlyCarrier, vendorCodeOf } from './errors.ts'
import { pastDates, typeOf, validityOf } from './mapping.ts'
import type { PersonRecord } from './records.ts'
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
  if (known !== null) {
    const parts = await shut(change, [known], locking, signal)
    if (parts !== 'gone') return { parts }
  }
  const records = await locking.carriers.find(change.externalId, signal)
  const carriers = records.flatMap((record) => foundCarrier(record, locking.settings) ?? [])
  if (carriers.length === 0 && records.length > 0) throw readOnlyCarrier()
  const parts = await shut(change, carriers, locking, signal)
  return { parts: parts === 'gone' || parts.length === 0 ? outAlready(change) : parts }
}

/** Who is not there is out already. */
function outAlready({ cards }: Lock): PartOutcome[] {
  return cards === undefined ? [{ part: { kind: 'lock' }, outcome: 'unchanged' }] : []
}

/** `gone` when one of them is not there any more. */
async function shut(change: Lock, carriers: readonly Carrier[], locking: Locking, signal: AbortSignal) {
  const one = change.cards === undefined ? shutCarrier : blockCards
  const outcomes = (await allDone(carriers.map((carrier) => one(change, carrier, locking, signal)))).flat()
  return outcomes.some(({ failure }) => isNotFound(failure)) ? 'gone' : combine(outcomes)
}

async function shutCarrier(change: Lock, carrier: Carrier, locking: Locking, signal: AbortSignal) {
  const { client, settings } = locking
  const { id, type, validity } = carrier
  const isOver = validity.until !== null && Date.parse(validity.until) <= change.at.getTime()
  const outcomes = await allDone([
    attempt({ kind: 'lock' }, () => blockCarrier(carrier, locking, signal)),
    blockBadges(carrier, () => true, locking, signal),
    attempt({ kind: 'validity' }, async () => {
      if (isOver) return 'unchanged'
      await client.changeCarrier(type, id, pastDates(validity.from, change.at, settings), signal)
      return 'applied'
    }),
  ])
  return outcomes.flat()
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

function blockCards({ cards = [] }: Lock, carrier: Carrier, locking: Locking, signal: AbortSignal) {
  const wanted = new Set(cards.map(cardKey))
  return blockBadges(carrier, ({ card }) => card !== null && wanted.has(cardKey(card)), locking, signal)
}

async function blockBadges(
  { id, badges }: Carrier,
  isMeant: (badge: Badge) => boolean,
  { client, tokens, settings }: Locking,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const block = ({ key, card, isOn }: Badge) =>
    // A badge of unknown format has no name as a part: when it can't be blocked, the lock-out as a whole is not done.
    attempt(partOf(card), async () => (isOn ? tokens.block(key, signal) : 'unchanged'))
  if (badges !== null) return allDone(badges.filter(isMeant).map(block))
  try {
    const found = (await client.tokensOf(id, signal)).map((token) => ({
      key: { IdentifierType: token.IdentifierType, BadgeNumber: token.BadgeNumber },
      card: cardOf(token, settings),
      isOn: !token.Blocked,
    }))
    return await allDone(found.filter(isMeant).map(block))
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    return [{ part: { kind: 'lock' }, outcome: 'failed', failure: error }]
  }
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
