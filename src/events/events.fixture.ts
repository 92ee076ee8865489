/** The log of events on the test bench: a source whose events are made up, a clock that obeys, and all that was counted and logged. */
import { randomUUID } from 'node:crypto'
import type { EventBatch, ReportedEvent } from '../connector/contract.ts'
import { compileSite } from '../mapping/event-site.ts'
import type { AccessEvent } from '../model/events/event.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import type { EventsContext } from './context.ts'
import { openFiling } from './filing.ts'
import { RecentEvents } from './recent.ts'

const dayMs = 86_400_000

export interface EventsBench {
  readonly context: EventsContext
  /** How often each was counted, by name and source. */
  readonly counts: ReadonlyMap<string, number>
  readonly logged: readonly string[]
  /** As a process that has just begun, and remembers nothing. */
  another(): EventsContext
}

/** `recentMax`: what is read comes from the store, unless this says otherwise. */
export function eventsBench(
  database: Database,
  vault: Vault,
  now: () => Date,
  sources = ['doors'],
  recentMax = 0,
): EventsBench {
  const counts = new Map<string, number>()
  const logged: string[] = []
  const count = (name: string, by: number) => void counts.set(name, (counts.get(name) ?? 0) + by)
  const open = (): EventsContext => ({
    database,
    vault,
    sources: new Map(sources.map((id) => [id, { id, siteOf: compileSite('door.id == "d1" ? "lyon" : ""') }])),
    keepMs: { access: 90 * dayMs, door: 30 * dayMs, alarm: 365 * dayMs, credential: 365 * dayMs, system: 30 * dayMs },
    filing: openFiling(vault),
    owners: new Map(),
    recent: new RecentEvents(recentMax),
    seen: new Map(),
    log: (_level, event) => void logged.push(event),
    metrics: {
      appended: (source, of, by) => count(`appended ${source} ${of}`, by),
      other: (source, by) => count(`other ${source}`, by),
      known: (source, by) => count(`known ${source}`, by),
      malformed: (source, by) => count(`malformed ${source}`, by),
      lag: () => undefined,
    },
    since: now(),
    now,
  })
  return { context: open(), counts, logged, another: open }
}

/** A granted card at the front door, unless it says otherwise. */
export function accessEvent(at: Date, more: Partial<AccessEvent> = {}): AccessEvent {
  return {
    type: 'access.granted',
    at: at.toISOString(),
    approximate: false,
    recordedAt: null,
    direction: 'in',
    door: { id: 'd1', name: 'Front door' },
    reader: { id: 'r1', name: null },
    account: null,
    card: null,
    cardNumber: null,
    verify: ['card'],
    deviceKey: null,
    active: null,
    vendor: { code: '4102', name: 'VERIFY_SUCCESS_CARD', detail: {} },
    ...more,
  }
}

export function reported(event: AccessEvent, key: string = randomUUID()): ReportedEvent {
  return { key, event }
}

export function batchOf(events: readonly ReportedEvent[], more: Partial<EventBatch> = {}): EventBatch {
  return { events, live: true, ...more }
}
