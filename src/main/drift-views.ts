/** What changed at targets behind our back, as callers see it: accounts and people by random id, levels by name. */
import type { Paged } from '../api/acts/paged.ts'
import type { DriftCount, DriftView } from '../api/acts/targets.ts'
import { driftChoice } from '../model/drift.ts'
import { Refusal } from '../model/refusal.ts'
import { type DriftOnPage, driftCounts, driftPage, isGenuineDrift } from '../store/drifts.ts'
import type { SyncContext } from '../sync/context.ts'
import { isFought, revertOf } from '../sync/drift/reverts.ts'
import { ownedOf } from '../sync/owned-row.ts'
import { partOf } from '../sync/parts.ts'
import { unlessRowFault } from '../vault/vault-error.ts'
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
      policy: policyOf(context, row),
      ...revertsOf(context, row),
      acceptedAt: row.accepted_at?.toISOString() ?? null,
    })),
    next: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null,
    counts: (await driftCounts(pool, target ?? null)).map((each) => ({ ...each, policy: policyOf(context, each) })),
  }
}

/** Of a target that is no longer configured nothing is done. */
function policyOf(
  { targets }: SyncContext,
  { target, class: is }: { readonly target: string; readonly class: string },
) {
  const setup = targets.get(target)
  return setup === undefined ? 'report' : driftChoice(setup.drift, is)
}

/** As is noted of the account; of one that somebody else wrote, nothing. */
function revertsOf({ vault }: SyncContext, { account_id: id, owned, owned_guard, ...drift }: DriftOnPage) {
  const noted = id === null ? null : unlessRowFault(() => ownedOf(vault, { id, owned, owned_guard }))
  const revert = noted === null ? null : revertOf(noted, drift)
  return { reverted: revert?.at.length ?? 0, fought: noted !== null && isFought(noted, drift) }
}

function partName({ levels }: SyncContext, part: string): string | null {
  if (part === '') return null
  const named = partOf(part)
  return named.is === 'level' ? (levels.nameOf(named.id) ?? part) : part
}
