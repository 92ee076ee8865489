/** The counts that status and figures are made of, asked of the store no more often than it can bear. */
import * as store from '../store/totals.ts'
import type { SyncContext } from '../sync/context.ts'
import { sparing } from './sparing.ts'

export type Totals = ReturnType<typeof openTotals>

export function openTotals({
  database: { pool },
  sources,
  targets,
}: Pick<SyncContext, 'database' | 'sources' | 'targets'>) {
  return {
    lockouts: sparing(() => store.openLockoutTotals(pool)),
    proofs: sparing(() => store.proofTimes(pool)),
    work: sparing(() => store.workTotals(pool)),
    accounts: sparing(() => store.accountTotals(pool)),
    people: sparing(() => store.peopleTotals(pool)),
    sources: () => store.sourceTotals(pool, [...sources.keys()]),
    targets: () => store.targetTotals(pool, [...targets.keys()]),
    small: sparing(() => store.smallTotals(pool)),
    alarms: () => store.alarmTotals(pool),
  }
}
