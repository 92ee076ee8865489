/** What is known of a target that reports events, in one guarded row: locked by whoever appends, so that its events are numbered without a gap. */
import type pg from 'pg'
import type { Vault } from '../../vault/vault.ts'
import { type EventSourceRow, eventSourceGuard } from '../guards.ts'

/** The row as it decides: numbers are numbers. */
export interface SourceState {
  readonly source: string
  readonly position: number
  readonly cursor: Buffer | null
  readonly turn: number
  readonly former_to: number
  readonly renewed_to: number
}

export interface FoundSource {
  readonly state: SourceState
  /** False: somebody else wrote the row, or took it away. */
  readonly genuine: boolean
}

const columns = 'source, position, cursor, turn, former_to, renewed_to, guard'

export function newSourceState(source: string): SourceState {
  return { source, position: 0, cursor: null, turn: 0, former_to: 0, renewed_to: 0 }
}

/** Null when nothing was ever heard of it. */
export async function readSource(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  source: string,
): Promise<FoundSource | null> {
  const { rows } = await client.query<Deciding>(`select ${columns} from event_source where source = $1`, [source])
  return rows[0] === undefined ? null : checked(vault, rows[0])
}

/** Holds the row to the end of the transaction; null when there is none. */
export async function lockSource(client: pg.ClientBase, vault: Vault, source: string): Promise<FoundSource | null> {
  const { rows } = await client.query<Deciding>(`select ${columns} from event_source where source = $1 for update`, [
    source,
  ])
  return rows[0] === undefined ? null : checked(vault, rows[0])
}

type Deciding = Pick<EventSourceRow, 'source' | 'position' | 'cursor' | 'turn' | 'former_to' | 'renewed_to' | 'guard'>

function checked(vault: Vault, row: Deciding): FoundSource {
  const state = {
    ...{ source: row.source, position: Number(row.position), cursor: row.cursor, turn: row.turn },
    ...{ former_to: Number(row.former_to), renewed_to: Number(row.renewed_to) },
  }
  return { state, genuine: vault.verifyGuard('event_source', eventSourceGuard(row), row.guard) }
}

/** Makes the row if there is none, so that two who find none wait for each other. */
export async function ensureSource(client: pg.ClientBase | pg.Pool, vault: Vault, source: string): Promise<void> {
  await client.query('insert into event_source (source, guard) values ($1, $2) on conflict do nothing', [
    source,
    signedState(vault, newSourceState(source)),
  ])
}

/** What was heard with it, which decides nothing. */
export interface Heard {
  readonly at: Date
  readonly events: boolean
  readonly malformed: number
}

/** Signs and writes. The caller holds the row. */
export async function saveSource(
  client: pg.ClientBase,
  vault: Vault,
  state: SourceState,
  heard: Heard | null,
): Promise<void> {
  const { source, position, cursor, turn, former_to, renewed_to } = state
  await client.query(
    `update event_source set position = $2, cursor = $3, turn = $4, former_to = $5, renewed_to = $6, guard = $7,
            heard_at = coalesce($8, heard_at), received_at = case when $9 then $8 else received_at end,
            malformed = malformed + $10 where source = $1`,
    [
      ...[source, position, cursor, turn, former_to, renewed_to, signedState(vault, state)],
      ...[heard?.at ?? null, heard?.events ?? false, heard?.malformed ?? 0],
    ],
  )
}

function signedState(vault: Vault, state: SourceState): Buffer {
  return vault.guard('event_source', eventSourceGuard({ ...state, ...asText(state) }))
}

function asText({ position, former_to, renewed_to }: SourceState) {
  return { position: String(position), former_to: String(former_to), renewed_to: String(renewed_to) }
}

/** How wrong clocks are, in ms ahead of ours; null where nothing said so. */
export interface Skew {
  readonly device: number | null
  readonly furthest: number | null
  readonly system: number | null
}

export async function noteSkew(pool: pg.Pool, source: string, { device, furthest, system }: Skew): Promise<void> {
  await pool.query(
    `update event_source set device_skew_ms = $2, furthest_skew_ms = $3, system_skew_ms = $4, skew_at = now() where source = $1`,
    [source, device, furthest, system],
  )
}

/** What was heard of these sources, and when. */
export interface SourceNews {
  readonly source: string
  readonly position: number
  /** From there up to `formerTo`, events are still under keys that were replaced. */
  readonly renewedTo: number
  readonly formerTo: number
  readonly heard_at: Date | null
  readonly received_at: Date | null
  readonly malformed: number
  readonly device_skew_ms: number | null
  readonly furthest_skew_ms: number | null
  readonly system_skew_ms: number | null
  readonly skew_at: Date | null
}

export async function newsOfSources(pool: pg.Pool): Promise<readonly SourceNews[]> {
  const { rows } = await pool.query<StoredNews>(
    // What nothing signs may say "infinity", which is no date here.
    `select source, position, renewed_to, former_to, ${['heard_at', 'received_at', 'skew_at'].map(finite).join(', ')}, malformed,
            device_skew_ms, furthest_skew_ms, system_skew_ms
       from event_source order by source`,
  )
  return rows.map(({ position, malformed, renewed_to, former_to, ...row }) => ({
    ...row,
    ...{ position: Number(position), malformed: Number(malformed) },
    ...{ renewedTo: Number(renewed_to), formerTo: Number(former_to) },
  }))
}

function finite(column: string): string {
  return `case when isfinite(${column}) then ${column} end as ${column}`
}

type Counted = 'position' | 'malformed' | 'renewed_to' | 'former_to'
type StoredNews = Omit<SourceNews, Counted | 'renewedTo' | 'formerTo'> & Readonly<Record<Counted, string>>
