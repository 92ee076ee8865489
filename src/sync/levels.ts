/** Knows every target's access levels: pins them by the vendor's id when first seen, and finds them by the name that rules use. */
import { type AccessLevelId, newId } from '../model/id.ts'
import { raiseAlarm } from '../store/alarms.ts'
import type { Database } from '../store/database.ts'
import { type LevelRow, levelGuard } from '../store/guards.ts'
import { inTransaction } from '../store/transaction.ts'
import type { Vault } from '../vault/vault.ts'
import type { LevelCatalogue, TargetSetup } from './context.ts'

export interface Levels extends LevelCatalogue {
  /** Asks the target for its levels and stores them; what vanished is marked, never forgotten. */
  discover(target: TargetSetup, signal: AbortSignal): Promise<void>
  /** Reads what is stored: how every other process learns of new levels. */
  reload(): Promise<void>
  all(): readonly LevelRow[]
}

export function openLevels({ pool }: Database, vault: Vault): Levels {
  let byRef = new Map<string, AccessLevelId>()
  let byId = new Map<AccessLevelId, LevelRow>()
  let byExternal = new Map<string, AccessLevelId>()

  async function reload(): Promise<void> {
    const stored = await pool.query<LevelRow>(
      'select * from access_level where gone_at is null order by target, name, id',
    )
    const rows: LevelRow[] = []
    for (const row of stored.rows) {
      // Somebody made an id of ours stand for another door: it stands for none, and nobody is granted or loses it.
      if (vault.verifyGuard('access_level', levelGuard(row), row.guard)) rows.push(row)
      else await raiseAlarm(pool, vault, 'guard.failed', row.id)
    }
    byId = new Map(rows.map((row) => [row.id, row]))
    byExternal = new Map(rows.map((row) => [`${row.target}/${row.external_id}`, row.id]))
    // Two levels of one name can't be told apart by a rule: neither is found, and `check` says so.
    const named = Map.groupBy(rows, (row) => `${row.target}/${row.name}`)
    byRef = new Map(
      [...named].flatMap(([ref, same]) =>
        same.length === 1 && same[0] !== undefined ? [[ref, same[0].id] as const] : [],
      ),
    )
  }

  return {
    byRef: (ref) => byRef.get(ref),
    externalId: (id) => byId.get(id)?.external_id,
    byExternalId: (target, externalId) => byExternal.get(`${target}/${externalId}`),
    nameOf: (id) => {
      const level = byId.get(id)
      return level === undefined ? undefined : `${level.target}/${level.name}`
    },
    all: () => [...byId.values()],
    reload,
    async discover(target, signal) {
      const levels = await target.connection.accounts.discover(signal)
      await inTransaction(pool, async (client) => {
        const { rows } = await client.query<LevelRow>('select * from access_level where target = $1 for update', [
          target.id,
        ])
        // A forged row keeps a wrong guard: signing it anew would make the forgery ours.
        const genuine = rows.filter((row) => vault.verifyGuard('access_level', levelGuard(row), row.guard))
        const known = new Map(genuine.map(({ id, external_id }) => [external_id, id]))
        const offered = levels.map(({ externalId, name }) => ({
          id: known.get(externalId) ?? newId<AccessLevelId>(),
          target: target.id,
          external_id: externalId,
          name,
        }))
        await client.query(
          `insert into access_level (id, target, external_id, name, guard)
           select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[])
           on conflict (target, external_id) do update set name = excluded.name, guard = excluded.guard, gone_at = null`,
          [
            offered.map(({ id }) => id),
            offered.map((row) => row.target),
            offered.map(({ external_id }) => external_id),
            offered.map(({ name }) => name),
            offered.map((row) => vault.guard('access_level', levelGuard(row))),
          ],
        )
        await client.query(
          'update access_level set gone_at = now() where target = $1 and gone_at is null and not (external_id = any($2::text[]))',
          [target.id, offered.map(({ external_id }) => external_id)],
        )
        await client.query('update target set levels_at = now() where id = $1', [target.id])
      })
      await reload()
    },
  }
}
