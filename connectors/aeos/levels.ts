/** Templates, and entrances and their groups where the settings have a schedule for them: the access levels of AEOS, as they exist and as a carrier has them. */
import type { TargetLevel } from '../../src/connector/contract.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import type { Settings } from './settings.ts'
import type { Client } from './soap/client.ts'
import { fromLocal } from './soap/local-time.ts'
import {
  type EntranceAuthorisation,
  type GroupAuthorisation,
  isByRule,
  type ProfileRecord,
  type TemplateAuthorisation,
} from './soap/records.ts'

const entranceSign = 'entrance:'
const groupSign = 'group:'

/** One level for all rights to locks of each other kind: only that there are some is told. */
const otherLocks = [
  ['offline', 'AuthorisationOffline'],
  ['soaa', 'AuthorisationSoaa'],
  ['loxs', 'AuthorisationLoXS'],
  ['locker', 'AuthorisationLocker'],
  ['key-cabinet', 'AuthorisationKeyCabinet'],
] as const

/** What can be granted: a template by its id alone, an entrance and a group of entrances by a sign and the id. */
interface LevelName {
  readonly of: Entry['of']
  readonly id: string
}

/** What a level grants, by its external id; null for one that is shown and never granted. */
export function parseLevel(level: string): LevelName | null {
  const [, sign = '', id] = /^(entrance:|group:)?(\d+)$/.exec(level) ?? []
  if (id === undefined) return null
  return { of: sign === entranceSign ? 'entrance' : sign === groupSign ? 'group' : 'template', id }
}

/**
 * All that can be granted, as the server says now. Those that an entrance filter hides from our user are not there for us. The name of a
 * group says that it is one: a template or an entrance may well bear the same, and rules find none of two levels of one name.
 */
export async function discoverLevels(client: Client, settings: Settings, signal: AbortSignal): Promise<TargetLevel[]> {
  const hasSchedule = settings.entrance_schedule !== undefined
  const [templates, entrances, groups] = await allDone([
    client.templates(signal),
    hasSchedule ? client.entrances(signal) : Promise.resolve([]),
    hasSchedule ? client.entranceGroups(signal) : Promise.resolve([]),
  ])
  return [
    ...templates.map(({ Id, Name }) => ({ externalId: Id, name: Name ?? Id })),
    ...entrances.map(({ Id, Name }) => ({ externalId: `${entranceSign}${Id}`, name: Name ?? Id })),
    ...groups.map(({ Id, Name }) => ({ externalId: `${groupSign}${Id}`, name: `${Name ?? Id} (entrance group)` })),
  ]
}

/** Whether the level stands for a template or an entrance, whatever its schedule. */
export function isOfDoors(level: string): boolean {
  return !isOtherLock(level) && !level.startsWith(groupSign)
}

/** Whether the level stands for locks of another kind, whose rights are shown and never written. */
export function isOtherLock(level: string): boolean {
  return otherLocks.some(([other]) => other === level)
}

export type Entry =
  | { readonly of: 'template'; readonly entry: TemplateAuthorisation }
  | { readonly of: 'group'; readonly entry: GroupAuthorisation }
  | { readonly of: 'entrance'; readonly entry: EntranceAuthorisation }

/**
 * Every entry for on-line doors with the level that it stands for. One for an entrance or a group at another time than ours is a level of
 * its own, which nobody offers.
 */
export function entriesOf(profile: ProfileRecord, settings: Settings): readonly (Entry & { readonly level: string })[] {
  const { TemplateAuthorisation, EntranceGroupAuthorisation, EntranceAuthorisation } = profile.AuthorisationOnline
  return [
    ...TemplateAuthorisation.map((entry) => ({ of: 'template' as const, entry, level: entry.TemplateId })),
    ...EntranceGroupAuthorisation.map((entry) => {
      const level = `${groupSign}${entry.EntranceGroupId}${otherTime(entry, settings)}`
      return { of: 'group' as const, entry, level }
    }),
    ...EntranceAuthorisation.map((entry) => {
      const level = `${entranceSign}${entry.EntranceId}${otherTime(entry, settings)}`
      return { of: 'entrance' as const, entry, level }
    }),
  ]
}

/** Empty for the schedule with which we grant. */
function otherTime({ DateTimeScheduleId: schedule }: Scheduled, { entrance_schedule }: Settings): string {
  return schedule !== undefined && schedule === entrance_schedule ? '' : `@${schedule ?? ''}`
}

type Scheduled = Pick<EntranceAuthorisation, 'DateTimeScheduleId'>

/**
 * What the carrier has: given by hand, or by a rule of AEOS, which can't be taken away here. An entry that is switched off, that has
 * ended, or that begins only after the carrier itself may come in, opens nothing and is not there. Of who is shut out all that was given by
 * hand is there but what has ended: nothing opens either way, and what is left would open one day.
 */
export function levelsShown(
  profile: ProfileRecord,
  {
    from,
    now,
    isShut,
    settings,
  }: { readonly from: string | null; readonly now: Date; readonly isShut: boolean; readonly settings: Settings },
): { readonly levels: string[]; readonly inheritedLevels: string[] } {
  const opensAt = Math.max(now.getTime(), from === null ? 0 : Date.parse(from))
  const instant = (text: string | undefined) => (text === undefined ? null : fromLocal(text, settings.server_zone))
  const others = otherLocks.flatMap(([level, block]) => profile[block].map((entry) => ({ entry, level })))
  const opens = ({ Enabled, DateFrom }: (typeof others)[number]['entry']) =>
    Enabled && (instant(DateFrom) ?? 0) <= opensAt
  const present = [...entriesOf(profile, settings), ...others].filter(
    ({ entry }) =>
      (instant(entry.DateUntil) ?? Infinity) > now.getTime() && ((isShut && !isByRule(entry)) || opens(entry)),
  )
  const own = present.filter(({ entry }) => !isByRule(entry)).map(({ level }) => level)
  const byRule = present.filter(({ entry }) => isByRule(entry)).map(({ level }) => level)
  return { levels: [...new Set(own)], inheritedLevels: [...new Set(byRule)] }
}
