/** Events of one server: told by its socket as they happen, and read in its log, where all of them are. */
import type { Context, EventBatch, EventsCapability, ReportedEvent } from '../../../src/connector/contract.ts'
import { RecentKeys } from '../../../src/connector/recent-keys.ts'
import type { Client } from '../client.ts'
import type { Session } from '../session.ts'
import type { Settings } from '../settings.ts'
import { Backlog } from './backlog.ts'
import { eventCode } from './codes.ts'
import { standingOf } from './cursor.ts'
import { Directions } from './directions.ts'
import { LiveFeed } from './live-feed.ts'
import { LogWalk, type Page } from './log-walk.ts'
import { lostEvents, reportedEvent } from './mapping.ts'
import { type Pace, usualPace } from './pace.ts'
import type { EventRecord } from './record.ts'

/** As many as a batch takes. */
const batchMax = 1000
/** Told by the socket and found in the log alike. */
const recentMax = 50_000

export function events(
  client: Client,
  session: Session,
  settings: Settings,
  context: Context,
  pace: Pace = usualPace,
): EventsCapability {
  return {
    async *follow(cursor, signal) {
      const over = new AbortController()
      const following = new Following(client, session, settings, context, pace)
      try {
        yield* following.run(cursor, AbortSignal.any([signal, over.signal]))
      } finally {
        over.abort()
        await following.ended
      }
    },
  }
}

/** One run of `follow`. */
class Following {
  readonly #client: Client
  readonly #settings: Settings
  readonly #context: Context
  readonly #pace: Pace
  readonly #feed: LiveFeed
  readonly #directions: Directions
  readonly #recent = new RecentKeys(recentMax)
  readonly #backlog = new Backlog()
  /** What a walk found that the socket should have told before it. */
  readonly #untold = new Set<string>()
  ended: Promise<void> = Promise.resolve()

  constructor(client: Client, session: Session, settings: Settings, context: Context, pace: Pace) {
    this.#client = client
    this.#settings = settings
    this.#context = context
    this.#pace = pace
    this.#feed = new LiveFeed(client, session, context, pace)
    this.#directions = new Directions(client, context)
  }

  async *run(cursor: string | null, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const from = cursor === null ? await LogWalk.end(this.#client, signal) : standingOf(cursor)
    const walk = new LogWalk(this.#client, this.#context, this.#pace, from)
    // From now on is from here on, whatever comes in between.
    if (cursor === null) yield { events: [], cursor: walk.cursor, live: false }
    this.ended = this.#feed.run(signal)
    for (let walked = -1, walkedAt = Number.NEGATIVE_INFINITY, isDue = true; ; ) {
      signal.throwIfAborted()
      if (await this.#directions.keep(signal)) yield { events: [], live: false }
      const { opened, isOpen } = this.#feed
      const restMs = walkedAt + (isOpen ? this.#pace.walkMs : this.#pace.walkAloneMs) - performance.now()
      if (isDue || restMs <= 0 || opened !== walked) {
        // What came since the last walk while the socket was open, it has told.
        isDue = yield* this.#walked(walk, isOpen && opened === walked, signal)
        walked = opened
        walkedAt = performance.now()
      } else {
        await this.#feed.wait(restMs, signal)
        isDue = yield* this.#told()
      }
    }
  }

  /** To the end of the log, and between its pages whatever the socket tells meanwhile. Returns whether it must be read again at once. */
  async *#walked(walk: LogWalk, isTold: boolean, signal: AbortSignal): AsyncGenerator<EventBatch, boolean> {
    let dropped = yield* this.#told()
    if (this.#untold.size > 0) this.#feed.reopen()
    this.#untold.clear()
    for await (const page of walk.pages(signal)) {
      const fresh = this.#fresh(page.records)
      if (isTold) for (const { key } of fresh) this.#untold.add(key)
      this.#countUnreadable(page.unreadable)
      const lost = lostBefore(page, this.#settings.server_clock_zone, this.#context.now())
      if (lost !== null) yield { events: [lost], live: false }
      yield { events: fresh.map((record) => this.#reported(record)), cursor: walk.cursor, live: false }
      dropped = (yield* this.#told()) || dropped
    }
    return dropped
  }

  /** Returns whether the log must be read, because more came than could wait. */
  async *#told(): AsyncGenerator<EventBatch, boolean> {
    const { records, unreadable, dropped } = this.#feed.take()
    this.#countUnreadable(unreadable)
    if (dropped) this.#untold.clear()
    const now = this.#context.now()
    const parts: { live: boolean; events: ReportedEvent[] }[] = []
    for (const record of records) {
      const live = !this.#backlog.isLate(record, now)
      this.#untold.delete(record.key)
      if (lacksDoor(record) || !this.#recent.add(record.key)) continue
      const last = parts.at(-1)
      if (last?.live === live && last.events.length < batchMax) last.events.push(this.#reported(record))
      else parts.push({ live, events: [this.#reported(record)] })
    }
    yield* parts
    return dropped
  }

  #fresh(records: readonly EventRecord[]): EventRecord[] {
    return records.filter(({ key }) => this.#recent.add(key))
  }

  #reported(record: EventRecord): ReportedEvent {
    return reportedEvent(record, this.#directions.of, this.#settings, this.#context.now())
  }

  #countUnreadable(count: number): void {
    if (count > 0) this.#context.log('warn', 'events.unreadable', { count })
  }
}

/** Some servers leave the door out on the socket: the log names it, and is read within seconds. */
function lacksDoor({ code, doors }: EventRecord): boolean {
  return doors.length === 0 && /^(?:access|door)\.|^alarm\.(?:d|other$)/.test(eventCode(code).type)
}

function lostBefore({ lostAfter, records: [first] }: Page, zone: string | undefined, now: Date): ReportedEvent | null {
  return lostAfter === null || first === undefined ? null : lostEvents(lostAfter, first, zone, now)
}
