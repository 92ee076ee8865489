/** Departments by name and by id, as they were at most five minutes ago: AEOS knows them by id alone. */
import { SharedCall } from '../../src/connector/shared-call.ts'
import type { Settings } from './settings.ts'
import type { Client } from './soap/client.ts'
import { ownFailure } from './soap/errors.ts'
import type { Department } from './soap/records.ts'

const cachedMs = 5 * 60_000

export class Departments {
  readonly #now: () => Date
  readonly #matches: boolean
  readonly #unit: string | undefined
  readonly #loading: SharedCall<readonly Department[]>
  #cached: { readonly at: number; readonly list: readonly Department[] } | null = null

  constructor(client: Client, settings: Settings, now: () => Date) {
    this.#now = now
    this.#matches = settings.departments === 'match'
    this.#unit = settings.unit_id
    this.#loading = new SharedCall((signal) => client.departments(signal))
  }

  /** Tells the name of a department; none where departments are left alone. */
  async names(signal: AbortSignal): Promise<(id: string) => string | undefined> {
    if (!this.#matches) return () => undefined
    const list = await this.#list(signal)
    return (id) => list.find(({ Id }) => Id === id)?.Name
  }

  /** Of our unit, where the settings name one. @throws ConnectorError `rejected` (`aeos.department-unknown`) when there is not exactly one of that very name. */
  async idOf(name: string, signal: AbortSignal): Promise<string> {
    const isOurs = (unit: string | undefined) => this.#unit === undefined || unit === undefined || unit === this.#unit
    const [found, ...more] = (await this.#list(signal)).filter(({ Name, UnitId }) => Name === name && isOurs(UnitId))
    if (found !== undefined && more.length === 0) return found.Id
    const hint =
      'AEOS has no department, or several, of that very name: make one there, or mend the name in the source.'
    throw ownFailure('rejected', 'aeos.department-unknown', hint)
  }

  async #list(signal: AbortSignal): Promise<readonly Department[]> {
    const at = this.#now().getTime()
    if (this.#cached !== null && Math.abs(at - this.#cached.at) < cachedMs) return this.#cached.list
    const list = await this.#loading.join(signal)
    this.#cached = { at, list }
    return list
  }
}
