/** Templates, and entrances where the settings have a schedule for them: the access levels of AEOS, as they exist and as a carrier has them. */
import type { TargetLevel } from '../../src/connector/contract.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import type { Client } from './client.ts'
import { fromLocal } from './local-time.ts'
import {
  type EntranceAuthorisation,
  type GroupAuthorisation,
  isByRule,
  type ProfileRecord,
  type TemplateAuthorisation,
} from './records.ts'
import type { Settings } from './settings.ts'

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

/** What a level grants, by its external id: the id of a template, or `entrance:` and the id of an entrance. */
export function parseLevel(level: string): { readonly template: string } | { readonly entrance: string } | null {
  if (/^\d+$/.test(level)) return { template: level }
  const entrance = level.startsWith(entranceSign) ? level.slice(entranceSign.length) : ''
  return /^\d+$/.test(entrance) ? { entrance } : null
}

/** All that can be granted, as the server says now. Those that an entrance filter hides from our user are not there for us. */
export async function discoverLevels(client: Client, settings: Settings, signal: AbortSignal): Promise<TargetLevel[]> {
  const [templates, entrances] = await allDone([
    client.templates(signal),
    settings.entrance_schedule === undefined ? Promise.resolve([]) : client.entrances(signal),
  ])
  return [
    ...templates.map(({ Id, Name }) => ({ externalId: Id, name: Name ?? Id })),
    ...entrances.map(({ Id, Name }) => ({ externalId: `${entranceSign}${Id}`, name: Name ?? Id })),
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
 * Every entry for on-line doors with the level that it stands for. One for an entrance group, or for an entrance at another time than ours,
 * is a level of its own, which nobody offers.
 */
export function entriesOf(profile: ProfileRecord, settings: Settings): readonly (Entry & { readonly level: string })[] {
  const { TemplateAuthorisation, EntranceGroupAuthorisation, EntranceAuthorisation } = profile.AuthorisationOnline
  return [
    ...TemplateAuthorisation.map((entry) => ({ of: 'template' as const, entry, level: entry.TemplateId })),
    ...EntranceGroupAuthorisation.map((entry) => {
      const level = `${groupSign}${entry.EntranceGroupId}@${entry.DateTimeScheduleId ?? ''}`
      return { of: 'group' as const, entry, level }
    }),
    ...EntranceAuthorisation.map((entry) => {
      const schedule = entry.DateTimeScheduleId
      const own = schedule === settings.entrance_schedule
      const level = `${entranceSign}${entry.EntranceId}${own ? '' : `@${schedule ?? ''}`}`
      return { of: 'entrance' as const, entry, level }
    }),
  ]
}

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
