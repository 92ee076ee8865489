/**
 * About how many changes by hand was decided lately, by whom, as the audit trail says: nobody lowers that who may only write as Gatehouse
 * does. What is not chained yet counts, and so does what somebody adds: that decides about less.
 */
import type pg from 'pg'
import type { AccountId, SubjectId } from '../model/id.ts'
import { schemaName } from '../store/database.ts'

// The actions stand here as in the index, which parameters would not match.
const entries = (action: string) =>
  `(select object, at, actor from ${schemaName}.audit_pending where ${action}
    union all select object, at, actor from ${schemaName}.audit where action in ('drift.accepted', 'drift.reverted') and ${action})`

/** By one person since then, at all targets. Accounts by their ids, each once; of accounts of nobody each decision. */
export async function sidesTaken(
  client: pg.ClientBase,
  subject: SubjectId,
  since: Date,
): Promise<{ readonly accounts: ReadonlySet<string>; readonly ofNobody: number }> {
  const { rows } = await client.query<{ object: string; count: number }>(
    `select object, count(*)::int as count from ${entries(`action in ('drift.accepted', 'drift.reverted') and actor = $1 and at > $2`)} as taken group by object`,
    [subject, since],
  )
  return {
    accounts: new Set(rows.flatMap(({ object }) => (object === '' ? [] : [object]))),
    ofNobody: rows.find(({ object }) => object === '')?.count ?? 0,
  }
}

export interface Undoings {
  /** So many times, whatever of it that was. */
  readonly times: number
  readonly last: Date
}

/** Of each account of the target what the configuration had undone since then. */
export async function undoneByPolicy(
  pool: pg.Pool,
  target: string,
  since: Date,
): Promise<ReadonlyMap<AccountId, Undoings>> {
  const { rows } = await pool.query<Undoings & { id: AccountId }>(
    `select a.id, count(distinct r.at)::int as times, max(r.at) as last
       from ${entries(`action = 'drift.reverted' and actor = 'engine' and at > $2`)} as r
       join account a on a.id::text = r.object where a.target = $1 group by a.id`,
    [target, since],
  )
  return new Map(rows.map(({ id, ...undoings }) => [id, undoings]))
}
