/** Issues a PIN: drawn here, told once, sealed until every target of the person has it, and kept nowhere after. */
import { recordAudit } from '../audit/record.ts'
import { ConnectorError } from '../connector/errors.ts'
import { newId, type PersonId, type PinIssueId, type SubjectId } from '../model/id.ts'
import { newPin } from '../model/pin.ts'
import { Refusal } from '../model/refusal.ts'
import type { DossierAccount } from '../store/dossier.ts'
import { dropPins, insertPin } from '../store/pins.ts'
import { saveDossiers } from '../store/save-dossiers.ts'
import { enqueue } from '../store/work.ts'
import { changePerson } from './change-person.ts'
import type { SyncContext } from './context.ts'
import { bump } from './desire.ts'
import { decodeParts, encodeParts } from './parts.ts'
import { modesOf } from './target-modes.ts'

export interface IssuedPin {
  /** For the operator's eyes, this once. */
  readonly pin: string
  readonly targets: readonly string[]
  /** Targets of the person that take no such PIN, and why. */
  readonly refused: readonly { readonly target: string; readonly code: string }[]
}

/**
 * Takes the place of any PIN before, at `target` or at every target where the person has an open account.
 * @throws Refusal `person.unknown`, `person.frozen`, `target.unknown`, `pin.person-out`, `pin.no-account`, `pin.not-taken`.
 */
export async function issuePin(
  context: SyncContext,
  person: PersonId,
  subject: SubjectId,
  { target, reason }: { readonly target: string | null; readonly reason: string },
): Promise<IssuedPin> {
  if (target !== null && !context.targets.has(target)) throw new Refusal('target.unknown')
  const pin = newPin(context.pinLength)
  return changePerson(context, person, async (dossier, client) => {
    if (dossier.person.locked_at !== null) throw new Refusal('pin.person-out')
    const modes = await modesOf(client, context)
    const there = dossier.accounts.filter(
      ({ row }) => row.is_primary && row.desired !== null && (target === null || row.target === target),
    )
    const open = there.filter(({ row }) => decodeParts(row.desired as string).lock === 'open')
    if (open.length === 0 && there.length > 0) throw new Refusal('pin.person-out')
    const written = open.filter(({ row }) => modes.get(row.target)?.writes === true)
    if (written.length === 0) throw new Refusal('pin.no-account')
    const refused = written.flatMap(({ row }) => refusalOf(context, row.target, pin))
    const taking = written.filter(({ row }) => refused.every((each) => each.target !== row.target))
    if (taking.length === 0) throw new Refusal('pin.not-taken')
    const id = newId<PinIssueId>()
    for (const account of taking) order(account, id)
    const row = { id, person_id: person, subject_id: subject, created_at: context.now() }
    await insertPin(client, context.vault, dossier.key, row, pin)
    await saveDossiers(client, context.vault, [dossier])
    // One that was still on its way is wanted nowhere any more.
    await dropPins(client, person, context.now())
    await enqueue(
      client,
      'bulk',
      taking.map((account) => ({ id: account.row.id, target: account.row.target })),
    )
    const targets = taking.map((account) => account.row.target)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'pin.issued',
      object: person,
      details: { issue: id, targets, refused, reason },
      about: dossier.key,
    })
    return { pin, targets, refused }
  })
}

/** Both wanted and desired: a PIN is no matter of rules, and waits for no plan. */
function order(account: DossierAccount, id: PinIssueId): void {
  const { row } = account
  row.wanted = encodeParts({ ...decodeParts(row.wanted), pin: id })
  row.desired = encodeParts({ ...decodeParts(row.desired as string), pin: id })
  bump(account)
}

function refusalOf({ targets }: SyncContext, target: string, pin: string): IssuedPin['refused'] {
  try {
    targets.get(target)?.connection.accounts.checkPin(pin)
    return []
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    return [{ target, code: error.code }]
  }
}
