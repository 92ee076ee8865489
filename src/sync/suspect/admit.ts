/** Lets lock-outs by record through as far as their source may cause them; what is beyond makes the source suspect, and waits. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { type Dossier, touch } from '../../store/dossier.ts'
import type { AccountRow } from '../../store/guards.ts'
import { isLetGo, lockStanding, type SourceStanding, saveStanding } from '../../store/source-standing.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import { openFacts } from '../account-facts.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import type { Lockout } from '../lock-out.ts'
import { type Origin, sourceOf, sourceOrigin } from '../origin.ts'
import { lockoutLimit } from './lockout-limit.ts'
import { type LockoutsOfHour, lockoutsOfHour, peopleIn, withMore } from './lockouts-of-hour.ts'
import { isForgotten } from './waiting.ts'

/** What a pull learns of its source's people while it goes on. */
export interface PullPeople {
  /** Active people that this pull brought: the limit is a share of those who were there before. */
  joined: number
  /** So many were active before, at least: counted when it matters, and then not again. */
  activeAtLeast: number
}

/**
 * Returns the lock-outs that may pass; the others are marked, in memory, as held back. Counted in people, in the transaction that
 * makes them official: two processes, or two pages, never let the same one through twice.
 */
export async function admit(
  client: pg.ClientBase,
  context: SyncContext,
  by: Origin,
  lockouts: readonly Lockout[],
  pull: PullPeople | null,
): Promise<readonly Lockout[]> {
  if (lockouts.length === 0) return []
  const people = [...Map.groupBy(lockouts, ({ dossier }) => dossier)].map(([dossier, own]) => ({
    own,
    sources: sourcesOf(context, by, dossier, own),
  }))
  const gates = new Map<string, Gate>()
  for (const source of [...new Set(people.flatMap(({ sources }) => sources))].sort()) {
    const asking = people.filter(({ sources }) => sources.includes(source)).length
    gates.set(source, await openGate(client, context, source, asking, pull))
  }
  const passing = people.flatMap(({ own, sources }) => {
    const asked = sources.map((source) => gates.get(source) as Gate)
    const closed = asked.find((gate) => !gate.lets(own))
    if (closed === undefined) {
      for (const gate of asked) gate.count(own)
      return own
    }
    closed.hold(own)
    return []
  })
  for (const gate of gates.values()) await gate.close(client, context)
  return passing
}

/** Whose word it is; nobody's is an end whose date was official before it came: the door closes by that date without us. */
function sourcesOf(context: SyncContext, by: Origin, dossier: Dossier, own: readonly Lockout[]): readonly string[] {
  const named = own.flatMap(({ account: { row } }) => {
    const holder = sourceOf(row.wanted_by)
    const speaker = sourceOf(by)
    if (speaker !== null) return row.suspect_at === null || holder === null ? [speaker] : [speaker, holder]
    if (holder !== null) return [holder]
    if (endedAsKnown(context, dossier, row)) return []
    return dossier.records.flatMap((record) => (record.row.presence === 'gone' ? [] : [record.row.source]))
  })
  return [...new Set(named)]
}

function endedAsKnown({ vault, now }: SyncContext, { key }: Dossier, row: AccountRow): boolean {
  const { desired_facts: sealed, desired_facts_version: version } = row
  if (sealed === null || version === null) return false
  const until = unlessRowFault(() => openFacts(vault, key, row.id, version, sealed).validity.until)
  return until !== null && Date.parse(until) <= now().getTime()
}

/** How much one source may still cause. */
interface Gate {
  /** False when they must wait for this source. */
  lets(own: readonly Lockout[]): boolean
  count(own: readonly Lockout[]): void
  hold(own: readonly Lockout[]): void
  /** Notes what passed, and calls a person when something was held that nobody knew of yet. */
  close(client: pg.ClientBase, context: SyncContext): Promise<void>
}

