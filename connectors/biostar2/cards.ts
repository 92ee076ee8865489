/** Cards at the server: found or registered by number, blocked and unblocked by row id. */
import type { ActualAccount } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { Card } from '../../src/model/card.ts'
import { joinedNumber } from '../../src/model/cards/forms.ts'
import type { Client, UserFields } from './client.ts'
import { ownFailure, vendorCodeOf } from './errors.ts'
import { isWiegandFormat, modelCardOf, type VendorCard, vendorCardOf } from './mapping.ts'
import type { CardRecord } from './records.ts'
import type { Settings } from './settings.ts'

type CardState = ActualAccount['cards'][number]['state']

/** Cards or QR codes per person (BioStar 2 console text). */
export const cardsMax = 8

export class Cards {
  readonly #client: Client
  readonly #settings: Settings

  constructor(client: Client, settings: Settings) {
    this.#client = client
    this.#settings = settings
  }

  /**
   * The row id of a card that can be put on this user's account. Looks the number up first: row ids go stale when a card is
   * deleted in the console, and registering is immediate, so that an earlier try may have left the card behind. A block of ours is
   * lifted, since a blocked card can't be assigned (codes 413, 65744); as long as nobody has the card, it opens nothing.
   * @throws ConnectorError `conflict` when somebody else has it (`biostar2.card-taken`) or has blocked it (`biostar2.card-unusable`).
   */
  async obtain(card: Card, userId: string, isLifted: boolean, signal: AbortSignal): Promise<string> {
    const wanted = vendorCardOf(card, this.#settings)
    const found = (await this.#find(wanted, signal)) ?? (await this.#register(wanted, signal))
    if (found.owner !== null && found.owner !== userId) {
      throw ownFailure(
        'conflict',
        'biostar2.card-taken',
        'The card belongs to somebody else: take it back there first.',
      )
    }
    if (found.blocked && !isLifted) {
      throw ownFailure(
        'conflict',
        'biostar2.card-unusable',
        'Somebody blocked the card at the server: unblock it there if it may be given out.',
      )
    }
    await this.setState(found.ref, found.blocked ? 'blocked' : 'on', 'on', signal)
    return found.ref
  }

  /** Blocks or unblocks where needed. What somebody else has just done counts as done (codes 262201, 262204). */
  async setState(
    ref: string,
    actual: CardState,
    wanted: CardState,
    signal: AbortSignal,
  ): Promise<'applied' | 'unchanged'> {
    if (actual === wanted) return 'unchanged'
    const alreadyDone = wanted === 'blocked' ? '262201' : '262204'
    try {
      if (wanted === 'blocked') await this.#client.blockCard(ref, signal)
      else await this.#client.unblockCard(ref, signal)
      return 'applied'
    } catch (error) {
      if (error instanceof ConnectorError && vendorCodeOf(error) === alreadyDone) return 'unchanged'
      throw error
    }
  }

  /**
   * Blocks a Wiegand card of this number on this user's account whose format the server does not tell, so that it can't be recognised there.
   * Where it is another card, it is one too many: better than one that was lost and opens doors.
   */
  async blockUntold(card: Card, userId: string, signal: AbortSignal): Promise<'applied' | 'unchanged'> {
    const wanted = joinedNumber(card)?.toString()
    if (wanted === undefined) return 'unchanged'
    // A format that the servers do not know can be there under one that was set up by hand.
    const isForeign = !isWiegandFormat(card.format)
    let outcome: 'applied' | 'unchanged' = 'unchanged'
    for await (const rows of this.#client.findCards(wanted, signal)) {
      for (const row of rows) {
        const { ref, number, type, wiegandFormat, owner, blocked } = row
        if (type !== wiegand || number !== wanted || owner !== userId) continue
        if (wiegandFormat !== undefined && (!isForeign || modelCardOf(row, this.#settings) !== null)) continue
        if ((await this.setState(ref, blocked ? 'blocked' : 'on', 'blocked', signal)) === 'applied') outcome = 'applied'
      }
    }
    return outcome
  }

  async #find(wanted: VendorCard, signal: AbortSignal): Promise<CardRecord | undefined> {
    for await (const rows of this.#client.findCards(wanted.number, signal)) {
      const found = rows.find((row) => row.ref !== '' && isSame(row, wanted))
      if (found !== undefined) return found
    }
    return undefined
  }

  async #register(wanted: VendorCard, signal: AbortSignal): Promise<CardRecord> {
    const refusal = await this.#tryRegister(wanted, signal)
    if (!(refusal instanceof ConnectorError)) return refusal
    // It is there since it was looked up: somebody registered it, or an earlier try of ours landed late.
    const found = await this.#find(wanted, signal)
    if (found !== undefined) return found
    if (vendorCodeOf(refusal) !== cardExists) throw refusal
    throw ownFailure(
      'conflict',
      'biostar2.card-exists',
      'The server has a card of this number, of another kind or format or not ours to see: look for it there.',
    )
  }

  /** The new card, or why it must be looked up again. */
  async #tryRegister(wanted: VendorCard, signal: AbortSignal): Promise<CardRecord | ConnectorError> {
    try {
      const made = await this.#client.registerCard(registration(wanted), signal)
      if (made !== undefined && made.ref !== '') return made
      return ownFailure('transient', 'biostar2.unexpected-answer', 'A registered card was not found again.')
    } catch (error) {
      if (error instanceof ConnectorError && vendorCodeOf(error) === cardExists) return error
      throw error
    }
  }
}

const cardExists = '401'

/** Kinds as the vendor numbers them: 0 chip serial number, 1 Wiegand. */
const wiegand = '1'

function isSame(row: CardRecord, wanted: VendorCard): boolean {
  return (
    row.number === wanted.number &&
    row.type === wanted.type &&
    (wanted.type !== wiegand || row.wiegandFormat === wanted.wiegandFormat)
  )
}

function registration({ type, number, wiegandFormat }: VendorCard): UserFields {
  return type === wiegand
    ? { card_id: number, card_type: { id: wiegand, type: '10' }, wiegand_format_id: { id: wiegandFormat } }
    : { card_id: number, card_type: { id: type, type: '1' } }
}
