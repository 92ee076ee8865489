/** Whether a target may be written to, as a person decided and signed it: read where it matters, so that every process obeys at once. */
import type pg from 'pg'
import { type MatchRunId, newId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { guardedOfTarget, type TargetModeRow, targetModeGuard } from './guards.ts'

/** Why every change at a target waits, whatever its kind. */
export type WholeTargetWaits = 'observe' | 'first-plan' | 'restored'

export interface TargetMode {
  readonly is: 'observe' | 'enabled'
  /** Null: the brakes alone decide. */
  readonly waits: WholeTargetWaits | null
  /** Accounts may be written. */
  readonly writes: boolean
  /** Lock-outs may be written: also where the row can't be trusted, so that nobody stops them by changing it. */
  readonly locksOut: boolean
  /** The newest look at all its accounts that ended well; null: it was never matched. */
  readonly match: MatchRunId | null
  /** The row was changed outside Gatehouse. */
  readonly forged: boolean
}

/** A target, and what the configuration says of it as long as no person has. */
export interface DeclaredTarget {
  readonly id: string
  readonly declaredEnabled: boolean
}

const columns = [...guardedOfTarget, 'mode_guard'].join(', ')

/** By id. Every configured target was registered with a signed row: one whose row is gone, or unsigned, was changed from outside. */
export async function targetModes(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  targets: readonly DeclaredTarget[],
): Promise<ReadonlyMap<string, TargetMode>> {
  const { rows } = await client.query<TargetModeRow>(`select ${columns} from target where id = any($1::text[])`, [
    targets.map(({ id }) => id),
  ])
  const byId = new Map(rows.map((row) => [row.id, row]))
  return new Map(targets.map((target) => [target.id, modeOf(vault, target, byId.get(target.id))]))
}

function modeOf(vault: Vault, { declaredEnabled }: DeclaredTarget, row: TargetModeRow | undefined): TargetMode {
  if (row === undefined || !isGenuine(vault, row))
    return { is: 'observe', waits: 'observe', writes: false, locksOut: true, match: null, forged: true }
  const is = row.mode ?? (declaredEnabled ? 'enabled' : 'observe')
  if (row.restored_at !== null) return stating(row, is, 'restored')
  return stating(row, is, row.mode === 'enabled' && row.first_release_at === null ? 'first-plan' : null)
}

function stating({ match_id }: TargetModeRow, is: TargetMode['is'], waits: TargetMode['waits']): TargetMode {
  const enabled = is === 'enabled'
  return {
    is,
    waits: enabled ? waits : 'observe',
    writes: enabled && waits !== 'restored',
    locksOut: enabled,
    match: match_id,
    forged: false,
  }
}

function isGenuine(vault: Vault, { mode_guard, ...row }: TargetModeRow): boolean {
  return mode_guard !== null && vault.verifyGuard('target', targetModeGuard(row), mode_guard)
}

/**
 * Locks the row; null when it is not there. One that fails its guard comes without what it claims, to be decided anew: whether it was matched
 * nobody knows, so it comes as one whose look is lost, and whoever has no account waits until it is matched once more.
 */
export async function lockTargetMode(client: pg.ClientBase, vault: Vault, id: string): Promise<TargetModeRow | null> {
  const { rows } = await client.query<TargetModeRow>(`select ${columns} from target where id = $1 for update`, [id])
  const [row] = rows
  if (row === undefined || isGenuine(vault, row)) return row ?? null
  return { ...undecided(id), match_id: newId<MatchRunId>(), mode_guard: null }
}

/** Signs and writes what was decided about a locked row. */
export async function saveTargetMode(client: pg.ClientBase, vault: Vault, row: TargetModeRow): Promise<void> {
  await client.query(
    `update target set mode = $2, mode_at = $3, mode_by = $4, first_release_at = $5, restored_at = $6, match_id = $7, mode_guard = $8 where id = $1`,
    [
      row.id,
      row.mode,
      row.mode_at,
      row.mode_by,
      row.first_release_at,
      row.restored_at,
      row.match_id,
      vault.guard('target', targetModeGuard(row)),
    ],
  )
}

/** What a target is registered with: nobody has decided about it yet, so it is as declared. */
export function undecidedGuard(vault: Vault, id: string): Buffer {
  return vault.guard('target', targetModeGuard(undecided(id)))
}

function undecided(id: string): Omit<TargetModeRow, 'mode_guard'> {
  return { id, mode: null, mode_at: null, mode_by: null, first_release_at: null, restored_at: null, match_id: null }
}

/** Signs rows from before undecided ones were signed: they are taken as they are, once. */
export async function signOlderModes(client: pg.ClientBase | pg.Pool, vault: Vault): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    'select id from target where num_nonnulls(mode, mode_at, mode_by, first_release_at, restored_at, mode_guard) = 0',
  )
  for (const { id } of rows)
    await client.query('update target set mode_guard = $2 where id = $1 and mode_guard is null', [
      id,
      undecidedGuard(vault, id),
    ])
}
