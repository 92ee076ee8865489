/** Subscriptions as rows: each is signed when a release makes it known; one that somebody changed, deleted or put back delivers nothing. */
import type { Selectable } from 'kysely'
import type pg from 'pg'
import type { FeedName } from '../../model/events/reveal.ts'
import type { FailureKind } from '../../model/failure.ts'
import { Refusal } from '../../model/refusal.ts'
import type { Vault } from '../../vault/vault.ts'
import { subscriptionGuard } from '../guards.ts'
import type { SubscriptionTable } from '../schema.ts'
import { feedOfSource, newestOf } from './log-positions.ts'
import { writePositions } from './positions.ts'

export type SubscriptionRow = Selectable<SubscriptionTable>

type Client = pg.ClientBase | pg.Pool

export interface FoundSubscription {
  readonly row: SubscriptionRow
  /** As Gatehouse wrote it. Of one that is not, nothing may be believed but what only delays. */
  readonly genuine: boolean
  /** Those with a position; none of a row that is not genuine. */
  readonly sources: readonly string[]
}

export async function readSubscription(
  client: Client,
  vault: Vault,
  id: string,
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<FoundSubscription | null> {
  const { rows } = await client.query<SubscriptionRow>(
    `select * from subscription where id = $1${lock ? ' for update' : ''}`,
    [id],
  )
  return rows[0] === undefined ? null : found(vault, rows[0])
}

/** By id. */
export async function readSubscriptions(client: Client, vault: Vault): Promise<readonly FoundSubscription[]> {
  const { rows } = await client.query<SubscriptionRow>('select * from subscription order by id')
  return rows.map((row) => found(vault, row))
}

function found(vault: Vault, row: SubscriptionRow): FoundSubscription {
  const genuine = row.guard !== null && vault.verifyGuard('subscription', subscriptionGuard(row), row.guard)
  return { row: believed(row), genuine, sources: genuine ? (JSON.parse(row.sources) as readonly string[]) : [] }
}

/** More in a row are counted as so many. */
const attemptsMax = 999

/** How it fails is not signed. What only somebody else can have written is left out: 'infinity', which is no date, and counts that none of ours would reach. */
function believed(row: SubscriptionRow): SubscriptionRow {
  const dateOrNull = (at: Date | null): Date | null => (at instanceof Date ? at : null)
  return {
    ...row,
    attempts: Math.min(Math.max(row.attempts, 0), attemptsMax),
    failing_since: dateOrNull(row.failing_since),
    next_try_at: dateOrNull(row.next_try_at),
    taken_at: dateOrNull(row.taken_at),
    state_at: dateOrNull(row.state_at) ?? new Date(0),
  }
}

export type SubscriptionState = Pick<
  SubscriptionRow,
  'state' | 'state_at' | 'state_code' | 'version' | 'epoch' | 'feed'
> & {
  readonly sources: readonly string[]
}

/** Signs and writes how it stands; whoever decides has locked the row. */
export async function saveSubscription(
  client: Client,
  vault: Vault,
  id: string,
  { sources: list, ...state }: SubscriptionState,
): Promise<void> {
  const sources = JSON.stringify([...list].sort())
  const guard = vault.guard('subscription', subscriptionGuard({ id, ...state, sources }))
  await client.query(
    `update subscription set state = $2, state_at = $3, state_code = $4, version = $5, epoch = $6, sources = $7, guard = $8, feed = $9 where id = $1`,
    [id, state.state, state.state_at, state.state_code, state.version, state.epoch, sources, guard, state.feed],
  )
}

export interface DeclaredSubscription {
  readonly id: string
  readonly feed: FeedName
  /** Where it begins: with what comes, or with the oldest that is kept. */
  readonly from: 'now' | 'start'
}

/**
 * Makes rows for subscriptions that become known by a release, and signs them; those that are known go on where they were. Part of the
 * transaction of the release. @throws Refusal `config.feed-changed` of one that was known with another feed, or whose row somebody changed,
 * so that nobody knows with which. `whateverRows`: such a row stays as it is, and delivers nothing until a person says from where.
 */
export async function registerSubscriptions(
  client: pg.ClientBase,
  vault: Vault,
  declared: readonly DeclaredSubscription[],
  now: Date,
  { whateverRows = false }: { readonly whateverRows?: boolean } = {},
): Promise<void> {
  const newestBy = {
    events: await newestOf(client, vault, 'events'),
    punches: await newestOf(client, vault, 'punches'),
  }
  for (const { id, feed, from } of declared) {
    const newest = newestBy[feed]
    const { rowCount } = await client.query('insert into subscription (id) values ($1) on conflict do nothing', [id])
    if (rowCount === 0) {
      const known = await readSubscription(client, vault, id, { lock: true })
      // How far it came in the one says nothing of the other, and whoever has the pseudonyms of one would have both.
      const wasFed = known?.genuine ? (feedOf(known) ?? feed) : null
      if (wasFed !== feed && (wasFed !== null || !whateverRows)) throw new Refusal('config.feed-changed')
      await client.query('update subscription set left_at = null where id = $1 and left_at is not null', [id])
      if (known?.genuine && known.row.feed === null)
        await saveSubscription(client, vault, id, { ...known.row, sources: known.sources, feed })
      continue
    }
    // Of one that somebody deleted while its positions stayed.
    await client.query('delete from subscription_position where subscription = $1', [id])
    const positions = from === 'now' ? newest : new Map([...newest.keys()].map((source) => [source, 0]))
    await writePositions(client, vault, id, 0, positions)
    const fresh = { state: 'enabled', state_at: now, state_code: null, version: 0, epoch: 0, feed } as const
    await saveSubscription(client, vault, id, { ...fresh, sources: [...positions.keys()] })
  }
}

/** Null: of before it was signed, and nothing tells. */
function feedOf({ row, sources: [source] }: FoundSubscription): FeedName | null {
  return row.feed ?? (source === undefined ? null : feedOfSource(source))
}

/** A row that is gone was deleted: it comes back unsigned, and delivers nothing until a person says from where. */
export async function restoreSubscriptionRows(client: Client, ids: readonly string[]): Promise<void> {
  await client.query('insert into subscription (id) select unnest($1::text[]) on conflict do nothing', [ids])
}

/** Takes or renews the lead for `forMs`: one process delivers. False when another leads. */
export async function leadSubscription(pool: pg.Pool, id: string, owner: string, forMs: number): Promise<boolean> {
  // A lease that is longer than any is none of ours.
  const { rowCount } = await pool.query(
    `update subscription set owner = $2, owner_until = now() + $3 * interval '1 ms'
      where id = $1 and (owner = $2 or owner is null or owner_until < now() or owner_until > now() + $3 * interval '2 ms')`,
    [id, owner, forMs],
  )
  return rowCount === 1
}

/** Another may lead at once. */
export async function yieldSubscription(pool: pg.Pool, id: string, owner: string): Promise<void> {
  await pool.query('update subscription set owner = null, owner_until = null where id = $1 and owner = $2', [id, owner])
}

export interface Failing {
  readonly attempts: number
  readonly failingSince: Date
  readonly nextTryAt: Date
  readonly kind: FailureKind
  readonly code: string
}

/** Only as long as `owner` leads. */
export async function noteFailing(pool: pg.Pool, id: string, owner: string, failing: Failing): Promise<void> {
  const { attempts, failingSince, nextTryAt, kind, code } = failing
  await pool.query(
    'update subscription set attempts = $3, failing_since = $4, next_try_at = $5, kind = $6, code = $7 where id = $1 and owner = $2',
    [id, owner, attempts, failingSince, nextTryAt, kind, code],
  )
}

export async function noteTaken(client: Client, id: string, at: Date): Promise<void> {
  await client.query('update subscription set taken_at = $2 where id = $1', [id, at])
}

/** Nothing of its failures counts any more: a person said so, or it took something. */
export async function forgetFailing(client: Client, id: string): Promise<void> {
  await client.query(
    'update subscription set attempts = 0, failing_since = null, next_try_at = null, kind = null, code = null where id = $1',
    [id],
  )
}

/** Notes which are in no configuration any more; returns those that have been in none since `before`. */
export async function leftSubscriptions(
  client: Client,
  configured: readonly string[],
  before: Date,
): Promise<readonly string[]> {
  await client.query(
    `update subscription set left_at = case when id = any($1::text[]) then null else coalesce(left_at, now()) end
      where (id = any($1::text[])) = (left_at is not null)`,
    [configured],
  )
  const { rows } = await client.query<{ id: string }>('select id from subscription where left_at < $1 order by id', [
    before,
  ])
  return rows.map(({ id }) => id)
}

/** With its positions and its delivery log. Part of the caller's transaction. */
export async function deleteSubscription(client: Client, id: string): Promise<void> {
  await client.query('delete from subscription_position where subscription = $1', [id])
  await client.query('delete from delivery where subscription = $1', [id])
  await client.query('delete from subscription where id = $1', [id])
}
