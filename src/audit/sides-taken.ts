/** About how many changes by hand one person decided lately, as the audit trail says: nobody lowers that who may only write as Gatehouse does. */
import type pg from 'pg'
import type { SubjectId } from '../model/id.ts'
import { schemaName } from '../store/database.ts'

/** Within the last day, at all targets. Accounts by their ids, each once; of accounts of nobody each decision. What is not chained yet counts. */
export async function sidesTaken(
  client: pg.ClientBase,
  subject: SubjectId,
): Promise<{ readonly accounts: ReadonlySet<string>; readonly ofNobody: number }> {
  // The conditions stand here as in the index, which parameters would not match.
  const where = `action in ('drift.accepted', 'drift.reverted') and actor <> 'engine' and actor = $1 and at > now() - interval '1 day'`
  const { rows } = await client.query<{ object: string; count: number }>(
    `select object, count(*)::int as count from (
       select object from ${schemaName}.audit_pending where ${where}
       union all select object from ${schemaName}.audit where ${where}) as taken group by object`,
    [subject],
  )
  return {
    accounts: new Set(rows.flatMap(({ object }) => (object === '' ? [] : [object]))),
    ofNobody: rows.find(({ object }) => object === '')?.count ?? 0,
  }
}
