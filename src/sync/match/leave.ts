/** A person says that an account is nobody's who waits for it, or that none of the accounts is a person's: then they are made one of their own. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { accountDigest } from '../../store/identifiers.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import { type OpenRun, openRun, type Settled, settleMatch } from '../../store/match-leads.ts'
import { isGenuineMatchRow, latestMatchRun, matchRowOf } from '../../store/match-runs.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Brakes, SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { replan } from '../plan/replan.ts'
import { modesOf } from '../target-modes.ts'

/** By the id that the account has at the target, or whose none of them is. */
export type Left = { readonly account: string } | { readonly person: PersonId }

/**
 * Holds until the target is matched once more. @throws Refusal `target.unknown`, `match.none`, `match.running`, `match.forged`,
 * `match.no-such-account`, `match.already-linked`, `match.untouchable`, `match.not-waiting`, `person.frozen`.
 */
export async function leaveByHand(
  context: SyncContext,
  target: string,
  left: Left,
  subject: SubjectId,
  reason: string,
  brakes: Brakes,
): Promise<void> {
  if (!context.targets.has(target)) throw new Refusal('target.unknown')
  await inTransaction(context.database.pool, async (client) => {
    const run = await lockRun(client, context, target)
    const of = 'account' in left ? await accountLeft(client, context, target, run, left.account) : left.person
    const leads = run.leads.some(([places, people]) =>
      (typeof of === 'number' ? places : people).some((is) => is === of),
    )
    if (!leads) throw new Refusal('match.not-waiting')
    await settleMatch(client, context.vault, run, of)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'match.left',
      object: typeof of === 'number' ? run.row.id : of,
      // Not by the account's id, which may be a personnel number: its place in the look tells it as long as there is one.
      details: { reason, target, ...(typeof of === 'number' ? { place: of } : { person: of }) },
      ...(typeof of === 'number' ? {} : { about: await keyOf(client, context, of) }),
    })
  })
  await replan(context, target, brakes)
}

async function lockRun(client: pg.ClientBase, context: SyncContext, target: string): Promise<OpenRun> {
  const latest = await latestMatchRun(client, context.vault, target)
  if (latest?.state === 'requested' || latest?.state === 'running') throw new Refusal('match.running')
  const match = (await modesOf(client, context)).get(target)?.match ?? null
  const run = match === null ? null : await openRun(client, context.vault, target, match, true)
  if (run === null) throw new Refusal('match.none')
  if (run === 'forged') throw new Refusal('match.forged')
  return run
}

/** Its place in the look. */
async function accountLeft(
  client: pg.ClientBase,
  context: SyncContext,
  target: string,
  { row: run }: OpenRun,
  account: string,
): Promise<Settled> {
  const row = await matchRowOf(client, run.id, accountDigest(context.vault, target, account))
  if (row === null) throw new Refusal('match.no-such-account')
  if (!isGenuineMatchRow(context.vault, row)) {
    await tellForged(client, context, row.id)
    throw new Refusal('match.forged')
  }
  if (row.class === 'linked') throw new Refusal('match.already-linked')
  if (row.class === 'untouchable') throw new Refusal('match.untouchable')
  return row.n
}

async function keyOf(client: pg.ClientBase, context: SyncContext, person: PersonId) {
  const { dossiers, frozen } = await loadDossiers(client, context.vault, [person])
  const dossier = dossiers.get(person)
  if (dossier === undefined) throw new Refusal(frozen.length > 0 ? 'person.frozen' : 'person.unknown')
  return dossier.key
}
