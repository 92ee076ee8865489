/** Protected people: nobody locks them out or takes their rights but by name. */
import { recordAudit } from '../audit/record.ts'
import type { PersonId, SubjectId } from '../model/id.ts'
import { type Dossier, touch } from '../store/dossier.ts'
import { changePerson } from './change-person.ts'
import type { Brakes, SyncContext } from './context.ts'
import { brakesOf, type Origin } from './origin.ts'
import { plan } from './plan/plan.ts'
import { resolveAndPass } from './resolve/resolve-and-pass.ts'

export interface ProtectRequest {
  readonly subject: SubjectId
  readonly reason: string
  /** For what no source caused. */
  readonly brakes: Brakes
}

/**
 * From now on no record, no rule and no clock locks the person out or takes a right away: each such change waits for a release. A card
 * that is lost is blocked all the same, and an operator's own lock works. Doing it twice is the same as once.
 * @throws Refusal `person.unknown`, `person.frozen`.
 */
export async function protectPerson(context: SyncContext, id: PersonId, request: ProtectRequest): Promise<void> {
  await setProtected(context, id, true, request)
}

/** A lock-out by record that waited for a release runs now; rights are taken away as anybody's are. @throws Refusal `person.unknown`, `person.frozen`. */
export async function unprotectPerson(context: SyncContext, id: PersonId, request: ProtectRequest): Promise<void> {
  await setProtected(context, id, false, request)
}

async function setProtected(
  context: SyncContext,
  id: PersonId,
  to: boolean,
  { subject, reason, brakes }: ProtectRequest,
): Promise<void> {
  const origins = await changePerson(context, id, async (dossier, client) => {
    const waitedFor = pendingOrigins(dossier)
    dossier.person.protected = to
    touch(dossier)
    const cause = { actor: subject, because: 'record', arrivedAt: context.now() } as const
    await resolveAndPass(client, context, [dossier], 'operator', cause)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: to ? 'person.protected' : 'person.unprotected',
      object: id,
      details: { reason },
      about: dossier.key,
    })
    return new Set([...waitedFor, ...pendingOrigins(dossier)])
  })
  // So that a plan that waits says who is protected, and one whose reason is gone waits no longer.
  for (const origin of origins) {
    const of = brakesOf(context, origin, brakes)
    await plan(context, { origin, pull: null, brakes: of, arrivedAt: context.now() })
  }
}

function pendingOrigins({ accounts }: Dossier): readonly Origin[] {
  return accounts.flatMap(({ row }) => (row.pending ? [row.wanted_by as Origin] : []))
}
