/** A match of a target as callers see it: counts for everybody, accounts in clear for those who decide about them. */
import type { MatchRowView, MatchView } from '../api/acts/matches.ts'
import type { Paged } from '../api/acts/paged.ts'
import { Refusal } from '../model/refusal.ts'
import type { MatchRow, MatchRunRow } from '../store/guards.ts'
import { isGenuineMatchRow, latestMatchRun, matchCounts, matchRows } from '../store/match-runs.ts'
import type { SyncContext } from '../sync/context.ts'
import { openFound } from '../sync/match/found.ts'
import { checkedCursor } from './cursor.ts'

/** @throws Refusal `target.unknown`, `match.none`. */
export async function matchView(context: SyncContext, target: string): Promise<MatchView> {
  const run = await latest(context, target, false)
  return {
    target,
    state: run.state,
    requestedAt: run.requested_at.toISOString(),
    finishedAt: run.finished_at?.toISOString() ?? null,
    accounts: run.accounts,
    listed: run.listed,
    code: run.code,
    classes: run.state === 'done' ? await matchCounts(context.database.pool, run.id) : {},
  }
}

async function latest(context: SyncContext, target: string, done: boolean): Promise<MatchRunRow> {
  if (!context.targets.has(target)) throw new Refusal('target.unknown')
  const run = await latestMatchRun(context.database.pool, context.vault, target, done)
  if (run === null) throw new Refusal('match.none')
  return run
}

/** Of the last match that ended well; `after` is the place of the last row. A row that was changed from outside shows nothing. */
export async function matchedAccounts(
  context: SyncContext,
  target: string,
  filter: { class?: string },
  page: { after?: string; limit: number },
): Promise<Paged<MatchRowView>> {
  const run = await latest(context, target, true)
  const after = Number(checkedCursor(page.after, 'number') ?? 0)
  const rows = await matchRows(context.database.pool, run.id, filter.class ?? null, after, page.limit)
  return {
    rows: rows.map((row) => viewOf(context, row)),
    next: rows.length === page.limit ? String(rows.at(-1)?.n) : null,
  }
}

function viewOf({ vault }: SyncContext, row: MatchRow): MatchRowView {
  const nothing = { account: null, profile: null, lock: null, cards: null }
  if (!isGenuineMatchRow(vault, row)) return { ...nothing, class: 'forged', person: null, reasons: [] }
  const found = openFound(vault, row)?.account ?? null
  return {
    ...(found === null
      ? nothing
      : { account: found.externalId, profile: found.profile, lock: found.lock, cards: found.cards.length }),
    class: row.class ?? 'none',
    person: row.person_id,
    reasons: JSON.parse(row.reasons ?? '[]') as string[],
  }
}
