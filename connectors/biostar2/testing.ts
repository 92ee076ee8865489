/** Connects the connector to a simulator of its own, for the tests of this folder. */
import type { ActualAccount, Context, DesiredAccount, PartOutcome } from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import type { Card } from '../../src/model/card.ts'
import type { PersonFacts } from '../../src/model/person.ts'
import connector from './index.ts'
import type { Settings } from './settings.ts'
import { type SimulatorOptions, startBiostarSimulator } from './simulator/index.ts'

export const never = new AbortController().signal

/** `now` is the clock of the connector; the simulator has its own. */
export async function connected(
  options: SimulatorOptions = {},
  overrides: Partial<Settings> = {},
  now: () => Date = () => new Date(),
  more: Partial<Pick<Context, 'log' | 'templateDigests'>> = {},
) {
  // Answers still come in another order than the requests, and twenty times as soon as from a real server.
  const simulator = await startBiostarSimulator({ latency: { medianMs: 2, p99Ms: 10 }, ...options })
  const settings = connector.settings.parse({
    url: simulator.url,
    fingerprint256: simulator.fingerprint256,
    login_id: simulator.username,
    password: simulator.password,
    ...overrides,
  })
  const address = connector.address(settings)
  if (address === null) throw new Error('this connector always has an address')
  const egress = openEgress({ ...address, ...connector.limits, requestsPerSecond: 1000, requestTimeoutMs: 2000 })
  const context = { http: egress.http, log: () => undefined, now, ...more }
  const { accounts, health, close } = await connector.connect(settings, context, never)

  /** The requests that `fn` made, as `METHOD path`, the login left out. */
  async function requestsOf(fn: () => Promise<unknown>): Promise<string[]> {
    const before = simulator.requests.count
    await fn()
    const entries = simulator.requests.find().filter(({ n, path }) => n > before && path !== '/api/login')
    return entries.map(({ method, path }) => `${method} ${path}`)
  }

  return {
    simulator,
    accounts,
    health,
    requestsOf,
    async put(
      externalId: string,
      desired: DesiredAccount,
      revoke: Partial<{ levels: readonly string[]; cards: readonly Card[] }> = {},
      lift: readonly Card[] = [],
    ) {
      const actual = await accounts.read(externalId, never)
      const order = { kind: 'put', externalId, desired, actual } as const
      const change = { ...order, revoke: { levels: [], cards: [], ...revoke }, lift }
      return told((await accounts.apply(change, never)).parts)
    },
    async lock(externalId: string, known: ActualAccount | null = null) {
      return told((await accounts.apply({ kind: 'lock', externalId, known, at: new Date() }, never)).parts)
    },
    async mustRead(externalId: string): Promise<ActualAccount> {
      const account = await accounts.read(externalId, never)
      if (account === null) throw new Error('there is no such account')
      return account
    },
    close,
    async [Symbol.asyncDispose]() {
      await close()
      await egress.close()
      await simulator.close()
    },
  }
}

/** Outcomes by part, readable in an assertion: `applied`, `unchanged`, or the code of the failure. */
function told(outcomes: readonly PartOutcome[]): Record<string, string> {
  return Object.fromEntries(
    outcomes.map(({ part, outcome, failure }) => {
      const name =
        part.kind === 'card' ? `card ${part.card.raw}` : part.kind === 'level' ? `level ${part.level}` : part.kind
      return [name, failure === undefined ? outcome : `${failure.kind} ${failure.code}`]
    }),
  )
}

export function facts(some: Partial<PersonFacts> = {}): PersonFacts {
  return { ...some }
}

export function desiredAccount(some: Partial<DesiredAccount> = {}): DesiredAccount {
  return {
    lock: 'open',
    validity: { from: null, until: null },
    facts: facts({ givenName: 'Ada', familyName: 'Example' }),
    cards: [],
    levels: [],
    ...some,
  }
}
