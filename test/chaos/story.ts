/** What happens at the site from the first import to the end of a working day, while its gateway is killed again and again. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type Change, joiners, leavers, movers } from '../../demo/workforce/changes.ts'
import { toCsv } from '../../demo/workforce/csv.ts'
import type { Random } from '../../demo/workforce/random.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import { makeWorkforce, type Workforce } from '../../demo/workforce/workforce.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import type { StatusView } from '../../src/api/acts/status.ts'
import { ApiRefusal, type GatewayProcess } from '../support/gateway-process.ts'
import { postgresPid, type Site } from '../support/site.ts'
import { type ExpectedPerson, expectedPeople } from './expected.ts'

export interface StoryOptions {
  readonly people: number
  /** Deaths of the gateway while the first people are provisioned, beside one in the import and one in the release. */
  readonly killsWhileProvisioning: number
  /** Deaths of the gateway in the course of the day. */
  readonly killsOfTheDay: number
}

export class Story {
  readonly #site: Site
  readonly #chance: Random
  readonly #options: StoryOptions
  #gateway: GatewayProcess | undefined
  #kills = 0
  workforce: Workforce
  /** Who was in at some time: their accounts are there, open or shut. */
  readonly everIn = new Set<string>()
  lockedByHand: ExpectedPerson | undefined
  secondToken = ''

  constructor(site: Site, chance: Random, options: StoryOptions) {
    this.#site = site
    this.#chance = chance
    this.#options = options
    const today = new Date().toISOString().slice(0, 10)
    this.workforce = makeWorkforce({ size: options.people, seed: 7, today })
  }

