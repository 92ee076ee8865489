/** What changed at targets behind our back, as callers see it: accounts and people by random id, levels by name. */
import type { Paged } from '../api/acts/paged.ts'
import type { DriftCount, DriftView } from '../api/acts/targets.ts'
import { Refusal } from '../model/refusal.ts'
import { driftCounts, driftPage, isGenuineDrift } from '../store/drifts.ts'
import type { SyncContext } from '../sync/context.ts'
import { partOf } from '../sync/parts.ts'
import { checkedCursor } from './cursor.ts'

/** @throws Refusal `target.unknown`. A row that Gatehouse did not write is shown as forged. */
export async function driftViews(
  context: SyncContext,
  target: string | undefined,
  page: { after?: string; limit: number },
): Promise<Paged<DriftView> & { readonly counts: readonly DriftCount[] }> {
  if (target !== undefined && !context.targets.has(target)) throw new Refusal('target.unknown')
  const { pool } = context.database
  const rows = await driftPage(pool, target ?? null, checkedCursor(page.after, 'id'), page.limit)
  return {
    rows: rows.map((row) => ({
      ...{ id: row.id, target: row.target, account: row.account_id, person: row.person_id },
      class: isGenuineDrift(context.vault, row) ? row.class : 'forged',
      part: partName(context, row.part),
      foundAt: row.found_at.toISOString(),
    })),
    next: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null,
    counts: await driftCounts(pool, target ?? null),
  }
}

function partName({ levels }: SyncContext, part: string): string | null {
  if (part === '') return null
  const named = partOf(part)
  return named.is === 'level' ? (levels.nameOf(named.id) ?? part) : part
}
