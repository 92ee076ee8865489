/** PINs on their way to the targets: sealed under the key of their person, and deleted as soon as nobody needs them any more. */
import type pg from 'pg'
import type { PersonId, PinIssueId } from '../model/id.ts'
import type { DataKey, Vault } from '../vault/vault.ts'
import { isRowFault } from '../vault/vault-error.ts'
import { type PinIssueRow, pinIssueGuard } from './guards.ts'

/** So long at most a PIN waits, then it must be issued anew: a target that is away for longer is repaired, not remembered. */
const keepDays = 7

export async function insertPin(
  client: pg.ClientBase,
  vault: Vault,
  key: DataKey,
  row: Omit<PinIssueRow, 'guard' | 'pin'>,
  pin: string,
): Promise<void> {
  await client.query(
    'insert into pin_issue (id, person_id, pin, subject_id, created_at, guard) values ($1, $2, $3, $4, $5, $6)',
    [
      row.id,
      row.person_id,
      vault.seal(key, placeOf(row.id), pin),
      row.subject_id,
      row.created_at,
      vault.guard('pin_issue', pinIssueGuard(row)),
    ],
  )
}

export interface AskedPin {
  readonly id: PinIssueId
  readonly person: PersonId | null
  readonly key: DataKey
}

/** By issue; one that is gone, or that somebody tampered with, is in no answer. */
export async function openPins(
  pool: pg.Pool,
  vault: Vault,
  asked: readonly AskedPin[],
): Promise<ReadonlyMap<PinIssueId, string>> {
  const pins = new Map<PinIssueId, string>()
  if (asked.length === 0) return pins
  const { rows } = await pool.query<PinIssueRow>('select * from pin_issue where id = any($1::uuid[])', [
    asked.map(({ id }) => id),
  ])
  const stored = new Map(rows.map((row) => [row.id, row]))
  for (const { id, person, key } of asked) {
    const row = stored.get(id)
    if (row === undefined || row.person_id !== person) continue
    if (!vault.verifyGuard('pin_issue', pinIssueGuard(row), row.guard)) continue
    try {
      pins.set(id, vault.open(key, placeOf(id), row.pin))
    } catch (error) {
      if (!isRowFault(error)) throw error
    }
  }
  return pins
}

/** No text is read as JSON here: one that somebody spoilt must not keep all others. Deletes PINs that every account has which is to have them, and those that waited too long; of one person, or of all. Returns how many. */
export async function dropPins(client: pg.ClientBase | pg.Pool, person: PersonId | null, now: Date): Promise<number> {
  const { rowCount } = await client.query(
    `delete from pin_issue p where ($1::uuid is null or p.person_id = $1) and (p.created_at < $2::timestamptz - interval '${keepDays} days' or not exists (
       select 1 from account a where a.person_id = p.person_id and strpos(a.desired, '"pin":"' || p.id || '"') > 0
          and strpos(coalesce(a.owned, ''), '"pin":"' || p.id || '"') = 0))`,
    [person, now],
  )
  return rowCount ?? 0
}

function placeOf(row: PinIssueId) {
  return { table: 'pin_issue', column: 'pin', row, version: 1 }
}
