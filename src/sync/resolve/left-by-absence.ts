/** Tells lock-outs by absence from those by record. */
import { mergePerson } from '../../mapping/merge.ts'
import { stateOf } from '../../policy/state.ts'
import type { Dossier } from '../../store/dossier.ts'
import type { SyncContext } from '../context.ts'

/** By absence: without the missing records the person would not be shut out. */
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
