/** What HR does while everything goes wrong: one whole export, then files of changes, one after the other. */
import { type Change, joiners, leavers, movers } from '../../demo/workforce/changes.ts'
import { toCsv } from '../../demo/workforce/csv.ts'
import type { Random } from '../../demo/workforce/random.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import { makeWorkforce, type Workforce } from '../../demo/workforce/workforce.ts'
import type { Site } from '../support/site.ts'
import { type ExpectedPerson, expectedPeople } from './expected.ts'

export class Hr {
  readonly #site: Site
  #workforce: Workforce
  #files = 0
  /** Who was in at some time: their accounts are there, open or shut. */
  readonly everIn = new Set<string>()

  constructor(site: Site, size: number) {
    this.#site = site
    this.#workforce = makeWorkforce({ size, seed: 7, today: new Date().toISOString().slice(0, 10) })
  }

  get workforce(): Workforce {
    return this.#workforce
  }

  /** As the rows say now. */
  people(): readonly ExpectedPerson[] {
    return expectedPeople(this.#workforce.rows, new Date())
  }

  async exportAll(): Promise<void> {
    this.#noteWhoIsIn()
    await this.#drop('workers-2026-01-01.csv', this.#workforce.rows)
  }

  /** The next file: some join, some move, some leave, in one of the ways in which HR says so. */
  async change(chance: Random, size: number): Promise<void> {
    const how = chance.pick(['terminated-now', 'end-dated-yesterday', 'last-working-day'] as const)
    const event = chance.pick<(workforce: Workforce) => Change>([
      (workforce) => joiners(workforce, size),
      (workforce) => movers(workforce, size),
      (workforce) => leavers(workforce, size, { how }),
    ])
    const { workforce, touched } = event(this.#workforce)
    this.#workforce = workforce
    this.#noteWhoIsIn()
    const chosen = new Set(touched)
    this.#files += 1
    await this.#drop(
      `changes-${String(this.#files).padStart(4, '0')}.csv`,
      workforce.rows.filter(({ personId }) => chosen.has(personId)),
    )
  }

  #noteWhoIsIn(): void {
    for (const { personId, isIn } of this.people()) if (isIn) this.everIn.add(personId)
  }

  #drop(name: string, rows: readonly WorkerRow[]): Promise<void> {
    return this.#site.drop(name, toCsv(rows, { trailer: true }))
  }
}
