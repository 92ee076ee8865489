/** What HR does while everything goes wrong: one whole export, then files of changes, one after the other. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Change, drop, joiners, leavers, movers } from '../../demo/workforce/changes.ts'
import { toCsv } from '../../demo/workforce/csv.ts'
import { sites } from '../../demo/workforce/organisation.ts'
import type { Random } from '../../demo/workforce/random.ts'
import { trapNames } from '../../demo/workforce/traps.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import { makeWorkforce, type Workforce } from '../../demo/workforce/workforce.ts'
import { until } from '../support/servers.ts'
import type { Site } from '../support/site.ts'
import { type ExpectedPerson, expectedPeople } from './expected.ts'

/** A process that was killed, or whose store is away, reads nothing for a while. */
const filesLimitMs = 120_000

export class Hr {
  readonly #site: Site
  #workforce: Workforce
  #files = 0
  /** So many may still leave: a site of which most have left shows little. */
  #mayLeave: number
  /** Who was in at some time: their accounts are there, open or shut. */
  readonly everIn = new Set<string>()

  constructor(site: Site, size: number) {
    this.#site = site
    this.#workforce = makeWorkforce({ size, seed: 7, today: begunEverywhere(new Date()) })
    this.#mayLeave = Math.floor(size / 3)
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
      (workforce) => {
        if (this.#mayLeave < size) return joiners(workforce, size)
        this.#mayLeave -= size
        return leavers(workforce, size, { how })
      },
    ])
    await this.#deliver(event(this.#workforce))
  }

  /** These many move to another department, in a file of their own. Returns their employee numbers. */
  async move(count: number): Promise<readonly string[]> {
    return this.#deliver(movers(this.#workforce, count))
  }

  /** These many leave, in a file of their own. Returns their employee numbers. */
  async leave(count: number): Promise<readonly string[]> {
    return this.#deliver(leavers(this.#workforce, count, { how: 'terminated-now' }))
  }

  /** Somebody who is in, and whom no file names from now on; resolves when no file that names them waits any more. */
  async forgetSomebody(chance: Random): Promise<ExpectedPerson> {
    const trapped = new Set(trapNames.flatMap((trap) => this.#workforce.traps[trap]))
    const person = chance.pick(this.people().filter(({ isIn, personId }) => isIn && !trapped.has(personId)))
    this.#workforce = drop(this.#workforce, [person.personId]).workforce
    this.everIn.delete(person.personId)
    const folder = join(this.#site.directory, 'hr')
    const before = await readdir(folder)
    await until(
      'older files are read',
      async () => {
        const now = new Set(await readdir(folder))
        return before.every((name) => !now.has(name))
      },
      filesLimitMs,
    )
    return person
  }

  /** One file with all rows of whom the change touched. */
  async #deliver({ workforce, touched }: Change): Promise<readonly string[]> {
    this.#workforce = workforce
    this.#noteWhoIsIn()
    const chosen = new Set(touched)
    this.#files += 1
    const rows = workforce.rows.filter(({ personId }) => chosen.has(personId))
    await this.#drop(`changes-${String(this.#files).padStart(4, '0')}.csv`, rows)
    return [...new Set(rows.map(({ employeeNumber }) => employeeNumber.trim()))]
  }

  #noteWhoIsIn(): void {
    for (const { personId, isIn } of this.people()) if (isIn) this.everIn.add(personId)
  }

  #drop(name: string, rows: readonly WorkerRow[]): Promise<void> {
    return this.#site.drop(name, toCsv(rows, { trailer: true }))
  }
}

/** The day that has begun at every site: whoever starts today is in, wherever that is, at whatever hour this runs. */
function begunEverywhere(now: Date): string {
  const days = sites.map(({ zone }) => new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(now))
  return days.sort()[0] as string
}
