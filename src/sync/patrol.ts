/** Walks through everybody, gently and without end: whoever's wake-up was taken away is resolved all the same, and what was changed or taken out is found. */
import type { PersonId } from '../model/id.ts'
import type { Dossier } from '../store/dossier.ts'
import { loadDossiers, wholeAndTorn } from '../store/load-dossiers.ts'
import { ownerless, peopleAfter } from '../store/people.ts'
import { inTransaction } from '../store/transaction.ts'
import type { Brakes, SyncContext } from './context.ts'
import { tellForged } from './forged.ts'
import { plan } from './plan/plan.ts'
import { resolveAndPass } from './resolve/resolve-and-pass.ts'

/**
 * People per step: few, since they are locked meanwhile, and whoever among them is to be locked out would wait. With two steps a second, a
 * million are through in three hours and the time of the steps.
 */
const batch = 50
/** How long a walk takes at least, however few there are. */
const roundMs = 15 * 60_000
/** Rows that belong to nobody, alarmed at once. */
const mostOwnerless = 100

/** Each call takes the next step; where the walk is, and when it began, is known to this process alone. */
export function startPatrol(context: SyncContext, brakes: Brakes): () => Promise<void> {
  let after: PersonId | null = null
  let begunAt: number | null = null
  return async () => {
    if (after === null) {
      const now = context.now().getTime()
      if (begunAt !== null && now < begunAt + roundMs) return
      begunAt = now
      await tellForged(context.database.pool, context, ...(await ownerless(context.database.pool, mostOwnerless)))
    }
    const ids = await peopleAfter(context.database.pool, after, batch)
    if (await step(context, ids)) await plan(context, { origin: 'clock', pull: null, brakes, arrivedAt: context.now() })
    after = ids.length < batch ? null : (ids.at(-1) ?? null)
  }
}

/** True when something of these people is to be planned. */
async function step(context: SyncContext, ids: readonly PersonId[]): Promise<boolean> {
  return inTransaction(context.database.pool, async (client) => {
    const loaded = await loadDossiers(client, context.vault, ids)
    const dossiers = [...wholeAndTorn(loaded).values()]
    await tellForged(client, context, ...loaded.frozen)
    const before = dossiers.map(momentOf)
    const cause = { actor: 'clock', because: 'clock', arrivedAt: context.now() } as const
    await resolveAndPass(client, context, dossiers, 'clock', cause)
    // Not the moment before: whose hour came between the two was woken as they should be.
    const now = context.now()
    const missed = dossiers.filter((dossier, i) => hasMissed(before[i] as Moment, momentOf(dossier), now))
    await tellForged(client, context, ...missed.map(({ person }) => person.id))
    return dossiers.some(({ accounts }) => accounts.some(({ row }) => row.pending && row.wanted_by === 'clock'))
  })
}

/** What only the time moves, as long as records, rules and operators stay as they are: they resolve whom they change at once. */
interface Moment {
  readonly wakes: Date | null
  readonly state: string
  readonly grants: number
}

function momentOf({ person, grants }: Dossier): Moment {
  return {
    wakes: person.next_change_at,
    state: person.state,
    grants: grants.filter(({ row }) => row.ended_at === null).length,
  }
}

/** The wake-up is not signed, so that it can be set from SQL. Whoever was to be woken too late, or never, was put off by somebody else. */
function hasMissed(before: Moment, after: Moment, now: Date): boolean {
  if (before.wakes !== null && before.wakes <= now) return false
  if (before.state !== after.state || before.grants !== after.grants) return true
  return after.wakes !== null && (before.wakes === null || before.wakes > after.wakes)
}
