/** What PostgreSQL does for a question: whether each step is answered by an index, and how much it reads. */
import type pg from 'pg'

/** A query as it was asked. */
export interface Query {
  readonly text: string
  readonly values: readonly unknown[]
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly Plans?: readonly PlanNode[]
}

interface Explained {
  readonly Plan: PlanNode
  readonly 'Planning Time': number
  readonly 'Execution Time': number
}

/** Of all of them together, in words. */
export async function planOf(pool: pg.Pool, queries: readonly Query[]): Promise<string> {
  const scans = new Map<string, number>()
  let [planning, execution, pages] = [0, 0, 0]
  for (const { text, values } of queries) {
    const { rows } = await pool.query<{ 'QUERY PLAN': readonly Explained[] }>(
      `explain (analyze, buffers, format json) ${text}`,
      [...values],
    )
    const [explained] = rows[0]?.['QUERY PLAN'] ?? []
    if (explained === undefined) throw new Error('PostgreSQL explains nothing')
    planning += explained['Planning Time']
    execution += explained['Execution Time']
    pages += explained.Plan['Shared Hit Blocks'] + explained.Plan['Shared Read Blocks']
    for (const scan of scansIn(explained.Plan)) scans.set(scan, (scans.get(scan) ?? 0) + 1)
  }
  const told = [...scans].map(([scan, count]) => `${count} ${scan}`).join(', ')
  return `${queries.length} queries, ${planning.toFixed(1)} ms to plan and ${execution.toFixed(1)} ms to run, ${pages} pages; ${told}`
}

/** By the columns of the index, whichever month it is of; steps that were never taken are left out. */
function scansIn(node: PlanNode): string[] {
  const { 'Node Type': type, 'Index Name': index, 'Relation Name': table, 'Actual Loops': loops, Plans = [] } = node
  const mine =
    loops === 0 || !type.endsWith('Scan') || (index === undefined && type !== 'Seq Scan')
      ? []
      : [`${type} on ${index === undefined ? table : `(${index.replace(/^event_[a-z]+_\d{6}_|_idx\d*$/g, '')})`}`]
  return [...mine, ...Plans.flatMap(scansIn)]
}
