/** Keeps a carrier shut by its dates for as long as a badge of it is on, or may be, that shall not be. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { attempt } from '../../src/connector/outcomes.ts'
import type { Card } from '../../src/model/card.ts'
import type { Carrier, Put, Writing } from './put.ts'
import { opening, shutDates } from './shut-dates.ts'
import type { BadgeKey } from './soap/client.ts'

type Done = 'applied' | 'unchanged'

/** What is done to one badge that shall not be on. */
interface Step {
  readonly card: Card
  /** @throws ConnectorError for a card that can't be written, so that none of it is on. */
  readonly key: () => BadgeKey
  /** It is on by now, or may be. */
  readonly isOn: boolean
  /** Calls `shutFirst` before the badge is on for an instant. */
  readonly run: (key: BadgeKey, shutFirst: () => Promise<void>) => Promise<Done>
  /** Another way to see to it that the badge is not on, after `run` failed. */
  readonly remedy: (key: BadgeKey) => Promise<Done>
}

export class Shutting {
  readonly #put: Put
  readonly #carrier: Carrier
  readonly #isBlocked: boolean
  readonly #isOpened: boolean
  readonly #writing: Writing
  readonly #signal: AbortSignal
  #shut: Promise<void> | null = null
  #isOver: boolean
  #inTheWay: ConnectorError | null = null
  #unanswered: ConnectorError | null = null

  /** `isBlocked`: the carrier is shut by its block already. */
  constructor(put: Put, carrier: Carrier, isBlocked: boolean, writing: Writing, signal: AbortSignal) {
    const { byDates, byLock } = opening(put, carrier, writing)
    this.#put = put
    this.#carrier = carrier
    this.#isBlocked = isBlocked
    this.#isOpened = byDates || byLock
    this.#isOver = byDates
    this.#writing = writing
    this.#signal = signal
  }

  /** The dates of the carrier are over, or may be, and are to be written as desired only now. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** What keeps the carrier shut: a badge that is on, or may be, and shall not be. */
  get inTheWay(): ConnectorError | null {
    return this.#inTheWay
  }

  /** @throws ConnectorError when it is not known whether the carrier was shut: dates that may still come are about the whole account. */
  throwIfUnanswered(): void {
    if (this.#unanswered !== null) throw this.#unanswered
  }

  /** Where the step and its remedy fail, and the carrier is shut or was shut for it, the badge is in the way of opening it. */
  attempt({ card, key: keyOf, isOn, run, remedy }: Step): Promise<PartOutcome> {
    const part = { kind: 'card', card } as const
    // Left so by an earlier order that failed or was cut off, if the carrier is shut.
    let mayBeOn = this.#isOpened && isOn
    const shutFirst = async () => {
      this.#shut ??= this.#shutCarrier()
      await this.#shut
      mayBeOn = true
    }
    return attempt(part, async () => {
      const key = keyOf()
      try {
        return await run(key, shutFirst)
      } catch (error) {
        if (!(error instanceof ConnectorError) || !mayBeOn) throw error
        const { failure } = await attempt(part, () => remedy(key))
        this.#inTheWay ??= failure ?? (error.outcomeUnknown ? error : null)
        throw error
      }
    })
  }

  async #shutCarrier(): Promise<void> {
    const { id, type } = this.#carrier
    const { client } = this.#writing
    if (this.#isBlocked && (await client.states(id, this.#signal)).Blocked) return
    try {
      await client.changeCarrier(type, id, shutDates(this.#put, this.#carrier, this.#writing), this.#signal)
      this.#isOver = true
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      this.#isOver ||= error.kind !== 'rejected'
      if (error.outcomeUnknown) this.#unanswered = error
      throw error
    }
  }
}
