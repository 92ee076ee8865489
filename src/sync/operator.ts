/** What an operator does to a person by name: shut out now, and let in again. */
import { recordAudit } from '../audit/record.ts'
import type { CredentialId, PersonId, SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { type Dossier, touch } from '../store/dossier.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { saveDossiers } from '../store/save-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import { enqueue } from '../store/work.ts'
import type { SyncContext } from './context.ts'
import { endLockOuts, passLockOuts, recordLockOuts } from './lock-out.ts'
import { applyChanges, changesBetween, decodeParts, encodeParts, isPending, type Parts } from './parts.ts'
import { isUsable } from './resolve/credentials.ts'
import { understand } from './resolve/resolve.ts'
import { resolveAll } from './resolve/resolve-all.ts'
import { modesOf } from './target-modes.ts'

/** Shuts a person out everywhere, whatever HR says, until unlocked. Returns the ids of the lock-outs. @throws Refusal `person.unknown`, `person.frozen`. */
export async function lockPerson(
  context: SyncContext,
  id: PersonId,
  subject: SubjectId,
  reason: string,
): Promise<readonly string[]> {
  return change(context, id, async (dossier, client) => {
    dossier.person.locked_at = context.now()
    dossier.person.unlocked_until = null
    touch(dossier)
    await resolveAll(client, context, [dossier], 'operator')
    const passed = passLockOuts([dossier], await modesOf(client, context), () => false)
    await saveDossiers(client, context.vault, [dossier])
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'person.locked',
      object: id,
      details: { reason },
    })
    return recordLockOuts(client, context, passed, { actor: subject, because: 'operator', arrivedAt: context.now() })
  })
}

/**
 * Lets a person in again: lifts the operator's lock, and holds the door open for `hours` against what the sources say, so that a
 * mistaken leaver can work while HR mends the record. Only this person's own lock changes; no plan is needed.
 */
export async function unlockPerson(
  context: SyncContext,
  id: PersonId,
  subject: SubjectId,
  reason: string,
  hours: number,
): Promise<void> {
  await change(context, id, async (dossier, client) => {
    const now = context.now()
    const { standing } = understand(context, dossier, now)
    const isOut = standing.state === 'left' || standing.state === 'suspended'
    dossier.person.locked_at = null
    dossier.person.unlocked_until = isOut ? new Date(now.getTime() + hours * 3_600_000) : null
    touch(dossier)
    // Of whom nothing certain is known, what was wanted stays: so the lock is lifted there.
    if (standing.state === 'unknown' || standing.validity === null) liftLock(dossier)
    await resolveAll(client, context, [dossier], 'operator')
    const opened = reopen(dossier)
    await saveDossiers(client, context.vault, [dossier])
    await endLockOuts(
      client,
      context,
      opened.map((account) => account.id),
    )
    await enqueue(client, 'bulk', opened)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'person.unlocked',
      object: id,
      details: { reason, hours },
    })
  })
}

function liftLock({ accounts, credentials }: Dossier): void {
  const usable = new Set(credentials.flatMap(({ row }) => (isUsable(row.state) && !row.waits ? [row.id] : [])))
  for (const { row } of accounts) {
    const wanted = decodeParts(row.wanted)
    const cards = (Object.keys(wanted.cards) as CredentialId[]).map((id) => [id, usable.has(id) ? 'on' : 'blocked'])
    row.wanted = encodeParts({ ...wanted, lock: 'open', cards: Object.fromEntries(cards) as Parts['cards'] })
  }
}

function reopen(dossier: Dossier) {
  return dossier.accounts.flatMap((account) => {
    const { row } = account
    if (!row.pending || row.desired === null) return []
    const before = decodeParts(row.desired)
    const wanted = decodeParts(row.wanted)
    const changes = changesBetween(before, wanted, 'lockout-record').filter(
      ({ part }) => part === 'lock' || part === 'validity' || part === 'profile',
    )
    if (!changes.some(({ part }) => part === 'lock')) return []
    row.desired = encodeParts(applyChanges(before, wanted, changes))
    row.desired_facts = row.wanted_facts
    row.desired_facts_version = row.wanted_facts_version
    row.desired_version += 1
    row.pending = isPending(row.desired, wanted)
    touch(account)
    return [{ id: row.id, target: row.target }]
  })
}

async function change<T>(
  context: SyncContext,
  id: PersonId,
  work: (dossier: Dossier, client: Parameters<typeof loadDossiers>[0]) => Promise<T>,
): Promise<T> {
  return inTransaction(context.database.pool, async (client) => {
    const { dossiers, frozen } = await loadDossiers(client, context.vault, [id])
    if (frozen.length > 0) throw new Refusal('person.frozen')
    const dossier = dossiers.get(id)
    if (dossier === undefined) throw new Refusal('person.unknown')
    return work(dossier, client)
  })
}
