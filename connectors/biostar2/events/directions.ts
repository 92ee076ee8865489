/** Which way people go at which reader, by what the server says of its doors. */
import type { Context } from '../../../src/connector/contract.ts'
import { ConnectorError } from '../../../src/connector/errors.ts'
import type { AccessEvent } from '../../../src/model/events/event.ts'
import type { Client } from '../client.ts'

export type Direction = AccessEvent['direction']

const knownForMs = 600_000

export class Directions {
  readonly #client: Client
  readonly #context: Context
  #ways = new Map<string, Direction>()
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(client: Client, context: Context) {
    this.#client = client
    this.#context = context
  }

  /** Asks the server now and then, and says if it did. A login that may not read doors costs the direction, and nothing else. */
  async keep(signal: AbortSignal): Promise<boolean> {
    if (performance.now() - this.#askedAt < knownForMs) return false
    try {
      const ways = new Map<string, Direction>()
      for (const { id, entry, exit } of await this.#client.doors(signal)) {
        if (exit !== undefined) ways.set(`${id} ${exit}`, 'out')
        if (entry !== undefined) ways.set(`${id} ${entry}`, entry === exit ? null : 'in')
      }
      this.#ways = ways
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      this.#context.log('warn', 'events.doors-unreadable', { code: error.code as `${string}.${string}` })
    }
    this.#askedAt = performance.now()
    return true
  }

  readonly of = (door: string | null, device: string | null): Direction => this.#ways.get(`${door} ${device}`) ?? null
}
