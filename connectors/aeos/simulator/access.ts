/** Decides as the door controller does whether a badge opens an entrance, and why not. */
import type { Carrier, Token } from './model.ts'
import { longs, maybeInner, type Row, rows } from './row.ts'
import { isOpen } from './schedules.ts'
import type { Simulation } from './simulation.ts'

/** Reason codes of a denial as the manual numbers them. */
export const reasons = { none: 0, noAuthorisation: 100, identifierNotValid: 101, outsideSchedule: 201 } as const

export interface Decision {
  granted: boolean
  reason: number
  /** What the server adds to a denial for lack of authorisation. */
  attribute: string | null
}

/** One way in: an entrance, under a schedule (null for always), within dates. */
interface Grant {
  entrance: number
  schedule: number | null
  enabled: boolean
  from: number | null
  until: number | null
}

export function decide(simulation: Simulation, token: Token | undefined, entrance: number): Decision {
  const { world, clock, zone } = simulation
  const now = clock.now()
  const carrier = token?.carrier === undefined || token.carrier === null ? undefined : world.carriers.get(token.carrier)
  if (token === undefined || carrier === undefined) return denied()
  const { states, fields } = carrier
  if (states.blocked) return denied({ P: '1', D: describeReason(simulation, states.blockReason) })
  if (token.status === 2 || token.status === 3) return denied({ B: String(token.blockReason ?? 0) })
  if (token.endValidity !== null && token.endValidity <= now) return denied({}, reasons.identifierNotValid)
  if (typeof fields.ArrivalDateTime === 'number' && now < fields.ArrivalDateTime) return denied({ A: '1' })
  if (typeof fields.LeaveDateTime === 'number' && now >= fields.LeaveDateTime) return denied({ E: '1' })
  const grants = grantsOf(simulation, carrier).filter((grant) => grant.entrance === entrance && grant.enabled)
  const begun = grants.filter(({ from }) => from === null || from <= now)
  const valid = begun.filter(({ until }) => until === null || now < until)
  if (valid.length === 0) {
    if (begun.length > 0) return denied({ E: '1' })
    return denied(grants.length > 0 ? { A: '1' } : {})
  }
  const local = zone.local(now)
  const schedules = world.table('DayTimeSchedule').rows
  const isNow = ({ schedule }: Grant) => {
    const row = schedule === null ? undefined : schedules.get(schedule)
    return schedule === null || (row !== undefined && isOpen(row, local))
  }
  if (!valid.some(isNow)) return denied({}, reasons.outsideSchedule)
  return { granted: true, reason: reasons.none, attribute: null }
}

function denied(details: Readonly<Record<string, string>> = {}, reason: number = reasons.noAuthorisation): Decision {
  const attribute = Object.entries(details)
    .map(([key, value]) => `${key}<=>${value}`)
    .join('|||')
  return { granted: false, reason, attribute: attribute === '' ? null : attribute }
}

function describeReason({ world }: Simulation, reason: number | null): string {
  return String(world.table('BlockReason').rows.get(reason ?? 0)?.Description ?? '')
}

/** Every way in that the online profile gives, templates and groups taken apart. */
export function grantsOf(simulation: Simulation, { profile }: Carrier): Grant[] {
  const online = profile.blocks.AuthorisationOnline ?? {}
  const common = ({ Enabled, DateFrom, DateUntil, DateTimeScheduleId }: Row) => ({
    enabled: Enabled === true,
    from: typeof DateFrom === 'number' ? DateFrom : null,
    until: typeof DateUntil === 'number' ? DateUntil : null,
    schedule: typeof DateTimeScheduleId === 'number' ? DateTimeScheduleId : null,
  })
  const list = (name: string) => online[name] ?? []
  return [
    ...list('TemplateAuthorisation').flatMap((entry) =>
      templateGrants(simulation, Number(entry.TemplateId), new Set()).map((grant) => ({ ...common(entry), ...grant })),
    ),
    ...list('EntranceGroupAuthorisation').flatMap((entry) =>
      entrancesOfGroup(simulation, Number(entry.EntranceGroupId)).map((entrance) => ({ ...common(entry), entrance })),
    ),
    ...list('EntranceAuthorisation').map((entry) => ({ ...common(entry), entrance: Number(entry.EntranceId) })),
  ]
}

/** `seen` keeps templates that hold each other from going round. */
function templateGrants(
  simulation: Simulation,
  template: number,
  seen: Set<number>,
): Pick<Grant, 'entrance' | 'schedule'>[] {
  if (seen.has(template)) return []
  seen.add(template)
  const row = simulation.world.table('Template').rows.get(template)
  return rows(row ?? {}, 'TemplateItem').flatMap(({ AuthorisationType, SubjectId, ScheduleId }) => {
    const subject = Number(SubjectId)
    const schedule = typeof ScheduleId === 'number' && ScheduleId !== 0 ? ScheduleId : null
    if (AuthorisationType === 'Template') return templateGrants(simulation, subject, seen)
    const entrances = AuthorisationType === 'EntranceGroup' ? entrancesOfGroup(simulation, subject) : [subject]
    return entrances.map((entrance) => ({ entrance, schedule }))
  })
}

function entrancesOfGroup({ world }: Simulation, group: number): number[] {
  const row = world.table('EntranceGroup').rows.get(group)
  return longs(maybeInner(row ?? {}, 'EntranceIdList') ?? {}, 'EntranceId')
}
