/** What an operator does to a person by name: shut out now, and let in again. */
import type pg from 'pg'
import { recordAudit } from '../audit/record.ts'
import type { CredentialId, PersonId, SubjectId } from '../model/id.ts'
import type { PersonState } from '../model/person.ts'
import { Refusal } from '../model/refusal.ts'
import { clearAlarm } from '../store/alarms.ts'
import { type Dossier, type DossierAccount, touch } from '../store/dossier.ts'
import { saveDossiers } from '../store/save-dossiers.ts'
import { enqueue } from '../store/work.ts'
import { changePerson } from './change-person.ts'
import type { SyncContext } from './context.ts'
import { desire } from './desire.ts'
import { lockoutsAmong, noteReopened, passLockouts, recordLockouts } from './lock-out.ts'
import { forgetLock, rememberLock } from './outlived-locks.ts'
import { changesBetween, decodeParts, encodeParts, type Parts } from './parts.ts'
import { isUsable } from './resolve/credentials.ts'
import { passGiven } from './resolve/individual.ts'
import { isOut, understand } from './resolve/resolve.ts'
import { resolveAll } from './resolve/resolve-all.ts'
import { isDeleted } from './resolve/stages.ts'
import { modesOf } from './target-modes.ts'

/** Shuts a person out everywhere, whatever HR says, until unlocked. Returns the ids of the lock-outs. @throws Refusal `person.unknown`, `person.frozen`. */
export async function lockPerson(
  context: SyncContext,
  id: PersonId,
  subject: SubjectId,
  reason: string,
): Promise<readonly string[]> {
  const lock = async (dossier: Dossier, client: pg.PoolClient) => {
    dossier.person.locked_at = context.now()
    touch(dossier)
    await rememberLock(client, context, dossier)
    await resolveAll(client, context, [dossier], 'operator')
    const passed = passLockouts(lockoutsAmong([dossier], await modesOf(client, context), () => false))
    await saveDossiers(client, context.vault, [dossier])
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'person.locked',
      object: id,
      details: { reason },
      about: dossier.key,
    })
    return recordLockouts(client, context, passed, { actor: subject, because: 'operator', arrivedAt: context.now() })
  }
  return changePerson(context, id, lock, { shutsOut: true })
}

export interface Unlocked {
  /** An operator's lock was there, and is lifted; what else keeps the person out stays. */
  readonly lifted: boolean
  /** Until when the door is held open, whatever the sources say; null: they decide. */
  readonly heldOpenUntil: Date | null
  readonly state: PersonState
}

/**
 * Lifts the operator's lock, which restores only what that lock closed: a leaver is still a leaver. Of whoever was not locked, but left
 * or is suspended, it holds the door open for `hours` against what the sources say, so that a mistaken leaver can work while HR mends
 * the record. Only this person's own lock changes; no plan is needed. @throws Refusal `person.unknown`, `person.frozen`,
 * `person.deleted`, `config.superseded`.
 */
export async function unlockPerson(
  context: SyncContext,
  id: PersonId,
  subject: SubjectId,
  reason: string,
  hours: number,
): Promise<Unlocked> {
  return changePerson(context, id, async (dossier, client) => {
    // A lock is the same under every configuration; what an open account may do is not.
    await context.refuseSuperseded(client)
    const now = context.now()
    const { person } = dossier
    const { standing } = understand(context, dossier, now)
    const lifted = person.locked_at !== null
    if (!lifted && isOut(standing) && isAllDeleted(dossier)) throw new Refusal('person.deleted')
    person.locked_at = null
    if (!lifted) person.unlocked_until = isOut(standing) ? new Date(now.getTime() + hours * 3_600_000) : null
    touch(dossier)
    await forgetLock(client, context, dossier)
    // Of whom nothing certain is known, what was wanted stays: so the lock is lifted there.
    if (standing.state === 'unknown' || standing.validity === null)
      for (const account of dossier.accounts) liftLock(dossier, account)
    await resolveAll(client, context, [dossier], 'operator')
    const opened = reopen(dossier)
    const granted = await passGiven(client, context, [dossier], await modesOf(client, context))
    await saveDossiers(client, context.vault, [dossier])
    await noteReopened(
      client,
      context,
      opened.map((account) => account.id),
    )
    await enqueue(client, 'bulk', [
      ...opened,
      ...granted.filter((each) => opened.every((other) => other.id !== each.id)),
    ])
    const heldOpenUntil = person.unlocked_until !== null && person.unlocked_until > now ? person.unlocked_until : null
    await clearAlarm(client, context.vault, 'person.found-shut', id)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'person.unlocked',
      object: id,
      details: { reason, lifted, heldOpenUntil: heldOpenUntil?.toISOString() ?? null },
      about: dossier.key,
    })
    return { lifted, heldOpenUntil, state: standing.state }
  })
}

/** A door can't be held open where there is nothing left to open it with. */
function isAllDeleted({ accounts }: Dossier): boolean {
  return accounts.length > 0 && accounts.every(isDeleted)
}

/** What the lock alone closed is wanted open again. */
export function liftLock({ credentials }: Dossier, { row }: DossierAccount): void {
  const { byLock, ...wanted } = decodeParts(row.wanted)
  if (byLock === undefined) return
  const usable = new Set(credentials.flatMap(({ row }) => (isUsable(row) && !row.waits ? [row.id] : [])))
  const cards = (Object.keys(wanted.cards) as CredentialId[]).map((id) => [id, usable.has(id) ? 'on' : 'blocked'])
  row.wanted = encodeParts({ ...wanted, lock: 'open', cards: Object.fromEntries(cards) as Parts['cards'] })
}

function reopen(dossier: Dossier) {
  return dossier.accounts.flatMap((account) => {
    const { row } = account
    if (!row.pending || row.desired === null) return []
    // Profile and validity come with the lock: for how long the door is held open is one of them.
    const changes = changesBetween(decodeParts(row.desired), decodeParts(row.wanted), 'lockout-record').filter(
      ({ part }) => part === 'lock' || part === 'validity' || part === 'profile',
    )
    if (!changes.some(({ part }) => part === 'lock')) return []
    desire(account, changes)
    return [{ id: row.id, target: row.target }]
  })
}
