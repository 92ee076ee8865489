/** Refuses a badge number that AEOS would not take for its identifier type, before anything is written for it. */
import { ConnectorError } from '../../src/connector/errors.ts'
import { SharedCall } from '../../src/connector/shared-call.ts'
import type { BadgeKey, Client } from './client.ts'
import { ownFailure, vendorCodeOf } from './errors.ts'
import { misfitOf } from './identifier-range.ts'
import type { IdentifierTypeRecord } from './records.ts'

const cachedMs = 10 * 60_000
/** Nobody is refused by what was read longer ago: the range may be another one by now. */
const freshMs = 5_000

interface Seen {
  readonly at: number
  readonly types: readonly IdentifierTypeRecord[]
}

export class BadgeLimits {
  readonly #now: () => Date
  readonly #reading: SharedCall<readonly IdentifierTypeRecord[]>
  #seen: Seen | null = null

  constructor(client: Client, now: () => Date) {
    this.#now = now
    this.#reading = new SharedCall((signal) => typesShown(client, signal))
  }

  /**
   * Where AEOS does not tell of the type, it is left to refuse the number itself.
   * @throws ConnectorError `rejected` (`aeos.card-out-of-range`, `aeos.card-digits`). The texts never hold the number.
   */
  async check({ IdentifierType, BadgeNumber }: BadgeKey, signal: AbortSignal): Promise<void> {
    const misfit = async (maxAgeMs: number) => {
      const type = (await this.#types(maxAgeMs, signal)).find(({ Id }) => Id === IdentifierType)
      return type === undefined ? null : misfitOf(BadgeNumber, type)
    }
    if ((await misfit(cachedMs)) === null) return
    const reason = await misfit(freshMs)
    if (reason !== null) throw refusals[reason]()
  }

  /** AEOS refused a number that fits: what it says of its types is asked anew. */
  forget(): void {
    this.#seen = null
  }

  async #types(maxAgeMs: number, signal: AbortSignal): Promise<readonly IdentifierTypeRecord[]> {
    const at = this.#now().getTime()
    if (this.#seen !== null && Math.abs(at - this.#seen.at) < maxAgeMs) return this.#seen.types
    const types = await this.#reading.join(signal)
    this.#seen = { at, types }
    return types
  }
}

/** None where the system user may not ask, or AEOS can't look them up: badges are written all the same. */
async function typesShown(client: Client, signal: AbortSignal): Promise<readonly IdentifierTypeRecord[]> {
  try {
    return await client.identifierTypes(signal)
  } catch (error) {
    if (error instanceof ConnectorError && (error.kind === 'rejected' || vendorCodeOf(error) === '85')) return []
    throw error
  }
}

const refusals = {
  range: () =>
    ownFailure(
      'rejected',
      'aeos.card-out-of-range',
      'The number of the card lies outside the range that AEOS has for its identifier type: compare both (gatehouse check).',
    ),
  digits: () =>
    ownFailure(
      'rejected',
      'aeos.card-digits',
      'AEOS takes other digits for the identifier type than identifier_types writes: correct the notation (gatehouse check).',
    ),
}
