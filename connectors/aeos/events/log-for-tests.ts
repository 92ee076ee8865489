/** An event log that answers findEvent from memory, as the documents say and in whatever order they leave open, for the tests of this folder. */
import type { EventBatch } from '../../../src/connector/contract.ts'
import type { Client, EventCriteria } from '../soap/client.ts'
import { answer, connected, type Script, type SettingsInput } from '../testing.ts'

export interface Happened {
  readonly id: number
  /** As the server writes it. */
  readonly at: string
  readonly type?: number
  /** Further elements, in the order of the schema. */
  readonly more?: string
}

export const orders = ['by-id', 'newest-first', 'by-time', 'shuffled'] as const
export type Order = (typeof orders)[number]

const sorting: Record<Order, (a: Happened, b: Happened) => number> = {
  'by-id': (a, b) => a.id - b.id,
  'newest-first': (a, b) => b.id - a.id,
  'by-time': (a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id - b.id),
  // The same each time, as of a database without an order.
  shuffled: (a, b) => ((a.id * 7919) % 10_007) - ((b.id * 7919) % 10_007) || a.id - b.id,
}

export function logOf(order: Order = 'by-id') {
  let happened: Happened[] = []
  function rows({ greaterThan, from, until }: EventCriteria, start: number, count: number): readonly Happened[] {
    return happened
      .filter(({ id, at }) => id > Number(greaterThan ?? -1) && at >= from && at <= (until ?? '9999'))
      .sort(sorting[order])
      .slice(start, start + count)
  }
  return {
    /** Past the wire. */
    client: {
      async findEvents(criteria, start, signal) {
        signal.throwIfAborted()
        return { rows: rows(criteria, start, 500).map(recordOf), total: null }
      },
    } satisfies Pick<Client, 'findEvents'>,
    /** The answer to the body of a request. */
    find(body: string): string {
      const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1]
      const [greaterThan, from = '', until] = [field('GreaterThanId'), field('FromDateTime'), field('UntilDateTime')]
      const criteria = { from, ...(greaterThan && { greaterThan }), ...(until && { until }) }
      const found = rows(criteria, Number(field('startRecordNo')), Number(field('nrOfRecords')))
      return answer('EventList', found.map(elementOf).join(''))
    },
    add: (...some: readonly Happened[]) => void happened.push(...some),
    /** Nothing stays but this. */
    replace(some: readonly Happened[]) {
      happened = [...some]
    },
    all: (): readonly Happened[] => happened,
  }
}

const nothing = { AccesspointId: undefined, AccesspointName: undefined, EntranceId: undefined, EntranceName: undefined }

export function recordOf({ id, at, type = 5 }: Happened) {
  return {
    ...{ Id: String(id), EventTypeId: String(type), EventTypeName: undefined, DateTime: at, HostName: undefined },
    ...nothing,
    ...{ IdentifierId: undefined, Identifier: undefined, CarrierId: undefined, IntValue: '1', Attribute: undefined },
    ...{ OptionalFieldData: [], FormattedData: { ServerTime: undefined } },
  }
}

export const typeList = answer(
  'EventTypeList',
  '<EventType><Id>5</Id><Name>BadgeAccessEvent</Name></EventType><EventType><Id>40</Id><Name>BadgeNoAccessEvent</Name></EventType>',
)

function elementOf({ id, at, type = 5, more = '<IntValue>1</IntValue>' }: Happened): string {
  return `<Event><Id>${id}</Id><EventTypeId>${type}</EventTypeId><EventTypeName>Type${type}</EventTypeName><DateTime>${at}</DateTime>${more}</Event>`
}

/** 10:00 at the server, in winter. */
const morning = Date.parse('2026-11-26T09:00:00Z')

/** What the clock of a server in Amsterdam shows in winter. */
export function shown(now: number): string {
  return new Date(now + 3_600_000).toISOString().slice(0, 19)
}

/** The connector with such a log, and a clock that is moved by hand. */
export async function following(order: Order = 'by-id', settings: SettingsInput = {}, script: Script = {}) {
  const log = logOf(order)
  let now = morning
  const stop = new AbortController()
  const target = await connected(
    { EventSearchInfo: (body) => log.find(body), EventTypeSearchInfo: typeList, ...script },
    { events: { poll_every: '10ms' }, ...settings },
    () => new Date(now),
  )
  return {
    ...target,
    log,
    stop,
    advance(ms: number) {
      now += ms
    },
    clock: () => shown(now),
    follow: (cursor: string | null) => target.events.follow(cursor, stop.signal)[Symbol.asyncIterator](),
  }
}

/** The next batch, which there must be. */
export async function next(batches: AsyncIterator<EventBatch>): Promise<EventBatch> {
  const { value, done } = await batches.next()
  if (done) throw new Error('it ended')
  return value
}

/** Reads batches until so many events are there, with the last cursor. */
export async function take(batches: AsyncIterator<EventBatch>, count: number) {
  const events: EventBatch['events'][number][] = []
  let cursor: string | undefined
  while (events.length < count) {
    const batch = await next(batches)
    events.push(...batch.events)
    cursor = batch.cursor ?? cursor
  }
  return { events, keys: events.map(({ key }) => key), cursor }
}
