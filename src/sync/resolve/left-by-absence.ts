/** Tells lock-outs by absence from those by record. */
import type { Dossier } from '../../store/dossier.ts'
import type { SyncContext } from '../context.ts'
import { isOut, understand } from './resolve.ts'

/** By absence: without the missing records the person would not be shut out. */
export function leftByAbsence(context: SyncContext): (dossier: Dossier) => boolean {
  return (dossier) => {
    if (dossier.person.locked_at !== null || dossier.records.every(({ row }) => row.presence === 'present'))
      return false
    return !isOut(understand(context, dossier, context.now(), 'ignored').standing)
  }
}
