/** Knows why AEOS does not take a badge number for its identifier type: before anything is written for it where that is sure, else after a refusal. */
import { ConnectorError } from '../../src/connector/errors.ts'
import { SharedCall } from '../../src/connector/shared-call.ts'
import { badgesWritten } from './badges.ts'
import { baseOf, misfitOf, rangeShown } from './identifier-range.ts'
import type { Settings } from './settings.ts'
import type { BadgeKey, Client } from './soap/client.ts'
import { vendorCodeOf } from './soap/errors.ts'
import type { IdentifierTypeRecord } from './soap/records.ts'

const cachedMs = 10 * 60_000
/** Nobody is refused by what was read longer ago: the range may be another one by now. */
const freshMs = 5_000

interface Seen {
  readonly at: number
  readonly types: readonly IdentifierTypeRecord[]
}

export class BadgeLimits {
  readonly #now: () => Date
  readonly #settings: Settings
  readonly #reading: SharedCall<readonly IdentifierTypeRecord[]>
  #seen: Seen | null = null

  constructor(client: Client, settings: Settings, now: () => Date) {
    this.#now = now
    this.#settings = settings
    this.#reading = new SharedCall((signal) => typesShown(client, signal))
  }

  /**
   * Where AEOS does not tell of the type, or its range may be one of other numbers than those that are written, it is left to refuse the
   * number itself.
   * @throws ConnectorError `rejected` (`aeos.card-out-of-range`, `aeos.card-digits`), which may pass, since types are widened. The texts
   * never hold the number.
   */
  async check(key: BadgeKey, signal: AbortSignal): Promise<void> {
    const misfit = async (maxAgeMs: number) => {
      const type = await this.#typeOf(key, maxAgeMs, signal)
      const found = type === undefined ? null : misfitOf(key.BadgeNumber, type)
      return found === 'range' && type !== undefined && !this.#isClear(type) ? null : found
    }
    if ((await misfit(cachedMs)) === null) return
    const reason = await misfit(freshMs)
    if (reason !== null) throw refusals[reason]()
  }

  /** A refusal that names no reason, with the reason where the type shows one by now. */
  async explained(refused: ConnectorError, key: BadgeKey, signal: AbortSignal): Promise<ConnectorError> {
    this.#seen = null
    const type = await this.#typeOf(key, freshMs, signal)
    const reason = type === undefined ? null : misfitOf(key.BadgeNumber, type)
    return reason === null ? refused : refusals[reason](refused.vendorText)
  }

  /**
   * No document says whether the limits of a type count its facility code, nor in which digits those of a hexadecimal type are: they are
   * sure to be of what is written only where that is a decimal number alone, within whose reach they lie.
   */
  #isClear(type: IdentifierTypeRecord): boolean {
    const { least = 0n, most = least } = rangeShown(type) ?? {}
    const written = this.#settings.identifier_types.filter(({ id }) => id === type.Id).map(badgesWritten)
    return (
      baseOf(type) === 'decimal' &&
      written.every((each) => each.isAlone && each.base === 'decimal' && most <= each.most)
    )
  }

  async #typeOf({ IdentifierType }: BadgeKey, maxAgeMs: number, signal: AbortSignal) {
    return (await this.#types(maxAgeMs, signal)).find(({ Id }) => Id === IdentifierType)
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
  range: (vendorText?: string) =>
    refusal(
      'aeos.card-out-of-range',
      'The number of the card lies outside the range that AEOS has for its identifier type: compare both (gatehouse check).',
      vendorText,
    ),
  digits: (vendorText?: string) =>
    refusal(
      'aeos.card-digits',
      'AEOS takes other digits for the identifier type than identifier_types writes: correct the notation (gatehouse check).',
      vendorText,
    ),
}

function refusal(code: `aeos.${string}`, hint: string, vendorText?: string): ConnectorError {
  return new ConnectorError({
    kind: 'rejected',
    mayPass: true,
    code,
    hint,
    ...(vendorText === undefined ? {} : { vendorText }),
  })
}
