/** Templates, and entrances where the settings have a schedule for them: the access levels of AEOS, as they exist and as a carrier has them. */
import type { TargetLevel } from '../../src/connector/contract.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import type { Client } from './client.ts'
import { fromLocal } from './local-time.ts'
import type { EntranceAuthorisation, ProfileRecord, TemplateAuthorisation } from './records.ts'
import type { Settings } from './settings.ts'

const entranceSign = 'entrance:'

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

export type Entry =
  | { readonly of: 'template'; readonly entry: TemplateAuthorisation }
  | { readonly of: 'entrance'; readonly entry: EntranceAuthorisation }

/** Every entry with the level that it stands for. One for an entrance at another time than ours is a level of its own, which nobody offers. */
export function entriesOf(profile: ProfileRecord, settings: Settings): readonly (Entry & { readonly level: string })[] {
  const { TemplateAuthorisation, EntranceAuthorisation } = profile.AuthorisationOnline
  return [
    ...TemplateAuthorisation.map((entry) => ({ of: 'template' as const, entry, level: entry.TemplateId })),
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
 * ended, or that begins only after the carrier itself may come in, opens nothing and is not there.
 */
export function levelsShown(
  profile: ProfileRecord,
  { from, now, settings }: { readonly from: string | null; readonly now: Date; readonly settings: Settings },
): { readonly levels: string[]; readonly inheritedLevels: string[] } {
  const opensAt = Math.max(now.getTime(), from === null ? 0 : Date.parse(from))
  const instant = (text: string | undefined) => (text === undefined ? null : fromLocal(text, settings.server_zone))
  const counts = ({ entry: { Enabled, DateFrom, DateUntil } }: Entry) =>
    Enabled && (instant(DateFrom) ?? 0) <= opensAt && (instant(DateUntil) ?? Infinity) > now.getTime()
  const present = entriesOf(profile, settings).filter(counts)
  const own = present.filter(({ entry }) => entry.RuleId === undefined).map(({ level }) => level)
  const byRule = present.filter(({ entry }) => entry.RuleId !== undefined).map(({ level }) => level)
  return { levels: [...new Set(own)], inheritedLevels: [...new Set(byRule)] }
}
