/** One connection to a freshly started simulator, through a real way out, with everything that it says being listened to. */
import type {
  AccountChange,
  AccountsCapability,
  ActualAccount,
  Applied,
  Connection,
  DesiredAccount,
  PartOutcome,
} from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import type { Card } from '../../src/model/card.ts'
import type { PersonFacts } from '../../src/model/person.ts'
import type { AccountsSimulator, AccountsSubject, Inside } from './accounts-subject.ts'
import { Listener } from './secrecy.ts'

export const never = new AbortController().signal

export interface ConnectOptions {
  readonly wrong?: 'password' | 'certificate'
  /** How long one request may take; short ones make a hanging server bearable. */
  readonly timeoutMs?: number
  readonly concurrency?: number
}

export interface Target extends AsyncDisposable {
  readonly subject: AccountsSubject
  readonly simulator: AccountsSimulator
  readonly listener: Listener
  readonly accounts: AccountsCapability
  readonly health: Connection<'accounts'>['health']
  readonly close: () => Promise<void>
  /** Another connection to the same simulator. */
  connect(options: ConnectOptions): Promise<Pick<Target, 'accounts' | 'health' | 'close'>>
  /** Reads, and orders a change of what was read; outcomes by part. */
  put(facts: PersonFacts, some?: Partial<DesiredAccount>, revoke?: Revoke): Promise<Told>
  lock(facts: PersonFacts, known?: ActualAccount | null): Promise<Told>
  /** Blocks these cards and nothing else. */
  block(facts: PersonFacts, cards: readonly Card[], known?: ActualAccount | null): Promise<Told>
  remove(facts: PersonFacts): Promise<Told>
  read(facts: PersonFacts, also?: { readonly photo: boolean }): Promise<ActualAccount | null>
  inside(facts: PersonFacts): Inside | null
  /** The accounts that carry this person's id: a second one would be a catastrophe. */
  count(facts: PersonFacts): number
}

export interface Revoke {
  readonly levels?: readonly string[]
  readonly cards?: readonly Card[]
}

/** Outcome by part: `applied`, `unchanged`, or the kind of its failure. */
export type Told = Readonly<Record<string, string>>

export async function startTarget(subject: AccountsSubject, options: ConnectOptions = {}): Promise<Target> {
  const simulator = await subject.start()
  const listener = new Listener()
  for (const secret of simulator.secrets) listener.forbid('secret', secret)
  const opened: { close(): Promise<void> }[] = []

  async function connect({ wrong, timeoutMs = 2000, concurrency }: ConnectOptions) {
    const { connector } = subject
    const settings = connector.settings.parse(simulator.settings(wrong))
    const address = connector.address(settings)
    if (address === null) throw new Error('a connector with accounts has an address')
    const limits = { concurrency: concurrency ?? connector.limits.concurrency, requestsPerSecond: 10_000 }
    const egress = openEgress({ ...address, ...limits, requestTimeoutMs: timeoutMs })
    const context = { http: listener.watching(egress.http), log: listener.log, now: () => new Date() }
    const connection = await connector.connect(settings, context, never)
    const close = async () => {
      await connection.close()
      await egress.close()
    }
    opened.push({ close })
    return {
      accounts: listening(connection.accounts, subject, listener),
      health: (signal: AbortSignal) => listener.call(() => connection.health(signal)),
      close,
    }
  }

  const { accounts, health, close } = await connect(options)
  const apply = async (change: AccountChange) => told((await accounts.apply(change, never)).parts)
  return {
    subject,
    simulator,
    listener,
    accounts,
    health,
    close,
    connect,
    async put(facts, some = {}, { levels = [], cards = [] } = {}) {
      const externalId = accounts.identify(facts)
      const actual = await accounts.read(externalId, never)
      const desired = {
        lock: 'open',
        validity: { from: null, until: null },
        facts,
        cards: [],
        levels: [],
        ...some,
      } as const
      // Nobody else blocks cards here, unless a test says so.
      return apply({ kind: 'put', externalId, desired, actual, revoke: { levels, cards }, lift: subject.cards })
    },
    lock: (facts, known = null) => apply({ kind: 'lock', externalId: accounts.identify(facts), known, at: new Date() }),
    block: (facts, cards, known = null) =>
      apply({ kind: 'lock', externalId: accounts.identify(facts), known, at: new Date(), cards }),
    remove: (facts) => apply({ kind: 'remove', externalId: accounts.identify(facts) }),
    read: (facts, also) => accounts.read(accounts.identify(facts), never, also),
    inside: (facts) => simulator.inside(accounts.identify(facts)),
    count: (facts) => simulator.ids().filter((id) => id === accounts.identify(facts)).length,
    async [Symbol.asyncDispose]() {
      for (const connection of opened) await connection.close()
      await simulator[Symbol.asyncDispose]()
    },
  }
}

/** The same capability; what goes in becomes forbidden in every text, and what goes wrong is heard. */
function listening(accounts: AccountsCapability, subject: AccountsSubject, listener: Listener): AccountsCapability {
  const pure = <T>(run: () => T): T => {
    try {
      return run()
    } catch (error) {
      listener.hear(error)
      throw error
    }
  }
  const card = (one: Card) => listener.forbidCard(one, subject.cardNumber(one))
  return {
    zone: accounts.zone,
    identify(facts) {
      listener.forbidPerson(facts)
      return pure(() => accounts.identify(facts))
    },
    render(facts) {
      listener.forbidPerson(facts)
      return pure(() => accounts.render(facts))
    },
    checkCard(one) {
      card(one)
      pure(() => accounts.checkCard(one))
    },
    checkPin(pin) {
      listener.forbid('PIN', pin)
      pure(() => accounts.checkPin(pin))
    },
    discover: (signal) => listener.call(() => accounts.discover(signal)),
    ...(accounts.takesPhotos === undefined ? {} : { takesPhotos: accounts.takesPhotos }),
    read(externalId, signal, also) {
      listener.forbid('external id', externalId)
      return listener.call(() => accounts.read(externalId, signal, also))
    },
    async *list(signal, levels) {
      try {
        for await (const page of accounts.list(signal, levels)) yield page
      } catch (error) {
        listener.hear(error)
        throw error
      }
    },
    async apply(change, signal): Promise<Applied> {
      listener.forbid('external id', change.externalId)
      if (change.kind === 'put') {
        listener.forbidPerson(change.desired.facts)
        listener.forbid('PIN', change.desired.pin)
        listener.forbid('photo', change.desired.photo?.toString('base64'))
        for (const entry of change.desired.cards) card(entry.card)
      }
      const applied = await listener.call(() => accounts.apply(change, signal))
      listener.hearParts(applied.parts)
      return applied
    },
  }
}

/** @throws Error when a part is told twice: then nobody knows which one counts. */
function told(outcomes: readonly PartOutcome[]): Told {
  const names = outcomes.map(({ part }) => {
    if (part.kind === 'card') return `card ${part.card.raw}`
    return part.kind === 'level' ? `level ${part.level}` : part.kind
  })
  if (new Set(names).size < names.length) throw new Error('a part is told twice')
  return Object.fromEntries(outcomes.map(({ outcome, failure }, at) => [names[at], failure?.kind ?? outcome]))
}
