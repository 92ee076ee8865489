/** Resolves people and passes at once the lock-outs that follow from records: whatever looks at a person leaves none of these to a plan. */
import type pg from 'pg'
import { mergePerson } from '../../mapping/merge.ts'
import { stateOf } from '../../policy/state.ts'
import type { Dossier } from '../../store/dossier.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { enqueue } from '../../store/work.ts'
import type { SyncContext } from '../context.ts'
import { type LockOutCause, passLockOuts, recordLockOuts } from '../lock-out.ts'
import { modesOf } from '../target-modes.ts'
import { passGrants } from './individual.ts'
import { resolveAll } from './resolve-all.ts'

/**
 * Saves the dossiers, whose rows are locked, with what individual grants give and take passed as well; returns how many accounts were
 * shut. `by` as in `resolve`. @throws Refusal `config.superseded` when another configuration was released: then nothing was saved.
 */
export async function resolveAndPass(
  client: pg.ClientBase,
  context: SyncContext,
  dossiers: readonly Dossier[],
  by: string,
  cause: LockOutCause,
): Promise<number> {
  await context.refuseSuperseded(client)
  return context.traces.span('resolve', { people: dossiers.length, cause: cause.because }, async (span) => {
    await resolveAll(client, context, dossiers, by)
    const modes = await modesOf(client, context)
    const passed = passLockOuts(dossiers, modes, leftByAbsence(context))
    const granted = passGrants(dossiers, modes)
    await saveDossiers(client, context.vault, dossiers)
    await recordLockOuts(client, context, passed, cause)
    await enqueue(client, 'bulk', granted)
    span.set({ lockouts: passed.length })
    return passed.length
  })
}

/** Tells lock-outs by absence from those by record: without the missing records the person would not be shut out. */
export function leftByAbsence(context: SyncContext): (dossier: Dossier) => boolean {
  return (dossier) => {
    if (dossier.person.locked_at !== null || dossier.records.every(({ row }) => row.presence === 'present'))
      return false
    const records = dossier.records.map(({ row, record }) => ({
      source: row.source,
      zone: context.sources.get(row.source)?.zone ?? 'UTC',
      record,
      gone: false,
    }))
    const { state } = stateOf(mergePerson(dossier.person.id, records), context.now(), context.stateOptions)
    return state !== 'left' && state !== 'suspended'
  }
}
