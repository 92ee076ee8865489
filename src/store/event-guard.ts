/** How far the log of a source was looked through, signed: nobody moves it past an event unseen. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { eventGuardGuard } from './guards.ts'

export interface GuardPosition {
  readonly position: number
  /** False: somebody else wrote it, and it says nothing. */
  readonly genuine: boolean
}

/** Held to the end of the transaction where `lock` says so. Null: it begins at the start. */
export async function readGuardPosition(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  source: string,
  lock = false,
): Promise<GuardPosition | null> {
  const { rows } = await client.query<{ position: string; guard: Buffer }>(
    `select position, guard from event_guard where source = $1${lock ? ' for update' : ''}`,
    [source],
  )
  const [row] = rows
  if (row === undefined) return null
  const position = Number(row.position)
  return { position, genuine: vault.verifyGuard('event_guard', eventGuardGuard(source, position), row.guard) }
}

/** At the start, where nothing was looked through yet: of two that find none the second waits for the first, and leaves what that one wrote. */
export async function beginGuardPosition(client: pg.ClientBase, vault: Vault, source: string): Promise<void> {
  await client.query(
    'insert into event_guard (source, position, guard) values ($1, 0, $2) on conflict (source) do nothing',
    [source, vault.guard('event_guard', eventGuardGuard(source, 0))],
  )
}

export async function saveGuardPosition(
  client: pg.ClientBase,
  vault: Vault,
  source: string,
  position: number,
): Promise<void> {
  await client.query(
    `insert into event_guard (source, position, guard) values ($1, $2, $3)
     on conflict (source) do update set position = excluded.position, guard = excluded.guard`,
    [source, position, vault.guard('event_guard', eventGuardGuard(source, position))],
  )
}
