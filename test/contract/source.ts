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
import { type HttpClient, noCalls } from '../../src/connector/http.ts'
import type { PeopleSimulator, PeopleSubject, Row } from './people-subject.ts'
import { Listener } from './secrecy.ts'

const never = new AbortController().signal

export interface Reading {
  read(signal: AbortSignal): Promise<Delivery | null>
  watch: PeopleCapability['watch']
}

export interface Source extends AsyncDisposable {
  readonly subject: PeopleSubject
  readonly simulator: PeopleSimulator
  readonly listener: Listener
  /** As the engine reads it: from the cursor of the last delivery that was taken. */
  readonly people: Reading
  readonly health: Connection<'people'>['health']
  readonly close: () => Promise<void>
  /** Makes a delivery ready; its cells must not be heard of again but as cells. */
  deliver: PeopleSimulator['deliver']
  read(): Promise<Delivery | null>
  /** @throws Error when nothing is offered. */
  mustRead(): Promise<Delivery>
  /** The cells of the columns that the suite knows, in the order of the records. */
  cells(records: readonly RawRecord[]): Row[]
  /** Another process with the same settings and the same cursor. */
  again(cursor?: string): Promise<Source>
  /** Person number `n` as a row of this source. */
  row(n: number, some?: { readonly given?: string | null; readonly family?: string | null }): Row
}

export async function startSource(subject: PeopleSubject): Promise<Source> {
  const simulator = await subject.start()
  const listener = new Listener()
  for (const secret of simulator.secrets) listener.forbid('secret', secret)
  const source = await connectTo(subject, simulator, listener, null)
  return {
    ...source,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]()
      await simulator[Symbol.asyncDispose]()
    },
  }
}

async function connectTo(
  subject: PeopleSubject,
  simulator: PeopleSimulator,
  listener: Listener,
  cursor: string | null,
): Promise<Source> {
  const { connector } = subject
  const settings = connector.settings.parse(simulator.settings)
  const egress = openWay(subject, settings)
  const context = { http: listener.watching(egress.http), log: listener.log, now: () => simulator.now() }
  const connection = await connector.connect(settings, context, never)
  const kept = { cursor }
  const people = listening(connection.people, listener, kept)
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
    cells: (records) =>
      records.map(({ cells }) => Object.fromEntries(subject.columns.map((column) => [column, cells[column] ?? null]))),
    again: (other) => connectTo(subject, simulator, listener, other ?? kept.cursor),
    row(n, { given = `Zyphora ${n}`, family = 'Quillfeather' } = {}) {
      const [key, givenName, familyName, department] = subject.columns
      return { [key]: `W-41${n}`, [givenName]: given, [familyName]: family, [department]: 'Wyrmling Research' }
    },
    async [Symbol.asyncDispose]() {
      await connection.close()
      await egress.close()
    },
  }
}

export function forbidRow(listener: Listener, row: Row): void {
  for (const [column, value] of Object.entries(row)) listener.forbid(column, value)
}

/** A source without an address gets a way out that leads nowhere. */
function openWay({ connector }: PeopleSubject, settings: unknown): { http: HttpClient; close(): Promise<void> } {
  const address = connector.address(settings)
  if (address !== null)
    return openEgress({ ...address, ...connector.limits, requestsPerSecond: 10_000, requestTimeoutMs: 2000 })
  return { http: noCalls, close: () => Promise.resolve() }
}

function listening(people: PeopleCapability, listener: Listener, kept: { cursor: string | null }): Reading {
  return {
    async read(signal) {
      const delivery = await listener.call(() => people.read(signal, kept.cursor))
      if (delivery === null) return null
      let end = kept.cursor
      listener.say('the name of a delivery', delivery.name)
      return {
        ...delivery,
        async settle(outcome) {
          await listener.call(() => delivery.settle(outcome))
          kept.cursor = end
        },
        pages: (pagesSignal) =>
          listeningPages(delivery.pages(pagesSignal), listener, (reached) => {
            end = reached.cursor ?? end
          }),
      }
    },
    watch: (signal) => people.watch(signal),
  }
}

async function* listeningPages(
  pages: AsyncGenerator<RecordPage, DeliveryEnd>,
  listener: Listener,
  onEnd: (end: DeliveryEnd) => void,
): AsyncGenerator<RecordPage, DeliveryEnd> {
  try {
    for (;;) {
      const step = await listener.call(() => pages.next())
      if (step.done) {
        onEnd(step.value)
        return step.value
      }
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
