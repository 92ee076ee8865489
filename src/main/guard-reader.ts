/** What the process that leads a target does about what people present there: reads on in the log of its events, within a second of each. */
import type { EventsContext } from '../events/context.ts'
import { readLogged } from '../events/read-logged.ts'
import { errorCode } from '../model/error-code.ts'
import type { EventClass } from '../model/events/types.ts'
import { openTrouble } from '../model/trouble.ts'
import type { SyncContext, TargetSetup } from '../sync/context.ts'
import type { ReadEvents } from '../sync/guard/feed.ts'
import { type Seen, watchOnce } from '../sync/guard/watch.ts'
import type { Log } from '../telemetry/log.ts'

const classes: ReadonlySet<EventClass> = new Set(['credential', 'alarm', 'system'] as const)

export interface GuardReader {
  /** Reads on, unless it does; called every second while the target is led. */
  look(): void
  /** Resolves when nothing is looked at any more; the signal ends it. */
  ended(): Promise<void>
}

/** Reads nothing before its first `look`. */
export function openGuardReader(
  { context, events, log }: { readonly context: SyncContext; readonly events: EventsContext; readonly log: Log },
  target: TargetSetup,
  signal: AbortSignal,
): GuardReader {
  const seen: Seen = new Map()
  const trouble = openTrouble()
  const read: ReadEvents = (source, after, limit) =>
    readLogged(events, source, after, limit, { classes, reader: 'guard' })
  let reading: Promise<void> | null = null

  async function readOn(): Promise<void> {
    try {
      while (!signal.aborted && (await watchOnce(context, target, read, seen, signal)));
      const over = trouble.over()
      if (over !== null) log.info({ event: 'guard.goes-on', target: target.id, ...over }, 'guard')
    } catch (error) {
      if (signal.aborted) return
      const code = errorCode(error)
      if (trouble.failed(code)) log.warn({ event: 'guard.failed-to-read', target: target.id, code }, 'guard')
    }
  }

  return {
    look() {
      reading ??= readOn().finally(() => {
        reading = null
      })
    },
    async ended() {
      await reading
    },
  }
}
