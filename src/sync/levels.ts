/** Knows every target's access levels: pins them by the vendor's id when first seen, and finds them by the name that rules use. */
import { type AccessLevelId, newId } from '../model/id.ts'
import type { Database } from '../store/database.ts'
import type { LevelCatalogue, TargetSetup } from './context.ts'

interface LevelRow {
  readonly id: AccessLevelId
  readonly target: string
  readonly external_id: string
  readonly name: string
}

export interface Levels extends LevelCatalogue {
  /** Asks the target for its levels and stores them; what vanished is marked, never forgotten. */
  discover(target: TargetSetup, signal: AbortSignal): Promise<void>
  /** Reads what is stored: how every other process learns of new levels. */
  reload(): Promise<void>
  all(): readonly LevelRow[]
}

export function openLevels({ pool }: Database): Levels {
  let byRef = new Map<string, AccessLevelId>()
  let byId = new Map<AccessLevelId, LevelRow>()

  async function reload(): Promise<void> {
    const { rows } = await pool.query<LevelRow>(
      'select id, target, external_id, name from access_level where gone_at is null order by target, name, id',
    )
    byId = new Map(rows.map((row) => [row.id, row]))
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
    nameOf: (id) => {
      const level = byId.get(id)
      return level === undefined ? undefined : `${level.target}/${level.name}`
    },
    all: () => [...byId.values()],
    reload,
    async discover(target, signal) {
      const levels = await target.connection.accounts.discover(signal)
      await pool.query(
        `insert into access_level (id, target, external_id, name)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
         on conflict (target, external_id) do update set name = excluded.name, gone_at = null`,
        [
          levels.map(() => newId<AccessLevelId>()),
          levels.map(() => target.id),
          levels.map(({ externalId }) => externalId),
          levels.map(({ name }) => name),
        ],
      )
      await pool.query(
        'update access_level set gone_at = now() where target = $1 and gone_at is null and not (external_id = any($2::text[]))',
        [target.id, levels.map(({ externalId }) => externalId)],
      )
      await pool.query('update target set levels_at = now() where id = $1', [target.id])
      await reload()
    },
  }
}
