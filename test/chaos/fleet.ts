/** The gateway processes of one site: each ended as a power cut would end it, and started again as a service manager does. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../demo/workforce/random.ts'
import { ApiRefusal, type GatewayProcess } from '../support/gateway-process.ts'
import { postgresPid, type Site } from '../support/site.ts'

/** What a service manager waits before it starts a unit again. */
const restartMs = 200

interface Member {
  readonly args: readonly string[]
  readonly hasApi: boolean
  /** Null while it is down or starting. */
  up: GatewayProcess | null
}

export class Fleet implements AsyncDisposable {
  readonly #site: Site
  readonly #members: readonly Member[]
  readonly #keepers: Promise<void>[]
  #closing = false
  #kills = 0
  /** Ends of processes that were up and that nobody had killed. */
  readonly surprises: string[] = []

  /** One process per entry of `roles`; the embedded database allows one process only, with all of them. */
  constructor(site: Site, roles: readonly string[]) {
    this.#site = site
    this.#members = roles.map((list) => ({ args: ['--roles', list], hasApi: list.includes('api'), up: null }))
    this.#keepers = this.#members.map((member) => this.#keep(member))
  }

  get kills(): number {
    return this.#kills
  }

  /** Resolves when every process is up. */
  async ready(): Promise<void> {
    while (this.#members.some(({ up }) => up === null)) await sleep(20)
  }

  /** Kills a random process, once one is up; `withDatabase` takes the embedded server along, as a power cut would. */
  async kill(chance: Random, withDatabase = false): Promise<void> {
    let up: Member[] = []
    while (up.length === 0) {
      up = this.#members.filter((member) => member.up !== null)
      if (up.length === 0) await sleep(10)
    }
    const member = chance.pick(up)
    const database = withDatabase ? await postgresPid(this.#site.dataPath) : null
    const gateway = member.up as GatewayProcess
    member.up = null
    this.#kills += 1
    const gone = gateway.kill()
    if (database !== null) process.kill(database, 'SIGKILL')
    await gone
  }

  /** Ends one after the other as a careful upgrade does, each only when the one before is back. */
  async restartInTurn(): Promise<void> {
    for (const member of this.#members) {
      while (member.up === null) await sleep(20)
      const gateway = member.up
      member.up = null
      await gateway.stop()
      while (member.up === null) await sleep(20)
    }
  }

  /** Asks any process that has an API, for as long as none answers. @throws ApiRefusal for what the gateway itself refuses. */
  async ask<T>(token: string, path: string, body?: unknown): Promise<T> {
    for (;;) {
      const gateway = this.#members.find(({ hasApi, up }) => hasApi && up !== null)?.up
      try {
        if (gateway !== null && gateway !== undefined) return await gateway.call<T>(token, path, body)
      } catch (error) {
        // Asked too often, or a store that is away: both pass. Whoever dies answers nothing at all.
        if (error instanceof ApiRefusal && error.status !== 429 && error.status < 500) throw error
      }
      if (this.#closing) throw new Error(`nobody answers any more: ${path}`)
      await sleep(100)
    }
  }

  /** SIGTERM to all; their exit codes. */
  async stop(): Promise<readonly (number | null)[]> {
    this.#closing = true
    const codes = await Promise.all(this.#members.map(({ up }) => up?.stop() ?? null))
    await Promise.all(this.#keepers)
    return codes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #keep(member: Member): Promise<void> {
    while (!this.#closing) {
      // While a store is away it ends with an error, and is started again.
      const gateway = await this.#site.start(...member.args).catch(() => null)
      if (gateway === null) {
        await sleep(restartMs)
        continue
      }
      member.up = gateway
      const code = await gateway.exited
      if (member.up === gateway && !this.#closing)
        this.surprises.push(`${member.args.join(' ')} ended with ${code}: ${gateway.output().slice(-2_000)}`)
      member.up = null
      await sleep(restartMs)
    }
  }
}
