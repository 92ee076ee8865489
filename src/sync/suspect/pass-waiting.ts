/** Passes lock-outs that were held back, when the suspicion has ended that held them. */
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { isLetGo, type SourceStanding } from '../../store/source-standing.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { type LockoutCause, lockoutsAmong, passLockouts, recordLockouts } from '../lock-out.ts'
import { sourceOrigin } from '../origin.ts'
import { leftByAbsence } from '../resolve/left-by-absence.ts'
import { modesOf } from '../target-modes.ts'
import { peopleWaiting } from './waiting.ts'

/** Killed over it, it goes on where it was: what was let go stays so. */
export async function passWaiting(
  context: SyncContext,
  standing: SourceStanding,
  cause: Omit<LockoutCause, 'because'>,
): Promise<void> {
  for await (const { people } of peopleWaiting(context.database.pool, context, standing.source)) {
    await inTransaction(context.database.pool, async (client) => {
      const loaded = await loadDossiers(client, context.vault, people)
      await tellForged(client, context, ...loaded.frozen)
      const dossiers = [...wholeAndTorn(loaded).values()]
      const modes = await modesOf(client, context)
      const lockouts = lockoutsAmong(dossiers, modes, leftByAbsence(context)).filter(
        ({ account: { row } }) =>
          row.suspect_at !== null &&
          row.wanted_by === sourceOrigin(standing.source) &&
          isLetGo(standing, row.suspect_at),
      )
      const passed = passLockouts(lockouts)
      await saveDossiers(client, context.vault, dossiers)
      await recordLockouts(client, context, passed, { ...cause, because: 'record' })
    })
  }
}
