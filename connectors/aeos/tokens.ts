/** Badges at the server: assigned and withdrawn, blocked and unblocked, by identifier type and number. */
import type { ActualAccount } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { AccountCard } from '../../src/model/account.ts'
import type { BadgeLimits } from './badge-limits.ts'
import { badgeOf, isSameBadge } from './badges.ts'
import type { Settings } from './settings.ts'
import type { BadgeKey, Client } from './soap/client.ts'
import { isNotFound, ownFailure, unlessRefused, vendorCodeOf } from './soap/errors.ts'
import { isWhole, walk } from './soap/pages.ts'
import type { Token } from './soap/records.ts'

type CardState = ActualAccount['cards'][number]['state']
type Done = 'applied' | 'unchanged'

interface Found {
  readonly token: Token
  /** Id of the carrier that has it; null when nobody has. */
  readonly owner: string | null
}

type Look = Found | 'absent' | 'unheld' | 'untold'

interface Obtaining {
  readonly isLifted: boolean
  readonly mayTakeFrom: (owner: string) => Promise<boolean>
  /** Shuts the carrier before it is given a badge that shall be blocked: AEOS gives every badge as one that is on. */
  readonly shutFirst: () => Promise<void>
}

export class Tokens {
  readonly #client: Client
  readonly #limits: BadgeLimits
  readonly #settings: Settings

  constructor(client: Client, limits: BadgeLimits, settings: Settings) {
    this.#client = client
    this.#limits = limits
    this.#settings = settings
  }

  /**
   * Gives the card to this carrier in the state that is wanted; an earlier try may have done so already. A block of ours on a card that
   * nobody has is lifted first. `mayTakeFrom` tells whether another carrier is the same person's, shut for good.
   * @throws ConnectorError `conflict` when somebody else has it (`aeos.card-taken`) or has blocked it (`aeos.card-unusable`), or when it
   * waits there while another stands in for it (`aeos.card-replaced`); `rejected` for a number that its type does not take.
   */
  async obtain(entry: AccountCard, carrierId: string, how: Obtaining, signal: AbortSignal): Promise<Done> {
    const key = badgeOf(entry.card, this.#settings)
    await this.#limits.check(key, signal)
    // Also of a number that nobody has: AEOS may give one that was blocked for good as if it were free.
    return this.#give({ key, found: await this.#find(key, signal), ...entry }, carrierId, how, signal)
  }

  async #give(
    { key, found, state }: Pick<AccountCard, 'state'> & { readonly key: BadgeKey; readonly found: Found | null },
    carrierId: string,
    { isLifted, mayTakeFrom, shutFirst }: Obtaining,
    signal: AbortSignal,
  ): Promise<Done> {
    if (found?.owner === carrierId) {
      await this.setState(key, found.token.Blocked ? 'blocked' : 'on', state, signal)
      return 'applied'
    }
    if (found !== null && found.owner !== null) {
      if (!(await mayTakeFrom(found.owner))) throw taken()
      // What was blocked when that carrier was shut is ours to lift, and nothing else.
      await this.withdraw(found.token, { isLifted: true, shutFirst: async () => undefined }, signal)
    } else if (found?.token.Blocked) {
      if (!isLifted) throw unusable()
      this.#checkLiftable(found.token)
      await this.#client.release(key, signal)
    }
    // A badge that nobody has can be blocked for good only, so this one is on until it is blocked.
    if (state === 'blocked') await shutFirst()
    await this.#assign(key, carrierId, signal)
    if (state === 'blocked') await this.#blockAt(key, carrierId, signal)
    return 'applied'
  }

