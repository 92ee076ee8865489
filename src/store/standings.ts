/**
 * Whether a target is paused, frozen or resting, as every worker of every process obeys it. Paused and frozen are signed: a pause that
 * Gatehouse did not write stops no lock-out, and what somebody changed or put back counts as frozen, with an alarm.
 */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { raiseAlarm } from './alarms.ts'
import type { Database } from './database.ts'
import { type StandingRow, standingGuard } from './guards.ts'
import { undecidedGuard } from './target-modes.ts'

/** The scope of what holds at every target. */
export const everywhere = '*'

export interface Standing {
  /** Nothing is written, lock-outs neither. */
  readonly pausedBecause: string | null
  /** Nothing but lock-outs is done: since when, here or everywhere. */
  readonly frozenAt: Date | null
  /** The same, of this target alone. */
  readonly frozenHereAt: Date | null
  /** The target asked us to wait, or the breaker is open: bulk work rests, lock-outs probe. */
  readonly resting: boolean
  /** A row that says so was changed outside Gatehouse. */
  readonly forged: boolean
}

export interface Standings {
  /** As it is now. */
  of(target: string): Promise<Standing>
  /** As it was at most half a second ago: for what is asked before each account. */
  recent(target: string): Promise<Standing>
  /** Of every target that has a row. */
  all(): Promise<ReadonlyMap<string, Standing>>
  /** Whether a target, with or without a row, may get nothing but lock-outs now. */
  frozen(): Promise<(target: string) => boolean>
  /** Since when everything is frozen. */
  frozenEverywhere(): Promise<Date | null>
  /** In one transaction with whatever else the caller decides; keeps the time of a pause that is on. */
  pause(client: pg.ClientBase, target: string, code: string, at: Date): Promise<void>
  resume(client: pg.ClientBase, target: string): Promise<void>
  /** Null as target: everywhere. Keeps the time of a freeze that is on. */
  freeze(client: pg.ClientBase, target: string | null, at: Date): Promise<void>
  unfreeze(client: pg.ClientBase, target: string | null): Promise<void>
}

const recentMs = 500

