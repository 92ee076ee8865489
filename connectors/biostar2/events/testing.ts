/** Follows the events of a simulator of its own, at a pace that tests can wait for. */
import type { EventBatch, ReportedEvent } from '../../../src/connector/contract.ts'
import { openEgress } from '../../../src/connector/egress/egress.ts'
import { Client } from '../client.ts'
import connector from '../index.ts'
import { Session } from '../session.ts'
import type { Settings } from '../settings.ts'
import { type SimulatorOptions, startBiostarSimulator } from '../simulator/index.ts'
import { events } from './events.ts'
import { type Pace, usualPace } from './pace.ts'

export const hurried: Pace = {
  ...{
    walkMs: 150,
    walkAloneMs: 50,
    settleMs: 100,
    pingMs: 60,
    startMs: 100,
    greetMs: 2000,
    reopenMs: 20,
    reopenMaxMs: 50,
  },
  waitingMax: 1_000_000,
}

/** Steady: the first walk, and then only the socket. */
export const steady: Pace = { ...usualPace, reopenMs: 20 }

export interface Follower extends AsyncDisposable {
  readonly batches: readonly EventBatch[]
  /** All that was told so far, in its order. */
  readonly told: readonly ReportedEvent[]
  /** Of the last batch that had one. */
  readonly cursor: string | null
  /** What ended it; undefined while it runs. */
  readonly failure: unknown
  stop(): Promise<void>
}

export async function server(options: SimulatorOptions = {}, overrides: Partial<Settings> = {}) {
  const simulator = await startBiostarSimulator({ deviceDelayMs: 0, latency: { fixedMs: 1 }, ...options })
  const settings = connector.settings.parse({
    url: simulator.url,
    fingerprint256: simulator.fingerprint256,
    login_id: simulator.username,
    password: simulator.password,
    ...overrides,
  })
  const address = connector.address(settings)
  if (address === null) throw new Error('this connector always has an address')
  const egress = openEgress({ ...address, ...connector.limits, requestsPerSecond: 10_000, requestTimeoutMs: 2000 })
  const logged: string[] = []
  const context = {
    http: egress.http,
    log: (_level: string, event: string) => void logged.push(event),
    now: () => new Date(),
  }
  const session = new Session(context, { loginId: settings.login_id, password: settings.password })
  const client = new Client(session, () => undefined)
  const followers: Follower[] = []

  return {
    simulator,
    logged,
    session,
    follow(cursor: string | null = null, pace: Pace = hurried, busy: () => Promise<void> = async () => undefined) {
      const stopped = new AbortController()
      const batches: EventBatch[] = []
      let failure: unknown
      const running = (async () => {
        try {
          for await (const batch of events(client, session, settings, context, pace).follow(cursor, stopped.signal)) {
            batches.push(batch)
            await busy()
          }
        } catch (error) {
          failure = error
        }
      })()
      const stop = async () => {
        stopped.abort(new Error('the test is over'))
        await running
      }
      const follower: Follower = {
        batches,
        get told() {
          return batches.flatMap((batch) => batch.events)
        },
        get cursor() {
          return batches.findLast((batch) => batch.cursor !== undefined)?.cursor ?? cursor
        },
        get failure() {
          return failure
        },
        stop,
        [Symbol.asyncDispose]: stop,
      }
      followers.push(follower)
      return follower
    },
    async [Symbol.asyncDispose]() {
      for (const follower of followers) await follower.stop()
      await session.close()
      await egress.close()
      await simulator.close()
    },
  }
}