  /** Blocks a badge that is on at this carrier and shall not be, since it could not be taken. */
  async keepShut(key: BadgeKey, carrierId: string, signal: AbortSignal): Promise<Done> {
    if (!(await this.#isOnAt(key, carrierId, signal))) return 'unchanged'
    await this.#blockAt(key, carrierId, signal)
    return 'applied'
  }

  /** Takes back a badge that is on at this carrier and shall not be, since it could not be blocked. */
  async takeBack(key: BadgeKey, carrierId: string, signal: AbortSignal): Promise<Done> {
    if (!(await this.#isOnAt(key, carrierId, signal))) return 'unchanged'
    await this.#client.withdraw(key, signal)
    return 'applied'
  }

  /** With one request at most after a refusal: the carrier is shut meanwhile. */
  async #blockAt(key: BadgeKey, carrierId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.blockToken(key, this.#settings.block_reasons.token, signal)
    } catch (error) {
      if (!isStateRefused(error) || (await this.#isOnAt(key, carrierId, signal))) throw error
    }
  }

  async #isOnAt(key: BadgeKey, carrierId: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#client.tokensOf(carrierId, signal)).some((each) => isSameBadge(each, key) && !each.Blocked)
  }

  /** Blocks or unblocks where needed. What somebody else has just done counts as done. */
  async setState(key: BadgeKey, actual: CardState, wanted: CardState, signal: AbortSignal): Promise<Done> {
    if (actual === wanted) return 'unchanged'
    return wanted === 'blocked' ? this.block(key, signal) : this.#unblock(key, signal)
  }

  async block(key: BadgeKey, signal: AbortSignal): Promise<Done> {
    try {
      await this.#client.blockToken(key, this.#settings.block_reasons.token, signal)
      return 'applied'
    } catch (error) {
      if (!isStateRefused(error)) throw error
      const found = await this.#find(key, signal)
      // Blocked meanwhile, or nobody's any more: either way it opens nothing.
      if (found === null || found.token.Blocked || found.owner === null) return 'unchanged'
      throw error
    }
  }

  /**
   * Takes the badge from whoever has it. One that is blocked stays so, unless the block is ours to lift; where the server withdraws none
   * that is blocked, it is unblocked first, and opens nothing meanwhile: `shutFirst` sees to it that its carrier is shut.
   * @throws ConnectorError `conflict` when the block to lift is somebody else's (`aeos.card-unusable`), or the badge waits while another
   * stands in for it (`aeos.card-replaced`); `rejected` (`aeos.block-reason`) when our reason is none for withdrawing badges.
   */
  async withdraw(
    token: BadgeKey & { readonly Blocked: boolean },
    { isLifted, shutFirst }: { readonly isLifted: boolean; readonly shutFirst: () => Promise<void> },
    signal: AbortSignal,
  ): Promise<void> {
    const { IdentifierType, BadgeNumber, Blocked } = token
    const key = { IdentifierType, BadgeNumber }
    const keepBlocked = () => this.#client.withdrawBlocked(key, this.#settings.block_reasons.token, signal)
    const free = () => this.#client.withdraw(key, signal)
    if (Blocked && isLifted) {
      // The order is about a block of ours, which somebody's own may have replaced.
      const found = await this.#find(key, signal)
      if (found === null || found.owner === null) return
      this.#checkLiftable(found.token)
    }
    try {
      await (Blocked && !isLifted ? keepBlocked() : free())
    } catch (error) {
      if (!isStateRefused(error)) throw error
      const found = await this.#find(key, signal)
      if (found === null || found.owner === null) return
      if (!found.token.Blocked) throw error
      if (found.token.Replaced) throw replaced()
      if (isLifted) this.#checkLiftable(found.token)
      else await this.#checkReason(signal)
      await shutFirst()
      await this.#client.unblockToken(key, signal)
      await (isLifted ? free() : keepBlocked())
    }
  }

  /** @throws ConnectorError `conflict` for a block that is not ours to lift. */
  #checkLiftable({ Blocked, Replaced, BlockReason }: Token): void {
    if (!Blocked) return
    if (Replaced) throw replaced()
    if (BlockReason !== this.#settings.block_reasons.token) throw unusable()
  }

  /** AEOS tells by one code that it withdraws no blocked badge, and that the reason is none for it. @throws ConnectorError `rejected` for the latter. */
  async #checkReason(signal: AbortSignal): Promise<void> {
    const reasons = await unlessRefused(() => this.#client.blockReasons(signal))
    const ours = reasons?.find(({ Id }) => Id === this.#settings.block_reasons.token)
    if (reasons === null || ours?.IdentifierWithdrawReason) return
    const hint = 'block_reasons.token is no reason for withdrawing badges: allow that at AEOS, or name another reason.'
    throw ownFailure('rejected', 'aeos.block-reason', hint)
  }

  async #assign(key: BadgeKey, carrierId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.assign(carrierId, key, signal)
    } catch (error) {
      if (!(error instanceof ConnectorError) || vendorCodeOf(error) !== assignRefused) throw error
      const seen = await this.#look(key, signal)
      if (typeof seen === 'string') throw await this.#limits.explained(error, key, signal)
      if (seen.owner === carrierId) return
      if (seen.owner !== null) throw taken()
      throw error
    }
  }

  /** Lifts only a block of ours: what others blocked since then stays so, and a card that waits for its replacement is none of ours. */
  async #unblock(key: BadgeKey, signal: AbortSignal): Promise<Done> {
    const found = await this.#find(key, signal)
    // Not to be seen, so that nobody knows what would be lifted.
    if (found === null) throw unusable()
    if (!found.token.Blocked) return 'unchanged'
    this.#checkLiftable(found.token)
    const { IdentifierType, BadgeNumber } = key
    await this.#client.unblockToken({ IdentifierType, BadgeNumber }, signal)
    return 'applied'
  }

  /** All that is to be known of the badge. Reads every number that begins like this one where they are many and nobody has it. */
  async #find(key: BadgeKey, signal: AbortSignal): Promise<Found | null> {
    const seen = await this.#look(key, signal)
    if (typeof seen === 'object') return seen
    return seen === 'absent' ? null : this.#walk(key, signal)
  }

