/** Who holds a card: in our books, or still at a door system though it was given back. */
import type pg from 'pg'
import type { CredentialId, PersonId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { forEachDigest } from './by-digest.ts'
import { type AccountRow, accountGuard, type CredentialRow, credentialGuard, guardedOfAccount } from './guards.ts'

/**
 * True for a credential `c` that some account of its person is to have, has, or may get by a write whose end nobody knows. Targets that
 * are no longer configured do not count: nobody can take anything away there.
 */
const lingers = (targets: `$${number}`) => `exists (
  select 1 from account a left join account_work w on w.account_id = a.id
   where a.person_id = c.person_id and a.target = any(${targets}::text[])
     and (strpos(a.desired, c.id::text) > 0 or strpos(a.owned, c.id::text) > 0 or strpos(w.intents::text, c.id::text) > 0))`

export interface CardRow extends CredentialRow {
  /** Position of the digest that was asked for. */
  readonly i: number
  readonly lingers: boolean
}

/** Every row of these cards: who holds it, who waits for it, who gave it back. */
export async function cardRows(
  client: pg.ClientBase | pg.Pool,
  digests: readonly Buffer[],
  targets: readonly string[],
): Promise<readonly CardRow[]> {
  const { rows } = await client.query<CardRow>(
    forEachDigest('$1', 16, `select c.*, ${lingers('$2')} as lingers from credential c where c.digest = d.digest`),
    [Buffer.concat(digests), targets],
  )
  return rows
}

/** Of these cards, those that somebody lost, or may not use: as the rows say, trusted or not. */
export async function unusableAmong(pool: pg.Pool, digests: readonly Buffer[]): Promise<readonly Buffer[]> {
  if (digests.length === 0) return []
  const { rows } = await pool.query<{ digest: Buffer }>(
    `select distinct digest from credential where digest = any($1::bytea[]) and state <> 'returned'
        and (state not in ('issued', 'active') or held_at is not null)`,
    [digests],
  )
  return rows.map(({ digest }) => digest)
}

export interface CardOfNobody {
  readonly digest: Buffer
  readonly credential: CredentialId
}

/**
 * Of these cards, those that somebody lost, or may not use, or whose holder is to be shut out at the target: whoever carries one of these
 * is not to get in by it. Nor is anybody by a card about which somebody else has written; `forged`: the people whose rows these are.
 */
export async function cardsOfNobodyInside(
  pool: pg.Pool,
  vault: Vault,
  target: string,
  digests: readonly Buffer[],
): Promise<{ readonly cards: readonly CardOfNobody[]; readonly forged: readonly PersonId[] }> {
  if (digests.length === 0) return { cards: [], forged: [] }
  const { rows } = await pool.query<CredentialRow>('select * from credential where digest = any($1::bytea[])', [
    digests,
  ])
  const accounts = await accountsOf(
    pool,
    target,
    rows.map(({ person_id }) => person_id),
  )
  const forged = new Set<PersonId>()
  const bad = rows.filter((row) => {
    const own = accounts.get(row.person_id) ?? []
    const isGenuine =
      vault.verifyGuard('credential', credentialGuard(row), row.guard) &&
      (row.state === 'returned' || own.every((each) => vault.verifyGuard('account', accountGuard(each), each.guard)))
    if (!isGenuine) forged.add(row.person_id)
    if (!isGenuine || row.state === 'returned') return !isGenuine
    const isUsable = (row.state === 'issued' || row.state === 'active') && row.held_at === null
    return !isUsable || own.some(({ desired }) => desired?.startsWith('{"lock":"closed",'))
  })
  return { cards: bad.map(({ digest, id }) => ({ digest, credential: id })), forged: [...forged] }
}

/** Of these credentials, those that have a row; whoever deletes one has nothing taken for usable. */
export async function digestsOfCards(
  pool: pg.Pool,
  ids: readonly CredentialId[],
): Promise<ReadonlyMap<CredentialId, Buffer>> {
  const { rows } = await pool.query<{ id: CredentialId; digest: Buffer }>(
    'select id, digest from credential where id = any($1::uuid[])',
    [ids],
  )
  return new Map(rows.map(({ id, digest }) => [id, digest]))
}

type HolderRow = Pick<AccountRow, (typeof guardedOfAccount)[number] | 'guard'>

async function accountsOf(
  pool: pg.Pool,
  target: string,
  people: readonly PersonId[],
): Promise<ReadonlyMap<PersonId | null, readonly HolderRow[]>> {
  const { rows } = await pool.query<HolderRow>(
    `select ${[...guardedOfAccount, 'guard'].join(', ')} from account where target = $1 and person_id = any($2::uuid[])`,
    [target, people],
  )
  return Map.groupBy(rows, ({ person_id }) => person_id)
}

/** People who are to have one card under two formats, at most 100 of them: somebody must say which is meant. */
export async function peopleOfTwoFormats(pool: pg.Pool): Promise<readonly PersonId[]> {
  const { rows } = await pool.query<{ person_id: PersonId }>(
    `select distinct w.person_id from credential w where w.waits and w.state <> 'returned' and exists (
       select 1 from credential c
        where c.digest = w.digest and c.person_id = w.person_id and c.id <> w.id and c.state <> 'returned')
      order by 1 limit 100`,
  )
  return rows.map(({ person_id }) => person_id)
}

/** Of two who decide who has a card, the second waits for the first to commit, and sees what he decided. */
export async function lockCards(client: pg.ClientBase): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.cards'), 0)`)
}

/** Has whoever waits for one of these cards looked at again; those whom somebody decides about just now are left to the sweep. */
export async function wakeWaiting(client: pg.ClientBase, digests: readonly Buffer[], at: Date): Promise<void> {
  if (digests.length === 0) return
  await client.query(
    `update person set next_change_at = $2 where id in (
       select id from person where id in (select person_id from credential where waits and digest = any($1::bytea[])) for update skip locked)`,
    [digests, at],
  )
}

/** The same for everybody who waits for a card that nobody holds any more: a wake-up that was lost costs no more than the time to this. */
export async function wakeForFreeCards(pool: pg.Pool, targets: readonly string[], at: Date): Promise<number> {
  const { rowCount } = await pool.query(
    `update person set next_change_at = $2 where id in (select id from person where (next_change_at is null or next_change_at > $2) and id in (
       select w.person_id from credential w where w.waits and w.state <> 'returned' and not exists (
         select 1 from credential c where c.digest = w.digest and c.id <> w.id
            and ((c.state <> 'returned' and (not c.waits or c.person_id = w.person_id)) or ${lingers('$1')}))) for update skip locked)`,
    [targets, at],
  )
  return rowCount ?? 0
}
