/** Looks through the log of events for punches, each event once: what was found and how far it went are kept in one transaction. */
import { raiseAlarm } from '../../store/alarms.ts'
import { newsOfSources } from '../../store/events/source-row.ts'
import { dayInUtc } from '../../store/punches/punch.ts'
import { forgetPunches, notePosition, readPositions } from '../../store/punches/rows.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { LoggedEvent } from '../logged-event.ts'
import { readLogged } from '../read-logged.ts'
import type { AttendanceContext } from './context.ts'
import { keysToPunch } from './keys-to-punch.ts'
import { punchOf } from './punch-rules.ts'
import { type NewPunch, sawPunches, writePunches } from './write-punches.ts'

const pageRows = 500

/** Everything that is new. Without rules nothing is looked through, and rules that come later count for what the log still has. */
export async function takePunches(context: AttendanceContext, signal: AbortSignal): Promise<void> {
  if (context.punches.length === 0) return
  const { database, vault } = context.events
  const positions = await readPositions(database.pool, vault)
  for (const { source, position: last } of await newsOfSources(database.pool)) {
    const known = positions.get(source)
    // From the start: an event that is a punch already does not become another one.
    if (known === null) await raiseAlarm(database.pool, vault, 'guard.failed', 'punch_position')
    for (let after = known ?? 0; after < last && !signal.aborted; ) {
      const page = await readLogged(context.events, source, after, pageRows)
      if (page.upTo === after) break
      await take(context, source, page.events, page.upTo)
      after = page.upTo
    }
  }
}

async function take(
  context: AttendanceContext,
  source: string,
  events: readonly LoggedEvent[],
  upTo: number,
): Promise<void> {
  const { database, vault } = context.events
  const found = events.flatMap(({ id, person, event }) => {
    const kind = person === null ? null : punchOf(context.punches, source, event)
    return person === null || kind === null ? [] : [{ id, person, kind, at: Date.parse(event.at) }]
  })
  // Whoever is erased meanwhile has no key, and no punch.
  const keys = await keysToPunch(
    context,
    found.map(({ person }) => person),
  )
  const punches = found.flatMap(({ id, person, kind, at }): NewPunch[] => {
    const key = keys.get(person)
    return key === undefined ? [] : [{ content: { person, at, kind, voids: null, by: null }, key, event: id }]
  })
  const numbers = await inTransaction(database.pool, async (client) => {
    const written = await writePunches(client, context, punches)
    await notePosition(client, vault, source, upTo)
    return written
  })
  sawPunches(context, numbers)
}

const forgottenAtOnce = 5_000

/** Punches whose time is over go. */
export async function keepPunches(context: AttendanceContext, signal: AbortSignal): Promise<void> {
  const { events, keepMs } = context
  const before = dayInUtc(events.now().getTime() - keepMs)
  while (!signal.aborted && (await forgetPunches(events.database.pool, before, forgottenAtOnce)) === forgottenAtOnce);
}
