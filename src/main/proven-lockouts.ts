/** The times of lock-outs as they are proven, whichever process proved them: read from their table, and only where its guards hold. */
import type { LockoutRow } from '../store/guards.ts'
import { areGenuineSteps, isGenuineDecision, lockoutsProvenAfter } from '../store/lockouts.ts'
import type { SyncContext } from '../sync/context.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** What is committed late, or dated by a clock that is behind, is read all the same. */
const overlapMs = 10_000
/** At a time; the rest is counted when the figures are asked for again. */
const most = 20_000

/**
 * A look, to be called before figures are given out; it counts what was proven since it was made. One for each process: a second one
 * would begin later, and count again.
 */
export function provenLockouts(
  { database, vault, now }: Pick<SyncContext, 'database' | 'vault' | 'now'>,
  metrics: Pick<Metrics, 'lockoutSeconds' | 'lockoutOwnSeconds'>,
): () => Promise<void> {
  const begun = now()
  let since = begun
  let seen = new Map<string, number>()

  // One after the other: two who ask at once would both count what neither has seen.
  let looking = Promise.resolve()
  return () => {
    looking = looking.then(look, look)
    return looking
  }

  async function look(): Promise<void> {
    const rows = await lockoutsProvenAfter(database.pool, new Date(since.getTime() - overlapMs), most)
    const next = new Map<string, number>()
    for (const row of rows) {
      const { id, proven_at: at } = row
      if (at === null || at < begun) continue
      next.set(id, at.getTime())
      if (seen.get(id) === at.getTime()) continue
      // A time that somebody else wrote must not lead past those that are still to come.
      if (!isGenuineDecision(vault, row) || !areGenuineSteps(vault, row)) continue
      observe(row, at)
      if (at > since) since = at
    }
    seen = next
  }

  function observe({ target, cause, proof, arrived_at, waiting_ms }: LockoutRow, provenAt: Date): void {
    const tookMs = provenAt.getTime() - arrived_at.getTime()
    metrics.lockoutSeconds.observe({ target, proof: proof ?? 'none', cause }, tookMs / 1_000)
    metrics.lockoutOwnSeconds.observe({ target }, Math.max(0, tookMs - waiting_ms) / 1_000)
  }
}
