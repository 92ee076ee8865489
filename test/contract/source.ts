/** One connection to a freshly started source of people, with everything that it says being listened to. */
import type {
  Connection,
  Delivery,
  DeliveryEnd,
  PeopleCapability,
  RawRecord,
  RecordPage,
  RecordProblem,
} from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import type { HttpClient } from '../../src/connector/http.ts'
import type { PeopleSimulator, PeopleSubject, Row } from './people-subject.ts'
import { Listener } from './secrecy.ts'

const never = new AbortController().signal

export interface Source extends AsyncDisposable {
  readonly subject: PeopleSubject
  readonly simulator: PeopleSimulator
  readonly listener: Listener
  readonly people: PeopleCapability
  readonly health: Connection<'people'>['health']
  readonly close: () => Promise<void>
  /** Makes a delivery ready; its cells must not be heard of again but as cells. */
  deliver: PeopleSimulator['deliver']
  read(): Promise<Delivery | null>
  /** @throws Error when nothing is offered. */
  mustRead(): Promise<Delivery>
  /** Person number `n` as a row of this source. */
  row(n: number, some?: { readonly given?: string | null; readonly family?: string | null }): Row
}

export async function startSource(subject: PeopleSubject): Promise<Source> {
  const simulator = await subject.start()
  const listener = new Listener()
  for (const secret of simulator.secrets) listener.forbid('secret', secret)
  const { connector } = subject
  const settings = connector.settings.parse(simulator.settings)
  const egress = openWay(subject, settings)
  const context = { http: listener.watching(egress.http), log: listener.log, now: () => simulator.now() }
  const connection = await connector.connect(settings, context, never)
  const people = listening(connection.people, listener)
  const read = () => people.read(never)
  return {
    subject,
    simulator,
    listener,
    people,
    health: (signal) => listener.call(() => connection.health(signal)),
    close: () => connection.close(),
    deliver(rows, mode) {
      for (const row of rows) forbidRow(listener, row)
      return simulator.deliver(rows, mode)
    },
    read,
    async mustRead() {
      const delivery = await read()
      if (delivery === null) throw new Error('nothing is offered')
      return delivery
    },
    row(n, { given = `Zyphora ${n}`, family = 'Quillfeather' } = {}) {
      const [key, givenName, familyName, department] = subject.columns
      return { [key]: `W-41${n}`, [givenName]: given, [familyName]: family, [department]: 'Wyrmling Research' }
    },
    async [Symbol.asyncDispose]() {
      await connection.close()
      await egress.close()
      await simulator[Symbol.asyncDispose]()
    },
  }
}

export function forbidRow(listener: Listener, row: Row): void {
  for (const [column, value] of Object.entries(row)) listener.forbid(column, value)
}

/** A source without an address gets a way out that leads nowhere. */
function openWay({ connector }: PeopleSubject, settings: unknown): { http: HttpClient; close(): Promise<void> } {
  const address = connector.address(settings)
  if (address !== null) return openEgress({ ...address, ...connector.limits, requestTimeoutMs: 2000 })
  const request = () => Promise.reject(new Error('a source without an address makes no calls'))
  return { http: { request }, close: () => Promise.resolve() }
}

function listening(people: PeopleCapability, listener: Listener): PeopleCapability {
  return {
    async read(signal) {
      const delivery = await listener.call(() => people.read(signal))
      if (delivery === null) return null
      listener.say('the name of a delivery', delivery.name)
      return {
        ...delivery,
        settle: (outcome) => listener.call(() => delivery.settle(outcome)),
        pages: (pagesSignal) => listeningPages(delivery.pages(pagesSignal), listener),
      }
    },
    watch: (signal) => people.watch(signal),
  }
}

async function* listeningPages(
  pages: AsyncGenerator<RecordPage, DeliveryEnd>,
  listener: Listener,
): AsyncGenerator<RecordPage, DeliveryEnd> {
  try {
    for (;;) {
      const step = await listener.call(() => pages.next())
      if (step.done) return step.value
      for (const problem of step.value.problems) listener.say('a problem', JSON.stringify(problem))
      for (const { place } of step.value.records) listener.say('a place', place)
      yield step.value
    }
  } finally {
    await pages.return({ complete: false, records: 0, problems: 0 })
  }
}

export interface WholeRead {
  readonly records: readonly RawRecord[]
  readonly problems: readonly RecordProblem[]
  readonly pages: readonly RecordPage[]
  readonly end: DeliveryEnd
}

/** Reads a delivery to its end. */
export async function readAll(delivery: Delivery, signal: AbortSignal = never): Promise<WholeRead> {
  const pages: RecordPage[] = []
  const walk = delivery.pages(signal)
  for (;;) {
    const step = await walk.next()
    if (step.done) {
      const { value: end } = step
      const records = pages.flatMap((page) => page.records)
      return { records, problems: pages.flatMap((page) => page.problems), pages, end }
    }
    pages.push(step.value)
  }
}
