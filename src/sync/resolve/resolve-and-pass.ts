/** Resolves people and passes at once the lock-outs that follow from records: to a plan they are left only when their source is suspect. */
import type pg from 'pg'
import type { Dossier } from '../../store/dossier.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { enqueue } from '../../store/work.ts'
import type { SyncContext } from '../context.ts'
import { type LockoutCause, lockoutsAmong, passLockouts, recordLockouts } from '../lock-out.ts'
import type { Origin } from '../origin.ts'
import { admit, type PullPeople } from '../suspect/admit.ts'
import { modesOf } from '../target-modes.ts'
import { passGiven } from './individual.ts'
import { leftByAbsence } from './left-by-absence.ts'
import { resolveAll } from './resolve-all.ts'

/**
 * Saves the dossiers, whose rows are locked, with what individual grants give and take passed as well; returns how many accounts were
 * shut. `by` as in `resolve`; `pull` is the one that brought the news, if any. @throws Refusal `config.superseded` when another
 * configuration was released: then nothing was saved.
 */
export async function resolveAndPass(
  client: pg.ClientBase,
  context: SyncContext,
  dossiers: readonly Dossier[],
  by: Origin,
  cause: LockoutCause,
  pull: PullPeople | null = null,
): Promise<number> {
  await context.refuseSuperseded(client)
  return context.traces.span('resolve', { people: dossiers.length, cause: cause.because }, async (span) => {
    await resolveAll(client, context, dossiers, by)
    const modes = await modesOf(client, context)
    const asked = lockoutsAmong(dossiers, modes, leftByAbsence(context))
    const passed = passLockouts(await admit(client, context, by, asked, pull))
    const granted = await passGiven(client, context, dossiers, modes)
    await saveDossiers(client, context.vault, dossiers)
    await recordLockouts(client, context, passed, cause)
    await enqueue(client, 'bulk', granted)
    span.set({ lockouts: passed.length })
    return passed.length
  })
}