  get gateway(): GatewayProcess {
    if (this.#gateway === undefined) throw new Error('no gateway was started')
    return this.#gateway
  }

  get kills(): number {
    return this.#kills
  }

  /** As the rows say now. */
  people(): readonly ExpectedPerson[] {
    return expectedPeople(this.workforce.rows, new Date())
  }

  /** The gateway dies in the import, in the release, and while people are provisioned. */
  async firstSync(whileWorkWaits: () => Promise<void>): Promise<void> {
    const { state } = this.#site.simulator
    const before = state.userCount
    await this.#start()
    await this.#drop('workers-2026-01-01.csv', this.workforce.rows)
    await sleep(this.#chance.below(1_500))
    await this.#killAndStart()

    const first = await this.#firstPlan()
    expect(first.kinds.map(({ kind, held }) => [kind, held])).toEqual([['create', true]])
    const released = this.gateway
      .call(this.#site.token, `/v1/plans/${first.id}/release`, { reason: 'first import, checked' })
      .catch(() => 'the gateway died meanwhile')
    await sleep(this.#chance.below(200))
    await this.#killAndStart()
    await released

    const wanted = this.people().filter(({ isIn }) => isIn).length
    const share = (part: number): number => before + Math.floor(wanted * part)
    const { killsWhileProvisioning: kills } = this.#options
    for (let kill = 0; kill < kills; kill += 1) {
      const users = share((0.7 * (kill + this.#chance.next())) / kills)
      await this.#wait(`${users} users`, () => state.userCount >= users)
      await this.#killAndStart()
    }
    await this.#wait('most people are provisioned', () => state.userCount >= share(0.75))
    expect((await this.#status()).targets[0]?.waiting).toBeGreaterThan(0)
    await whileWorkWaits()
    await this.#wait('everybody is provisioned', () => state.userCount >= before + wanted)
    this.#noteWhoIsIn()
  }

  /** Movers wait for a release; joiners and leavers do not. */
  async day(): Promise<void> {
    const { token } = await this.ask<{ token: string }>(this.#site.token, '/v1/tokens', {
      name: 'Test Operator Two',
      role: 'operator',
      days: 1,
    })
    this.secondToken = token
    const events: readonly ((workforce: Workforce) => Change)[] = [
      (workforce) => movers(workforce, 40),
      (workforce) => leavers(workforce, 12, { how: 'terminated-now' }),
      (workforce) => joiners(workforce, 12),
      (workforce) => leavers(workforce, 12, { how: 'end-dated-yesterday' }),
      (workforce) => movers(workforce, 6),
      (workforce) => leavers(workforce, 12, { how: 'last-working-day' }),
    ]
    const fatal = new Set<number>()
    while (fatal.size < this.#options.killsOfTheDay) fatal.add(this.#chance.below(events.length))
    for (const [at, event] of events.entries()) {
      const { workforce, touched } = event(this.workforce)
      this.workforce = workforce
      this.#noteWhoIsIn()
      const chosen = new Set(touched)
      await this.#drop(
        `changes-${at}.csv`,
        workforce.rows.filter(({ personId }) => chosen.has(personId)),
      )
      const over = performance.now() + this.#chance.below(1_500)
      await this.#wait('the next file', () => performance.now() > over)
      if (fatal.has(at)) await this.#killAndStart()
    }
    await this.#lockOneByHand()
  }

  /** Until nothing waits any more, not even for a write that may land late. */
  async quiet(): Promise<void> {
    await this.#wait(
      'the gateway is quiet',
      async () => {
        const { targets, lockouts, plans } = await this.#status()
        const files = await readdir(join(this.#site.directory, 'hr'))
        // A mailbox that two people share is tried for as long as they share it, and nothing else.
        const pairs = this.workforce.traps.sharedEmail.length / 2
        const idle = targets.every(({ waiting, failing }) => waiting === 0 && failing <= pairs)
        return idle && files.length + lockouts.open + plans.held === 0
      },
      120_000,
    )
  }

  #noteWhoIsIn(): void {
    for (const { personId, isIn } of this.people()) if (isIn) this.everIn.add(personId)
  }

  async #lockOneByHand(): Promise<void> {
    const chosen = this.people().find(({ isIn }) => isIn)
    if (chosen === undefined) throw new Error('nobody is in')
    this.lockedByHand = chosen
    const token = this.secondToken
    const { id } = await this.ask<{ id: string }>(token, '/v1/people/find', { by: chosen.userId })
    await this.ask(token, `/v1/people/${id}/lock`, { reason: 'card found on the street' })
  }

  #drop(name: string, rows: readonly WorkerRow[]): Promise<void> {
    return this.#site.drop(name, toCsv(rows, { trailer: true }))
  }

  async #start(): Promise<void> {
    this.#gateway = await this.#site.start()
  }

  /** Every second death takes the database along, as a power cut would. */
  async #killAndStart(): Promise<void> {
    this.#kills += 1
    const database = this.#kills % 2 === 0 ? await postgresPid(this.#site.dataPath) : null
    const gone = this.gateway.kill()
    if (database !== null) process.kill(database, 'SIGKILL')
    await gone
    await this.#start()
    expect(this.gateway.output()).toContain(database === null ? '"postgres.adopted"' : '"postgres.started"')
  }

  async #firstPlan(): Promise<PlanView> {
    let found: PlanView | undefined
    await this.#wait(
      'the first plan is held',
      async () => {
        found = await this.#held()
        return found !== undefined
      },
      60_000,
      false,
    )
    return found as PlanView
  }

  #status(): Promise<StatusView> {
    return this.ask<StatusView>(this.#site.token, '/v1/status')
  }

  async #held(): Promise<PlanView | undefined> {
    return (await this.ask<{ rows: PlanView[] }>(this.#site.token, '/v1/plans?state=held')).rows[0]
  }

  /** The first plan is the admin's to release, the later ones the second operator's. */
  async #releaseHeld(): Promise<void> {
    const plan = await this.#held()
    if (plan === undefined) return
    const token = this.secondToken === '' ? this.#site.token : this.secondToken
    try {
      await this.ask(token, `/v1/plans/${plan.id}/release`, { reason: 'checked with HR' })
    } catch (error) {
      // A newer plan has taken its place.
      if (!(error instanceof ApiRefusal && error.status === 409)) throw error
    }
  }

  /** An operator sits by meanwhile and releases what is held, unless told not to. */
  async #wait(
    what: string,
    holds: () => boolean | Promise<boolean>,
    limitMs = 90_000,
    releasing = true,
  ): Promise<void> {
    const begun = performance.now()
    while (!(await holds())) {
      if (performance.now() - begun > limitMs)
        throw new Error(`waited in vain: ${what}; ${JSON.stringify(await this.#status())}`)
      if (releasing) await this.#releaseHeld()
      await sleep(100)
    }
  }

  /** Asks the gateway; whoever asks too often is told so, and asks again. */
  async ask<T>(token: string, path: string, body?: unknown): Promise<T> {
    for (;;) {
      try {
        return await this.gateway.call<T>(token, path, body)
      } catch (error) {
        if (!(error instanceof ApiRefusal && error.status === 429)) throw error
        await sleep(200)
      }
    }
  }
}