/** One per process: it remembers the newest state of each row that it saw, so that an older one, though signed, shows. */
export function openStandings({ pool }: Database, vault: Vault, onForged: (scope: string) => void): Standings {
  const newest = new Map<string, number>()
  const forgedNow = new Set<string>()
  const cached = new Map<string, { readonly at: number; readonly standing: Promise<Standing> }>()

  /** `known` is what this process had seen before it asked: what came meanwhile may be newer than the answer. */
  function isGenuine(stored: Stored, known: ReadonlyMap<string, number>): boolean {
    if (stored.version < (known.get(stored.scope) ?? 0)) return false
    if (!vault.verifyGuard('standing', standingGuard(stored), stored.guard ?? Buffer.alloc(0))) return false
    newest.set(stored.scope, Math.max(stored.version, newest.get(stored.scope) ?? 0))
    return true
  }

  /** Tells it once, until the row is right again. */
  async function checked(stored: Stored, known: ReadonlyMap<string, number>): Promise<boolean> {
    const genuine = isGenuine(stored, known)
    if (genuine) forgedNow.delete(stored.scope)
    else {
      await raiseAlarm(pool, vault, 'guard.failed', stored.scope)
      if (!forgedNow.has(stored.scope)) onForged(stored.scope)
      forgedNow.add(stored.scope)
    }
    return genuine
  }

  async function read(target: string | null): Promise<Map<string, Standing>> {
    const known = new Map(newest)
    const { rows } = await pool.query<Row>(
      `select id as scope, paused_at, pause_code, frozen_at, standing_version as version, standing_guard as guard,
              coalesce(rest_until > now() or breaker_until > now(), false) as resting from target where $1::text is null or id = $1
       union all select '${everywhere}', null, null, frozen_at, standing_version, standing_guard, false from gateway`,
      [target],
    )
    const all = rows.find(({ scope }) => scope === everywhere) ?? missing(everywhere)
    const allGenuine = await checked(all, known)
    const allFrozenAt = allGenuine ? all.frozen_at : (all.frozen_at ?? new Date())
    const standings = new Map<string, Standing>()
    const others = rows.filter((row) => row !== all)
    const wanted = target === null || target === everywhere || others.length > 0 ? others : [missing(target)]
    for (const row of wanted) {
      const genuine = await checked(row, known)
      const frozenAt = genuine ? row.frozen_at : (row.frozen_at ?? new Date())
      standings.set(row.scope, {
        pausedBecause: genuine && row.paused_at !== null ? (row.pause_code ?? 'paused') : null,
        frozenAt: allFrozenAt ?? frozenAt,
        frozenHereAt: frozenAt,
        resting: row.resting,
        forged: !genuine || !allGenuine,
      })
    }
    standings.set(everywhere, {
      pausedBecause: null,
      frozenAt: allFrozenAt,
      frozenHereAt: null,
      resting: false,
      forged: !allGenuine,
    })
    return standings
  }

  const of = async (target: string): Promise<Standing> => (await read(target)).get(target) as Standing

  /** What somebody changed stays frozen when it is signed again: nobody can tell whether it was. */
  async function change(
    client: pg.ClientBase,
    target: string | null,
    next: (row: StandingRow, genuine: boolean) => Pick<StandingRow, 'paused_at' | 'pause_code' | 'frozen_at'>,
  ): Promise<void> {
    const known = new Map(newest)
    const { rows } = await client.query<Stored>(
      target === null
        ? `select '${everywhere}' as scope, null::timestamptz as paused_at, null as pause_code, frozen_at, standing_version as version, standing_guard as guard
             from gateway for update`
        : `select id as scope, paused_at, pause_code, frozen_at, standing_version as version, standing_guard as guard from target where id = $1 for update`,
      target === null ? [] : [target],
    )
    const [stored] = rows
    if (stored === undefined) throw new Error('a standing is registered before it is changed')
    const genuine = isGenuine(stored, known)
    const version = Math.max(stored.version, newest.get(stored.scope) ?? 0) + 1
    const changed: StandingRow = { scope: stored.scope, version, ...next(stored, genuine) }
    const guard = vault.guard('standing', standingGuard(changed))
    cached.clear()
    if (target === null)
      await client.query('update gateway set frozen_at = $1, standing_version = $2, standing_guard = $3', [
        changed.frozen_at,
        version,
        guard,
      ])
    else
      await client.query(
        'update target set paused_at = $2, pause_code = $3, frozen_at = $4, standing_version = $5, standing_guard = $6 where id = $1',
        [target, changed.paused_at, changed.pause_code, changed.frozen_at, version, guard],
      )
  }

  return {
    of,
    recent(target) {
      const known = cached.get(target)
      if (known !== undefined && performance.now() - known.at < recentMs) return known.standing
      const standing = of(target)
      // A question that failed is asked again by the next who wants to know.
      standing.catch(() => cached.delete(target))
      cached.set(target, { at: performance.now(), standing })
      return standing
    },
    async all() {
      const standings = await read(null)
      standings.delete(everywhere)
      return standings
    },
    async frozen() {
      const standings = await read(null)
      return (target) => standings.get(target)?.frozenAt !== null
    },
    frozenEverywhere: async () => (await read(everywhere)).get(everywhere)?.frozenAt ?? null,
    pause: (client, target, code, at) =>
      change(client, target, (row, genuine) => ({
        paused_at: genuine ? (row.paused_at ?? at) : at,
        pause_code: code,
        frozen_at: genuine ? row.frozen_at : (row.frozen_at ?? at),
      })),
    async resume(client, target) {
      await change(client, target, (row, genuine) => ({
        paused_at: null,
        pause_code: null,
        frozen_at: genuine ? row.frozen_at : (row.frozen_at ?? new Date()),
      }))
      await client.query(
        'update target set rest_until = null, breaker_until = null, breaker_failures = 0 where id = $1',
        [target],
      )
    },
    freeze: (client, target, at) =>
      change(client, target, (row, genuine) => ({ ...pauseOf(row, genuine), frozen_at: row.frozen_at ?? at })),
    unfreeze: (client, target) =>
      change(client, target, (row, genuine) => ({ ...pauseOf(row, genuine), frozen_at: null })),
  }
}

