/** What was given up or refused, as callers see it: part by part, by random ids, with what to do. */
import type { FailureView } from '../api/acts/failures.ts'
import type { Paged } from '../api/acts/paged.ts'
import { adviceOn } from '../model/failure.ts'
import { Refusal } from '../model/refusal.ts'
import { type FailingAccount, failingAccounts } from '../store/failures.ts'
import type { SyncContext } from '../sync/context.ts'
import type { Failures } from '../sync/reconcile/outcome.ts'
import { checkedCursor } from './cursor.ts'

/** @throws Refusal `target.unknown`. */
export async function failureViews(
  context: SyncContext,
  target: string | undefined,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<Paged<FailureView>> {
  if (target !== undefined && !context.targets.has(target)) throw new Refusal('target.unknown')
  const from = checkedCursor(after, 'id')
  const accounts = await failingAccounts(context.database.pool, target ?? null, from, limit)
  const next = accounts.length === limit ? (accounts.at(-1)?.id ?? null) : null
  return { rows: accounts.flatMap(partsOf), next }
}

function partsOf({ id, target, failures, failing_since, attempts, dead_at }: FailingAccount): FailureView[] {
  return Object.entries(JSON.parse(failures) as Failures).map(([part, { kind, code }]) => ({
    ...{ account: id, target, part, kind, code },
    state: dead_at !== null ? 'given-up' : attempts === null || kind === 'rejected' ? 'refused' : 'retrying',
    action: adviceOn({ kind, code }),
    since: failing_since?.toISOString() ?? null,
    attempts: attempts ?? 0,
  }))
}
