/** Whether the source whose changes are planned is trusted now: what waits for its sake waits whatever the brakes say. */
import type pg from 'pg'
import { isLetGo, readStanding } from '../../store/source-standing.ts'
import type { SyncContext } from '../context.ts'
import { sourceOf } from '../origin.ts'

/** Why a delivery waits as a whole: more rows than may be lost or changed; null for what is within its limit. */
export interface BrakedPull {
  /** How many it held: the new normal once it is released. */
  readonly records: number
  readonly lost: { readonly rows: number; readonly limit: number } | null
  readonly changed: { readonly rows: number; readonly limit: number } | null
}

export interface Trust {
  /** Everything waits: the last delivery lost or changed too much, or nothing is known about the source. */
  readonly pullWaits: boolean
  readonly braked: BrakedPull | null
  /** Whether a lock-out that was held back then still waits. */
  holdsBack(heldAt: Date): boolean
}

const full: Trust = { pullWaits: false, braked: null, holdsBack: () => false }

/** For what no source caused, there is nothing to distrust. */
export async function trustIn(client: pg.ClientBase, { vault }: SyncContext, origin: string): Promise<Trust> {
  const source = sourceOf(origin)
  if (source === null) return full
  const standing = await readStanding(client, vault, source)
  if (standing === null) return { pullWaits: true, braked: null, holdsBack: () => true }
  return {
    pullWaits: standing.braked !== null,
    braked: standing.braked === null ? null : (JSON.parse(standing.braked) as BrakedPull),
    holdsBack: (heldAt) => standing.suspect_at !== null || !isLetGo(standing, heldAt),
  }
}

/** Half a delivery was taken in: whether all that follows from it must wait is known only at its end, and until then nothing of it is planned. */
export async function isBeingRead(
  client: pg.ClientBase | pg.Pool,
  { vault }: SyncContext,
  origin: string,
): Promise<boolean> {
  const source = sourceOf(origin)
  if (source === null) return false
  const standing = await readStanding(client, vault, source)
  return standing !== null && standing.reading !== null
}