/** A pause that Gatehouse did not write is none. */
function pauseOf(row: StandingRow, genuine: boolean): Pick<StandingRow, 'paused_at' | 'pause_code'> {
  return genuine ? { paused_at: row.paused_at, pause_code: row.pause_code } : { paused_at: null, pause_code: null }
}

type Stored = StandingRow & { readonly guard: Buffer | null }
type Row = Stored & { readonly resting: boolean }

/** Somebody deleted it. */
function missing(scope: string): Row {
  return { scope, paused_at: null, pause_code: null, frozen_at: null, version: 0, guard: null, resting: false }
}

/**
 * Makes rows for targets that become known by a release, and signs how they stand. One without a row but with accounts had one, which
 * somebody deleted: it stays unsigned, which is frozen.
 */
export async function registerTargets(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  targets: readonly string[],
): Promise<void> {
  const fresh = { paused_at: null, pause_code: null, frozen_at: null, version: 0 }
  await client.query(
    `insert into target (id, standing_guard, mode_guard)
     select v.id, v.standing, v.mode from unnest($1::text[], $2::bytea[], $3::bytea[]) as v(id, standing, mode)
      where not exists (select from account a where a.target = v.id)
     on conflict do nothing`,
    [
      targets,
      targets.map((scope) => vault.guard('standing', standingGuard({ scope, ...fresh }))),
      targets.map((id) => undecidedGuard(vault, id)),
    ],
  )
  await restoreTargetRows(client, targets)
}

/** A row that is gone was deleted: it comes back unsigned, which is frozen, and is written nothing but lock-outs. */
export async function restoreTargetRows(client: pg.ClientBase | pg.Pool, targets: readonly string[]): Promise<void> {
  await client.query('insert into target (id) select unnest($1::text[]) on conflict do nothing', [targets])
}

/** Signs rows from before standings were signed: they are taken as they are, once. */
export async function signOlderStandings(client: pg.ClientBase | pg.Pool, vault: Vault): Promise<void> {
  const { rows } = await client.query<StandingRow>(
    `select id as scope, date_trunc('milliseconds', paused_at) as paused_at, pause_code, frozen_at, standing_version as version
       from target where standing_guard is null`,
  )
  for (const row of rows)
    await client.query(
      'update target set paused_at = $2, standing_guard = $3 where id = $1 and standing_guard is null',
      [row.scope, row.paused_at, vault.guard('standing', standingGuard(row))],
    )
  const everything = { scope: everywhere, paused_at: null, pause_code: null, frozen_at: null, version: 0 }
  await client.query(
    'update gateway set standing_guard = $1 where standing_guard is null and frozen_at is null and standing_version = 0',
    [vault.guard('standing', standingGuard(everything))],
  )
}

/**
 * Binds the database to this gateway, and signs what holds everywhere. Returns whose database it is. A row that was deleted from
 * beside accounts stays unsigned when it is made again, which is frozen.
 */
export async function registerGateway(pool: pg.Pool, vault: Vault): Promise<string | undefined> {
  const fresh = { scope: everywhere, paused_at: null, pause_code: null, frozen_at: null, version: 0 }
  const guard = vault.guard('standing', standingGuard(fresh))
  await pool.query(
    `insert into gateway (id, standing_guard) select $1, case when exists (select from account) then null else $2::bytea end on conflict do nothing`,
    [vault.gatewayId, guard],
  )
  const { rows } = await pool.query<{ id: string }>('select id from gateway')
  return rows[0]?.id
}
