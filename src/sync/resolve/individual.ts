/** Rights that a person was given by name: what they add to what the rules say, and when they are over. */
import type pg from 'pg'
import type { AccessLevelId, AccountId, CredentialId } from '../../model/id.ts'
import type { Standing } from '../../policy/state.ts'
import { type Dossier, type DossierAccount, touch } from '../../store/dossier.ts'
import type { TargetMode } from '../../store/target-modes.ts'
import type { SyncContext } from '../context.ts'
import { desire, desireParts } from '../desire.ts'
import { type Unmade, waitingForMatch } from '../match/waiting.ts'
import { changesBetween, decodeParts, partOf } from '../parts.ts'

/** Ends grants whose time is over, and all of a person of whom nothing is left at the targets: who comes back does not find them again. */
export function endOverGrants(dossier: Dossier, now: Date, isRemoved: boolean): void {
  for (const grant of dossier.grants) {
    const { row } = grant
    if (row.ended_at !== null) continue
    const isOver = row.until !== null && row.until <= now
    if (!isOver && !isRemoved) continue
    row.ended_at = now
    row.ending = isOver ? 'expired' : 'left'
    touch(grant)
  }
}

/** When the next open grant is over. */
export function grantEnds({ grants }: Dossier): readonly Date[] {
  return grants.flatMap(({ row }) => (row.ended_at === null && row.until !== null ? [row.until] : []))
}

/** Levels that open grants give, by target; to nobody whose employment is not in force, unless an operator holds the door open. */
export function individualLevels(
  { levels }: SyncContext,
  dossier: Dossier,
  { state, activeEmployments }: Standing,
): ReadonlyMap<string, readonly AccessLevelId[]> {
  if (activeEmployments.length === 0 && state !== 'left') return new Map()
  const byTarget = new Map<string, AccessLevelId[]>()
  for (const id of openLevels(dossier)) {
    const ref = levels.nameOf(id)
    if (ref === undefined) continue
    const target = ref.slice(0, ref.indexOf('/'))
    byTarget.set(target, [...(byTarget.get(target) ?? []), id])
  }
  return byTarget
}

/** `levels` without those whose grant has just ended: nothing that only could not be told keeps them. */
export function withoutEnded(dossier: Dossier, levels: readonly AccessLevelId[]): readonly AccessLevelId[] {
  const ended = endedLevels(dossier)
  return ended.size === 0 ? levels : levels.filter((id) => !ended.has(id))
}

function openLevels({ grants }: Dossier): Set<AccessLevelId> {
  return new Set(grants.flatMap(({ row }) => (row.ended_at === null ? [row.access_level_id] : [])))
}

function endedLevels(dossier: Dossier): Set<AccessLevelId> {
  const ended = dossier.grants.flatMap(({ row }) => (row.ended_at === null ? [] : [row.access_level_id]))
  return new Set(ended).difference(openLevels(dossier))
}

/**
 * Makes desired, in memory, what individual grants give and take, and cards that an operator issued and that were not free until now: each
 * has a person's name on it already, so none waits for a plan.
 * Whoever has no account yet gets one with these levels, unless it is among those that wait for a match, and what the rules give besides waits for its own plan. Returns what there is
 * to do, for the caller to put on the list once the dossiers are saved.
 */
export async function passGiven(
  client: pg.ClientBase,
  context: SyncContext,
  dossiers: readonly Dossier[],
  modes: ReadonlyMap<string, TargetMode>,
): Promise<readonly { readonly id: AccountId; readonly target: string }[]> {
  const waiting = await waitingForMatch(client, context, modes, unmadeOf(dossiers))
  const passed: { id: AccountId; target: string }[] = []
  for (const dossier of dossiers) {
    const issued = issuedCards(dossier)
    if (dossier.grants.length === 0 && issued.size === 0) continue
    const open = openLevels(dossier)
    const ended = endedLevels(dossier)
    for (const account of dossier.accounts) {
      const { row } = account
      const mode = modes.get(row.target)
      if (!row.pending || mode?.writes !== true || waiting.has(row.id)) continue
      const gives = mode.waits === null && !dossier.torn
      const given = gives ? { open, issued } : { open: nothing, issued: noCards }
      if (pass(account, { ...given, ended })) passed.push({ id: row.id, target: row.target })
    }
  }
  return passed
}

/** Accounts that a right given by name would make. */
function unmadeOf(dossiers: readonly Dossier[]): readonly Unmade[] {
  const given = dossiers.filter(({ grants }) => grants.length > 0)
  return given.flatMap(({ accounts }) => accounts.map(({ row }) => row)).filter(({ desired }) => desired === null)
}

/** At a target whose first plan nobody has released nothing is given yet, and nothing to whom somebody took a row of. */
const nothing: ReadonlySet<AccessLevelId> = new Set()
const noCards: ReadonlySet<CredentialId> = new Set()

function issuedCards({ credentials }: Dossier): ReadonlySet<CredentialId> {
  return new Set(credentials.flatMap(({ row }) => (row.issued_over === null || row.waits ? [] : [row.id])))
}

interface Named {
  readonly open: ReadonlySet<AccessLevelId>
  readonly ended: ReadonlySet<AccessLevelId>
  readonly issued: ReadonlySet<CredentialId>
}

/** False when nothing of it changes anything here. */
function pass(account: DossierAccount, { open, ended, issued }: Named): boolean {
  const { row } = account
  const wanted = decodeParts(row.wanted)
  if (row.desired === null) {
    // An account that is made has its cards with it.
    const levels = wanted.levels.filter((id) => open.has(id))
    if (wanted.lock === 'closed' || levels.length === 0) return false
    desireParts(account, { ...wanted, levels })
    return true
  }
  const before = decodeParts(row.desired)
  const changes = changesBetween(before, wanted, 'lockout-record').filter(({ part, before: from, after }) => {
    const named = partOf(part)
    if (named.is === 'card') return from === null && after === 'on' && issued.has(named.id)
    return named.is === 'level' && (after === null ? ended : open).has(named.id)
  })
  if (changes.length > 0) desire(account, changes)
  return changes.length > 0
}
