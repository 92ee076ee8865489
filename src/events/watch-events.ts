/** Looks whether sources of events are heard, and whether their clocks are right. */
import { readAlarms, setAlarms } from '../store/alarms.ts'
import { newsOfSources, type SourceNews } from '../store/events/source-row.ts'
import type { EventsContext } from './context.ts'

/** A source says at least every 30 s that it is there. */
const silentMs = 120_000
/** Nothing is decided by seconds, but who came first is told wrong, and a lock-out may seem to come too late. */
const skewMaxMs = 60_000

/** One whose reading never began is silent too, once the gateway has run so long. */
export async function watchEvents(context: EventsContext): Promise<void> {
  const { database, vault, sources, log } = context
  const { pool } = database
  const seen = await readAlarms(pool, 'events.silent', 'events.clock')
  const news = new Map((await newsOfSources(pool)).map((each) => [each.source, each]))
  const now = context.now().getTime()
  // What is still to come was not heard: somebody wrote it, so that silence is not told.
  const heardAt = (id: string): number => {
    const at = news.get(id)?.heard_at?.getTime() ?? 0
    return at > now + silentMs ? 0 : at
  }
  const silent = [...sources.keys()].filter((id) => now - Math.max(heardAt(id), context.since.getTime()) > silentMs)
  const wrong = [...sources.keys()].flatMap((id) => {
    const worst = Math.abs(furthestClock(news.get(id)) ?? 0)
    return worst > skewMaxMs ? [[id, Math.round(worst / 1_000)] as const] : []
  })
  for (const source of await setAlarms(pool, vault, 'events.silent', silent, seen))
    log('warn', 'events.silent', { source })
  for (const source of await setAlarms(pool, vault, 'events.clock', new Map(wrong), seen))
    log('warn', 'events.clock', { source })
}

/** How far ahead of ours, in ms, the clock of a source is that is furthest from it; null where nothing said so yet. */
export function furthestClock(news: SourceNews | undefined): number | null {
  const { device_skew_ms, furthest_skew_ms, system_skew_ms } = news ?? {}
  const [worst = null] = [device_skew_ms, furthest_skew_ms, system_skew_ms]
    .filter((ms) => typeof ms === 'number')
    .sort((left, right) => Math.abs(right) - Math.abs(left))
  return worst
}
