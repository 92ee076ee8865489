/** Departments by name and by id, as they were at most five minutes ago: AEOS knows them by id alone. */
import { SharedCall } from '../../src/connector/shared-call.ts'
import type { Client } from './client.ts'
import { ownFailure } from './errors.ts'
import type { Named } from './records.ts'
import type { Settings } from './settings.ts'

const cachedMs = 5 * 60_000

export class Departments {
  readonly #now: () => Date
  readonly #matches: boolean
  readonly #loading: SharedCall<readonly Named[]>
  #cached: { readonly at: number; readonly list: readonly Named[] } | null = null

  constructor(client: Client, settings: Settings, now: () => Date) {
    this.#now = now
    this.#matches = settings.departments === 'match'
    this.#loading = new SharedCall((signal) => client.departments(signal))
  }

  /** Tells the name of a department; none where departments are left alone. */
  async names(signal: AbortSignal): Promise<(id: string) => string | undefined> {
    if (!this.#matches) return () => undefined
    const list = await this.#list(signal)
    return (id) => list.find(({ Id }) => Id === id)?.Name
  }

  /** @throws ConnectorError `rejected` (`aeos.department-unknown`) when there is not exactly one of that very name. */
  async idOf(name: string, signal: AbortSignal): Promise<string> {
    const [found, ...more] = (await this.#list(signal)).filter(({ Name }) => Name === name)
    if (found !== undefined && more.length === 0) return found.Id
    const hint =
      'AEOS has no department, or several, of that very name: make one there, or mend the name in the source.'
    throw ownFailure('rejected', 'aeos.department-unknown', hint)
  }

  async #list(signal: AbortSignal): Promise<readonly Named[]> {
    const at = this.#now().getTime()
    if (this.#cached !== null && Math.abs(at - this.#cached.at) < cachedMs) return this.#cached.list
    const list = await this.#loading.join(signal)
    this.#cached = { at, list }
    return list
  }
}
