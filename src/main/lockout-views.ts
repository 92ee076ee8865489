/** Lock-outs as callers see them: ids and times, no personal data. */

import type { LockoutView } from '../api/acts/lockouts.ts'
import { Refusal } from '../model/refusal.ts'
import type { SyncContext } from '../sync/context.ts'

interface LockoutRow {
  readonly id: string
  readonly person: string | null
  readonly account: string
  readonly target: string
  readonly cause: string
  readonly arrived_at: Date
  readonly decided_at: Date
  readonly started_at: Date | null
  readonly accepted_at: Date | null
  readonly proven_at: Date | null
  readonly proof: string | null
  readonly requests: number
  readonly waiting_ms: number
  readonly ended_at: Date | null
}

const select = `select id, person_id as person, account_id as account, target, cause, arrived_at, decided_at, started_at, accepted_at,
       proven_at, proof, requests, waiting_ms, ended_at from lockout`

/** The last 50 of a person, newest first. */
export async function lockoutsOf({ database }: SyncContext, person: string): Promise<LockoutView[]> {
  const { rows } = await database.pool.query<LockoutRow>(
    `${select} where person_id = $1 order by arrived_at desc, id limit 50`,
    [person],
  )
  return rows.map(viewOf)
}

export async function findLockout({ database }: SyncContext, id: string): Promise<LockoutView> {
  const { rows } = await database.pool.query<LockoutRow>(`${select} where id = $1`, [id])
  if (rows[0] === undefined) throw new Refusal('lockout.unknown')
  return viewOf(rows[0])
}

function viewOf(row: LockoutRow): LockoutView {
  const { id, person, account, target, cause, proof, requests } = row
  return {
    ...{ id, person, account, target, cause, proof, requests },
    waitingMs: row.waiting_ms,
    arrivedAt: row.arrived_at.toISOString(),
    decidedAt: row.decided_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    acceptedAt: row.accepted_at?.toISOString() ?? null,
    provenAt: row.proven_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
  }
}