  /**
   * With three requests at most, however many numbers begin like this one: the server finds numbers by how they begin, and tells who has
   * the very badge. `absent`: there is none. `unheld`: nobody has it, free, blocked for good, or unknown. `untold`: AEOS does not say.
   */
  async #look(key: BadgeKey, signal: AbortSignal): Promise<Look> {
    const { IdentifierType, BadgeNumber } = key
    const page = await this.#client.findTokens({ IdentifierType, BadgeNumber }, 0, signal)
    const seen = among(page.rows, key)
    if (seen !== null) return seen
    if (isWhole(page)) return 'absent'
    const owner = await this.#client.holderOf(key, signal)
    if (owner === null) return 'unheld'
    if (owner === undefined) return 'untold'
    try {
      const token = (await this.#client.tokensOf(owner, signal)).find((each) => isSameBadge(each, key))
      return token === undefined ? 'untold' : { token, owner }
    } catch (error) {
      // Of a carrier that is hidden from our user AEOS says more in the list of badges.
      if (isNotFound(error)) return 'untold'
      throw error
    }
  }

  async #walk({ IdentifierType, BadgeNumber }: BadgeKey, signal: AbortSignal): Promise<Found | null> {
    const key = { IdentifierType, BadgeNumber }
    const load = (start: number) => this.#client.findTokens(key, start, signal)
    for await (const rows of walk(load, ({ Identifier: each }) => `${each.IdentifierType} ${each.BadgeNumber}`)) {
      const found = among(rows, key)
      if (found !== null) return found
    }
    return null
  }
}

type Row = Awaited<ReturnType<Client['findTokens']>>['rows'][number]

/** The very badge, among those that begin like it. */
function among(rows: readonly Row[], key: BadgeKey): Found | null {
  const row = rows.find(({ Identifier }) => isSameBadge(Identifier, key))
  return row === undefined ? null : { token: row.Identifier, owner: row.CarrierId ?? null }
}

const assignRefused = '113'
/** Codes of the operations that change the state of a badge. */
const stateCodes: ReadonlySet<string> = new Set(['121', '122', '123', '124', '125', '126'])

function isStateRefused(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && stateCodes.has(vendorCodeOf(error) ?? '')
}

function taken(): ConnectorError {
  return ownFailure('conflict', 'aeos.card-taken', 'The badge belongs to somebody else: take it back there first.')
}

function unusable(): ConnectorError {
  const hint = 'Somebody blocked the badge at AEOS for a reason that is not ours: unblock it there if it may be used.'
  return ownFailure('conflict', 'aeos.card-unusable', hint)
}

function replaced(): ConnectorError {
  const hint = 'The badge was forgotten and waits while another stands in for it: give it back at AEOS.'
  return ownFailure('conflict', 'aeos.card-replaced', hint)
}
