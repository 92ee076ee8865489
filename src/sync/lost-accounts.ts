/**
 * An account of which no row tells, since the store came from a backup or somebody took the row away: who is out may still have it, so it is
 * looked for, and shut.
 */
import { ConnectorError } from '../connector/errors.ts'
import type { Dossier } from '../store/dossier.ts'
import type { SyncContext } from './context.ts'
import type { Origin } from './origin.ts'
import { decodeParts, encodeParts } from './parts.ts'
import { begin, isShut, understand } from './resolve/resolve.ts'

/** In memory: whoever is out gets an account to be shut at each target where we know of none. Where there is none, that is found out. */
export function beginLost(context: SyncContext, dossier: Dossier, now: Date, by: Origin): void {
  const { person, standing } = understand(context, dossier, now)
  if (!isShut(dossier, standing, now)) return
  for (const [name, target] of context.targets) {
    if (dossier.accounts.some(({ row }) => row.target === name && row.is_primary)) continue
    try {
      const whenever = { ...standing, validity: { from: null, until: null } }
      const { row } = begin(context, dossier, target, { person, standing: whenever, granted: [] }, by)
      // As if it had been open until now: what is shut was open, and is proven to be shut.
      const open = { ...decodeParts(row.wanted), cards: {} }
      row.desired = encodeParts(open)
      row.desired_facts = row.wanted_facts
      row.desired_facts_version = row.wanted_facts_version
      row.desired_version = 1
      row.wanted = encodeParts({ ...open, lock: 'closed' })
    } catch (error) {
      // Whom the target could never have known by these facts.
      if (!(error instanceof ConnectorError)) throw error
    }
  }
}
