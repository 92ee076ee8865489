/** What the last deliveries of a source came to, and which of their rows could not be used: by place, field and code, never by value. */

import type { SourceStandingView, SourceView } from '../api/acts/sources.ts'
import { Refusal } from '../model/refusal.ts'
import { readStanding } from '../store/source-standing.ts'
import type { SyncContext } from '../sync/context.ts'
import type { BrakedPull } from '../sync/plan/trust.ts'
import { isOffering } from '../sync/pull/pull-brakes.ts'
import { lockoutsOfHour, peopleIn } from '../sync/suspect/lockouts-of-hour.ts'
import { countWaiting } from '../sync/suspect/waiting.ts'

/** Deliveries shown. */
const pullsMax = 10

/** The newest first; problems are those of the newest delivery that had any. */
export async function sourceView(context: SyncContext, source: string): Promise<SourceView> {
  if (!context.sources.has(source)) throw new Refusal('source.unknown')
  const { pool } = context.database
  const pulls = await pool.query<SourceView['deliveries'][number]>(
    `select id, mode, arrived_at as "arrivedAt", outcome, records, changed, problems, missing
       from pull where source = $1 and finished_at is not null order by finished_at desc limit $2`,
    [source, pullsMax],
  )
  const withProblems = pulls.rows.find(({ problems }) => problems > 0)
  const problems = await pool.query<SourceView['problems'][number]>(
    'select place, field, code from pull_problem where pull_id = $1 order by ctid',
    [withProblems?.id ?? null],
  )
  return {
    id: source,
    standing: await standingOf(context, source),
    deliveries: pulls.rows.map((row) => ({ ...row, arrivedAt: new Date(row.arrivedAt).toISOString() })),
    problemsOf: withProblems?.id ?? null,
    problems: problems.rows,
  }
}

async function standingOf(context: SyncContext, source: string): Promise<SourceStandingView> {
  const { pool } = context.database
  const standing = await readStanding(pool, context.vault, source)
  const heldBack = await countWaiting(pool, context, source)
  if (standing === null)
    return { forged: true, suspectSince: null, lockedOut: 0, heldBack, braked: null, columnsMoved: false }
  const braked = standing.braked === null ? null : (JSON.parse(standing.braked) as BrakedPull)
  return {
    forged: false,
    suspectSince: standing.suspect_at?.toISOString() ?? null,
    lockedOut: peopleIn(lockoutsOfHour(standing.lockouts, context.now())),
    heldBack,
    braked: braked === null ? null : { lost: braked.lost, changed: braked.changed },
    columnsMoved: isOffering(standing),
  }
}
