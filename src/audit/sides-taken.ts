/**
 * About how many changes by hand was decided lately, by whom, as the audit trail says: nobody lowers that who may only write as Gatehouse
 * does. What is not chained yet counts; what somebody else wrote counts for nothing, as what is said to be of another time does.
 */
import type pg from 'pg'
import type { AccountId, SubjectId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { openDetails } from './details.ts'
import { type Entries, type Forgery, genuineEntries } from './genuine.ts'

export interface Since {
  readonly since: Date
  readonly now: Date
}

/** So far ahead the clock of another host of ours may be. */
const aheadMs = 60_000

// The actions stand here as in the index, which parameters would not match.
const decided = `action in ('drift.accepted', 'drift.reverted', 'drift.withdrawn') and at > $1 and at <= $2`

function entries(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  { since, now }: Since,
  actor: string,
  more = '',
): Promise<Entries> {
  const until = new Date(now.getTime() + aheadMs)
  return genuineEntries(client, vault, `${decided} and actor = $3 ${more}`, [since, until, actor])
}

/**
 * By one person since then, at all targets. Accounts by their ids, each once; of accounts of nobody each decision but a withdrawal, which
 * changes nothing at the target.
 */
export async function sidesTaken(
  client: pg.ClientBase,
  vault: Vault,
  subject: SubjectId,
  when: Since,
): Promise<{
  readonly accounts: ReadonlySet<string>
  readonly ofNobody: number
  readonly forged: ReadonlySet<Forgery>
}> {
  const { genuine, forged } = await entries(client, vault, when, subject)
  return {
    accounts: new Set(genuine.flatMap(({ object }) => (object === '' ? [] : [object]))),
    ofNobody: genuine.filter(({ object, action }) => object === '' && action !== 'drift.withdrawn').length,
    forged,
  }
}

export interface Undoings {
  /** So many times, whatever of it that was. */
  readonly times: number
  readonly last: Date
}

/** Of each account of the target what the configuration had undone since then; cards that were shut as such whatever it says are none of it. */
export async function undoneByPolicy(
  pool: pg.Pool,
  vault: Vault,
  target: string,
  when: Since,
): Promise<{ readonly undone: ReadonlyMap<AccountId, Undoings>; readonly forged: ReadonlySet<Forgery> }> {
  const { genuine, forged } = await entries(pool, vault, when, 'engine', `and action = 'drift.reverted'`)
  const times = new Map<string, Set<string>>()
  const undoings = genuine.filter((entry) => openDetails(vault, entry)?.shut !== true)
  for (const { object, at } of undoings) times.set(object, (times.get(object) ?? new Set()).add(at))
  const { rows } = await pool.query<{ id: AccountId }>(
    'select id from account where target = $1 and id = any($2::uuid[])',
    [target, [...times.keys()]],
  )
  const undone = rows.map(({ id }): [AccountId, Undoings] => {
    const own = [...(times.get(id) ?? [])].map((at) => new Date(at))
    return [id, { times: own.length, last: new Date(Math.max(...own.map(Number))) }]
  })
  return { undone: new Map(undone), forged }
}