async function openGate(
  client: pg.ClientBase,
  context: SyncContext,
  source: string,
  asking: number,
  pull: PullPeople | null,
): Promise<Gate> {
  const now = context.now()
  const standing = await lockStanding(client, context.vault, source)
  if (standing === null) return shutGate(source, now)
  const recent = lockoutsOfHour(standing.lockouts, now)
  const wasForgotten = standing.suspect_at === null && (await isForgotten(client, context, standing))
  const isSuspect = standing.suspect_at !== null || wasForgotten
  const limit = isSuspect ? 0 : await lockoutLimit(client, context, source, asking, peopleIn(recent), pull)
  return new OpenGate(standing, { isSuspect, wasForgotten, recent, limit, now })
}

function heldAtBy(standing: SourceStanding, now: Date): Date {
  return standing.suspect_at ?? new Date(Math.max(now.getTime(), (standing.cleared_at?.getTime() ?? 0) + 1))
}

function holdBack(own: readonly Lockout[], source: string, at: Date): void {
  for (const { account } of own) {
    account.row.suspect_at = at
    account.row.wanted_by = sourceOrigin(source)
    touch(account)
  }
}

/** Somebody changed the source's row from outside: it is trusted with nothing, and the row is not signed anew. */
function shutGate(source: string, now: Date): Gate {
  return {
    lets: () => false,
    count: () => undefined,
    hold: (own) => holdBack(own, source, now),
    close: async (client, context) => distrust(client, context, source),
  }
}

export async function distrust(client: pg.ClientBase | pg.Pool, context: SyncContext, source: string): Promise<void> {
  await tellForged(client, context, source)
  await raiseAlarm(client, context.vault, 'source.suspect', source)
}

interface GateState {
  readonly isSuspect: boolean
  readonly wasForgotten: boolean
  readonly recent: LockoutsOfHour
  readonly limit: number
  readonly now: Date
}

class OpenGate implements Gate {
  readonly #standing: SourceStanding
  readonly #state: GateState
  #passed = 0
  #held = 0

  constructor(standing: SourceStanding, state: GateState) {
    this.#standing = standing
    this.#state = state
  }

  lets(own: readonly Lockout[]): boolean {
    const { isSuspect, recent, limit } = this.#state
    return this.#wasLetGo(own) || (!isSuspect && this.#held === 0 && peopleIn(recent) + this.#passed < limit)
  }

  count(own: readonly Lockout[]): void {
    if (!this.#wasLetGo(own)) this.#passed += 1
  }

  hold(own: readonly Lockout[]): void {
    this.#held += 1
    holdBack(own, this.#standing.source, heldAtBy(this.#standing, this.#state.now))
  }

  #wasLetGo(own: readonly Lockout[]): boolean {
    return own.every(({ account: { row } }) => row.suspect_at !== null && isLetGo(this.#standing, row.suspect_at))
  }

  async close(client: pg.ClientBase, context: SyncContext): Promise<void> {
    const { recent, limit, now, wasForgotten } = this.#state
    const isNew = this.#held > 0 && this.#standing.suspect_at === null
    if (this.#passed === 0 && !isNew) return
    const suspect_at = isNew ? heldAtBy(this.#standing, now) : this.#standing.suspect_at
    const lockouts = withMore(recent, this.#passed, now)
    await saveStanding(client, context.vault, { ...this.#standing, lockouts, suspect_at })
    if (!isNew) return
    if (wasForgotten) await distrust(client, context, this.#standing.source)
    await tellSuspect(client, context, this.#standing.source, { limit, lockedOut: peopleIn(recent) + this.#passed })
  }
}

/** At once, and not when the pull ends: whoever is called may know by then what went wrong. */
export async function tellSuspect(
  client: pg.ClientBase,
  context: SyncContext,
  source: string,
  details: { readonly limit: number; readonly lockedOut: number },
): Promise<void> {
  await raiseAlarm(client, context.vault, 'source.suspect', source)
  context.log('error', 'source.suspect', { source, ...details })
  await recordAudit(client, context.vault, {
    actor: sourceOrigin(source),
    action: 'source.suspect',
    object: source,
    details,
  })
}
