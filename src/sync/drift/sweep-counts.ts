/** What sweeps counted at a target, as the last of them signed it. */
import type { Selectable } from 'kysely'
import type pg from 'pg'
import { sweepGuard } from '../../store/guards.ts'
import type { TargetTable } from '../../store/schema.ts'
import type { Vault } from '../../vault/vault.ts'
import { certain } from '../certain.ts'

/** What one sweep came to; kept on the target's row. */
export interface SweepCounts {
  readonly accounts: number
  readonly linked: number
  /** Accounts with no person: left alone. */
  readonly withoutPerson: number
  readonly untouchable: number
  /** Of linked accounts, those that are missing or were changed since they were last looked at. */
  readonly changed: number
}

/** With the gateway's time at its begin and its end; of what an older version counted there is none. */
export type KeptCounts = SweepCounts & {
  readonly begunAt?: string
  readonly endedAt?: string
  readonly shallow?: boolean
}

/** As they are kept; null for what is none of ours. */
export function sweepCounts(text: string | null): KeptCounts | null {
  try {
    return text === null ? null : (JSON.parse(text) as KeptCounts | null)
  } catch {
    // What is no JSON counts for none.
    return null
  }
}

export type CountsRow = Pick<Selectable<TargetTable>, 'id' | 'sweep_counts' | 'sweep_guard'>

/** As Gatehouse wrote them: what somebody else did counts for none. */
export function genuineCounts(vault: Vault, row: CountsRow): KeptCounts | null {
  const isGenuine = row.sweep_guard !== null && vault.verifyGuard('target_sweep', sweepGuard(row), row.sweep_guard)
  return isGenuine ? sweepCounts(row.sweep_counts) : null
}

/** How many accounts there are ours, as the last sweep counted them; 0 before the first. Rows that somebody else puts beside them make it no more. */
export async function accountsOfOurs(client: pg.ClientBase, vault: Vault, target: string): Promise<number> {
  const { rows } = await client.query<CountsRow>('select id, sweep_counts, sweep_guard from target where id = $1', [
    target,
  ])
  return genuineCounts(vault, certain(rows[0]))?.linked ?? 0
}
