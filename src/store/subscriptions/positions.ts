/** How far a subscription has come in each source: signed, and moved only by the process that delivers, from where it knew it to be. */
import type pg from 'pg'
import type { Vault } from '../../vault/vault.ts'
import { subscriptionPositionGuard } from '../guards.ts'

type Client = pg.ClientBase | pg.Pool

interface PositionRow {
  readonly source: string
  readonly epoch: number
  readonly position: string
  readonly guard: Buffer
}

/** By source; null where somebody changed the row, or took it away. */
export async function readPositions(
  client: Client,
  vault: Vault,
  subscription: string,
  { epoch, sources }: { readonly epoch: number; readonly sources: readonly string[] },
): Promise<ReadonlyMap<string, number | null>> {
  const { rows } = await client.query<PositionRow>(
    'select source, epoch, position, guard from subscription_position where subscription = $1',
    [subscription],
  )
  const byName = new Map(rows.map((row) => [row.source, row]))
  return new Map(
    sources.map((source) => {
      const row = byName.get(source)
      if (row === undefined || row.epoch !== epoch) return [source, null]
      const values = subscriptionPositionGuard({ ...row, subscription })
      return [source, vault.verifyGuard('subscription_position', values, row.guard) ? Number(row.position) : null]
    }),
  )
}

/** Of all subscriptions, by id and source, as they stand there: for whoever only counts. */
export async function allPositions(client: Client): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const { rows } = await client.query<{ subscription: string; source: string; position: string }>(
    'select subscription, source, position from subscription_position order by subscription, source',
  )
  const all = new Map<string, Map<string, number>>()
  for (const { subscription, source, position } of rows) {
    const of = all.get(subscription) ?? new Map<string, number>()
    all.set(subscription, of.set(source, Number(position)))
  }
  return all
}

/** The furthest of one source that any subscription was ever signed at, and has a row of still; 0 where there is none. */
export async function furthestPosition(client: Client, vault: Vault, source: string): Promise<number> {
  const { rows } = await client.query<PositionRow & { readonly subscription: string }>(
    'select subscription, source, epoch, position, guard from subscription_position where source = $1',
    [source],
  )
  const genuine = rows.filter((row) =>
    vault.verifyGuard('subscription_position', subscriptionPositionGuard(row), row.guard),
  )
  return Math.max(0, ...genuine.map(({ position }) => Number(position)))
}

/** Sets them, wherever they were. */
export async function writePositions(
  client: Client,
  vault: Vault,
  subscription: string,
  epoch: number,
  positions: ReadonlyMap<string, number>,
): Promise<void> {
  const all = [...positions]
  await client.query(
    `insert into subscription_position (subscription, source, epoch, position, guard)
     select $1, v.source, $2, v.position, v.guard from unnest($3::text[], $4::bigint[], $5::bytea[]) as v(source, position, guard)
     on conflict (subscription, source) do update set epoch = excluded.epoch, position = excluded.position, guard = excluded.guard`,
    [
      ...[subscription, epoch, all.map(([source]) => source), all.map(([, position]) => position)],
      all.map(([source, position]) =>
        vault.guard('subscription_position', subscriptionPositionGuard({ subscription, source, epoch, position })),
      ),
    ],
  )
}

export interface Move {
  readonly source: string
  readonly from: number
  readonly to: number
}

/** False when this process leads no more, or somebody moved them meanwhile: then nothing may be taken as moved. */
export async function movePositions(
  client: pg.ClientBase,
  vault: Vault,
  { subscription, owner, epoch }: { readonly subscription: string; readonly owner: string; readonly epoch: number },
  moves: readonly Move[],
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update subscription_position p set position = v.upto, guard = v.guard
       from unnest($4::text[], $5::bigint[], $6::bigint[], $7::bytea[]) as v(source, before, upto, guard)
      where p.subscription = $1 and p.source = v.source and p.position = v.before and p.epoch = $3
        and exists (select from subscription s where s.id = $1 and s.owner = $2 and s.owner_until > now() and s.epoch = $3)`,
    [
      ...[subscription, owner, epoch],
      ...[moves.map(({ source }) => source), moves.map(({ from }) => from), moves.map(({ to }) => to)],
      moves.map(({ source, to: position }) =>
        vault.guard('subscription_position', subscriptionPositionGuard({ subscription, source, epoch, position })),
      ),
    ],
  )
  return rowCount === moves.length
}
