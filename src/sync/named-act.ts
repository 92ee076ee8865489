/** Carries out what a person's act changed about one other person: what it names happens at once, and nothing else that waits does. */
import type pg from 'pg'
import type { AccountId, CredentialId } from '../model/id.ts'
import { type Dossier, touch } from '../store/dossier.ts'
import { saveDossiers } from '../store/save-dossiers.ts'
import type { TargetMode } from '../store/target-modes.ts'
import { enqueue } from '../store/work.ts'
import type { SyncContext } from './context.ts'
import { desire } from './desire.ts'
import {
  type LockoutCause,
  lockoutsAmong,
  noteReopened,
  type PassedLockout,
  passLockouts,
  recordLockouts,
} from './lock-out.ts'
import { changesBetween, decodeParts } from './parts.ts'
import { passGiven } from './resolve/individual.ts'
import { leftByAbsence } from './resolve/left-by-absence.ts'
import { resolveAll } from './resolve/resolve-all.ts'
import { admit } from './suspect/admit.ts'
import { modesOf } from './target-modes.ts'

/**
 * Resolves the person anew and saves the dossier. Of what changes, the parts that `names` holds are passed, also of protected people: a
 * person's name is on them. Returns the ids of lock-outs that the act began.
 */
export async function carryOutAct(
  client: pg.ClientBase,
  context: SyncContext,
  dossier: Dossier,
  actor: string,
  names: Names,
  because: LockoutCause['because'] = 'operator',
): Promise<readonly string[]> {
  touch(dossier)
  await resolveAll(client, context, [dossier], 'operator')
  const modes = await modesOf(client, context)
  const named = passNamed(dossier, modes, names)
  const asked = lockoutsAmong([dossier], modes, leftByAbsence(context))
  const due = passLockouts(await admit(client, context, 'operator', asked, null))
  const granted = await passGiven(client, context, [dossier], modes)
  await saveDossiers(client, context.vault, [dossier])
  const arrivedAt = context.now()
  const lockouts = await recordLockouts(client, context, named.shut, { actor, because, arrivedAt })
  // What else has come due about this person meanwhile is the clock's doing, not the operator's.
  await recordLockouts(client, context, due, { actor: 'clock', because: 'clock', arrivedAt })
  await noteReopened(client, context, named.reopened, named.opened)
  await enqueue(client, 'bulk', [...new Map([...named.work, ...granted].map((each) => [each.id, each])).values()])
  return lockouts
}

/** Whether an act is about this part of this account. */
type Names = (part: string, account: AccountId) => boolean

interface Named {
  readonly shut: PassedLockout[]
  readonly work: { readonly id: AccountId; readonly target: string }[]
  /** Cards that are on from now on, and accounts that are open. */
  readonly opened: CredentialId[]
  readonly reopened: AccountId[]
}

function passNamed(dossier: Dossier, modes: ReadonlyMap<string, TargetMode>, names: Names): Named {
  const named: Named = { shut: [], work: [], opened: [], reopened: [] }
  for (const account of dossier.accounts) {
    const { row } = account
    const mode = modes.get(row.target)
    if (!row.pending || row.desired === null || mode === undefined) continue
    const before = decodeParts(row.desired)
    const wanted = decodeParts(row.wanted)
    const changes = changesBetween(before, wanted, 'lockout-record').filter(({ part, kind }) => {
      if (!names(part, row.id)) return false
      // Nothing is given before a person has looked at the first plan of a target.
      return kind === 'lockout-record' ? mode.locksOut : mode.writes && (kind !== 'grant' || mode.waits === null)
    })
    if (changes.length === 0) continue
    const { whole, cardsShut, cardsOn } = desire(account, changes)
    if (whole || cardsShut.length > 0) named.shut.push({ dossier, account, whole, cardsShut })
    else named.work.push({ id: row.id, target: row.target })
    named.opened.push(...cardsOn)
    if (changes.some(({ part, after }) => part === 'lock' && after === 'open')) named.reopened.push(row.id)
  }
  return named
}
