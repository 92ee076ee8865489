/** Rights that an operator gives one person by name, until a time: given and taken at once, within what the person is. */
import { recordAudit } from '../audit/record.ts'
import { type AccessLevelId, type GrantId, newId, type PersonId, type SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { type Dossier, touch } from '../store/dossier.ts'
import { type GrantRow, grantGuard } from '../store/guards.ts'
import type { TargetMode, WholeTargetWaits } from '../store/target-modes.ts'
import { changePerson } from './change-person.ts'
import type { SyncContext } from './context.ts'
import { carryOutAct } from './named-act.ts'
import { decodeParts } from './parts.ts'
import { understand } from './resolve/resolve.ts'
import { readUntil } from './until.ts'

export interface GrantRequest {
  /** `target/name`. */
  readonly level: string
  /** As `readUntil` takes it; null: without an end. */
  readonly until: string | null
  readonly reason: string
}

/** What keeps a grant from opening anything; null: nothing does, once the target has it. */
export type GrantWait = 'locked' | 'suspended' | 'future' | 'left' | 'unknown' | WholeTargetWaits | 'no-account'

/**
 * Several grants of one level may stand side by side; the person has it until the last is over.
 * @throws Refusal `person.unknown`, `person.frozen`, `grant.person-left`, `level.unknown`, `until.unreadable`, `until.over`,
 * `until.too-long`.
 */
export async function addGrant(
  context: SyncContext,
  person: PersonId,
  subject: SubjectId,
  { level, until, reason }: GrantRequest,
): Promise<GrantId> {
  const levelId = context.levels.byRef(level)
  if (levelId === undefined || !context.targets.has(level.slice(0, level.indexOf('/'))))
    throw new Refusal('level.unknown')
  return changePerson(context, person, async (dossier, client) => {
    await context.refuseSuperseded(client)
    const now = context.now()
    if (standsOut(context, dossier) === 'left') throw new Refusal('grant.person-left')
    const end = until === null ? null : readUntil(until, now, zonesOf(context, dossier), context.grantLongestMs)
    const id = newId<GrantId>()
    const place = { table: 'individual_grant', column: 'reason', row: id, version: 1 }
    dossier.grants.push({
      mark: 'fresh',
      row: {
        id,
        person_id: person,
        access_level_id: levelId,
        until: end,
        reason: context.vault.seal(dossier.key, place, reason),
        subject_id: subject,
        created_at: now,
        ended_at: null,
        ending: null,
        guard: Buffer.alloc(0),
      },
    })
    await carryOutAct(client, context, dossier, subject, isNothing)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'grant.given',
      object: person,
      details: { grant: id, level, until: end?.toISOString() ?? null, reason },
      about: dossier.key,
    })
    return id
  })
}

/** What the rules give besides stays. @throws Refusal `grant.unknown` when it is over or was never there, `grant.forged`, `person.frozen`. */
export async function revokeGrant(
  context: SyncContext,
  id: GrantId,
  subject: SubjectId,
  reason: string,
): Promise<PersonId> {
  const { rows } = await context.database.pool.query<GrantRow>(
    'select * from individual_grant where id = $1 and ended_at is null',
    [id],
  )
  const [found] = rows
  if (found === undefined) throw new Refusal('grant.unknown')
  if (!context.vault.verifyGuard('individual_grant', grantGuard(found), found.guard)) throw new Refusal('grant.forged')
  return changePerson(context, found.person_id, async (dossier, client) => {
    await context.refuseSuperseded(client)
    const grant = dossier.grants.find(({ row }) => row.id === id)
    // It ended since it was looked up.
    if (grant === undefined) throw new Refusal('grant.unknown')
    grant.row.ended_at = context.now()
    grant.row.ending = 'revoked'
    touch(grant)
    await carryOutAct(client, context, dossier, subject, isNothing)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'grant.revoked',
      object: found.person_id,
      details: { grant: id, level: context.levels.nameOf(found.access_level_id) ?? null, reason },
      about: dossier.key,
    })
    return found.person_id
  })
}

/** Grants are passed by themselves, wherever somebody is looked at. */
const isNothing = (): boolean => false

/** Why a person has nothing of what is given them at this target. */
export function waitOf(
  context: SyncContext,
  modes: ReadonlyMap<string, TargetMode>,
  dossier: Dossier,
  level: AccessLevelId,
): GrantWait | null {
  const out = standsOut(context, dossier)
  if (out !== null) return out
  const target = context.levels.nameOf(level)?.split('/')[0]
  const mode = modes.get(target ?? '')
  if (mode === undefined) return 'observe'
  const account = dossier.accounts.find(({ row }) => row.target === target && row.is_primary)
  const desired = account?.row.desired ?? null
  if (desired !== null && decodeParts(desired).levels.includes(level)) return null
  return mode.waits ?? 'no-account'
}

function standsOut(context: SyncContext, dossier: Dossier): Exclude<GrantWait, WholeTargetWaits | 'no-account'> | null {
  const { locked_at, unlocked_until } = dossier.person
  if (locked_at !== null) return 'locked'
  const now = context.now()
  if (unlocked_until !== null && unlocked_until > now) return null
  const { state, activeEmployments } = understand(context, dossier, now).standing
  if (state === 'active') return null
  return state === 'future' && activeEmployments.length > 0 ? null : state
}

/** Of the sites where the person works; of whoever has none, of the sources. */
function zonesOf(context: SyncContext, dossier: Dossier): readonly string[] {
  const { person, standing } = understand(context, dossier, context.now())
  const employments = standing.activeEmployments.length > 0 ? standing.activeEmployments : person.employments
  const { siteZones } = context.stateOptions
  const zones = employments.map(({ site, zone }) => (site === null ? zone : (siteZones[site] ?? zone)))
  if (zones.length > 0) return [...new Set(zones)]
  return [...new Set([...context.sources.values()].map(({ zone }) => zone))]
}
