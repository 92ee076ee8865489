/** Gives and takes levels of one carrier; what a rule of AEOS gave is never written, and whoever has one twice loses both. */
import type { ConnectorError } from '../../src/connector/errors.ts'
import { type Entry, entriesOf, isOtherLock, parseLevel } from './levels.ts'
import type { Offered } from './offered.ts'
import type { Settings } from './settings.ts'
import type { Client } from './soap/client.ts'
import { ownFailure, vendorCodeOf } from './soap/errors.ts'
import { isByRule } from './soap/records.ts'
import type { Value } from './soap/soap.ts'
import { profileWithout } from './whole-profile.ts'

export class Authorisations {
  readonly #client: Client
  readonly #offered: Offered
  readonly #settings: Settings

  constructor(client: Client, offered: Offered, settings: Settings) {
    this.#client = client
    this.#offered = offered
    this.#settings = settings
  }

  /** Adds without overwriting anything; valid from `dateFrom` on, by the server's clock. */
  async add(carrierId: string, levels: readonly string[], dateFrom: string, signal: AbortSignal): Promise<void> {
    const parsed = levels.map((level) => parseLevel(level) ?? unknownLevel())
    const ids = (of: Entry['of']) => parsed.flatMap((each) => (each.of === of ? [each.id] : []))
    const scheduled = () => ({
      Enabled: 'true',
      DateTimeScheduleId: this.#settings.entrance_schedule ?? unknownLevel(),
      DateFrom: dateFrom,
    })
    const online = {
      TemplateAuthorisation: ids('template').map((id) => ({ Enabled: 'true', TemplateId: id, DateFrom: dateFrom })),
      EntranceGroupAuthorisation: ids('group').map((id) => ({ EntranceGroupId: id, ...scheduled() })),
      EntranceAuthorisation: ids('entrance').map((id) => ({ EntranceId: id, ...scheduled() })),
    }
    await this.#client.addAuthorisations(carrierId, online, signal)
  }

  /**
   * Takes every entry of these levels that a person gave. Reads first: an entry is named by its dates as well as by what it opens. Where
   * that names none, or several, the profile is written back without it.
   */
  async remove(carrierId: string, levels: readonly string[], signal: AbortSignal): Promise<'applied' | 'unchanged'> {
    if (levels.some(isOtherLock)) throw otherLock()
    const { whole, entries, gone } = await this.#held(carrierId, levels, signal)
    if (gone.length === 0) return 'unchanged'
    // Named alike, the entry of a rule might go in place of ours.
    const byRule = new Set(entries.filter(({ entry }) => isByRule(entry)).map(nameOf))
    const isClear = gone.every((each) => !byRule.has(nameOf(each)))
    if (!isClear || !(await this.#offered.has('removeCarrierAuthorizations', signal))) {
      await this.#client.changeProfile(profileWithout(whole, gone), signal)
      return 'applied'
    }
    try {
      await this.#client.removeAuthorisations(carrierId, named(gone), signal)
    } catch (error) {
      if (vendorCodeOf(error) !== '117') throw error
      const now = await this.#held(carrierId, levels, signal)
      if (now.gone.length > 0) await this.#client.changeProfile(profileWithout(now.whole, now.gone), signal)
    }
    return 'applied'
  }

  async #held(carrierId: string, levels: readonly string[], signal: AbortSignal) {
    const { whole, read } = await this.#client.profile(carrierId, signal)
    const entries = entriesOf(read, this.#settings).filter(({ level }) => levels.includes(level))
    return { whole, entries, gone: entries.filter(({ entry }) => !isByRule(entry)) }
  }
}

function unknownLevel(): never {
  const hint = 'There is no such level any more: it was removed at AEOS, or entrance_schedule from the settings.'
  throw ownFailure('rejected', 'aeos.level-unknown', hint)
}

function otherLock(): ConnectorError {
  const hint =
    'Gatehouse takes no rights to locks of another kind, such as off-line locks and lockers: take them at AEOS.'
  return ownFailure('rejected', 'aeos.other-lock', hint)
}

function named(entries: readonly Entry[]): Value {
  const dates = ({ entry: { DateFrom, DateUntil } }: Entry) => ({ DateFrom, DateUntil })
  return {
    TemplateAuthorisation: entries.flatMap((each) =>
      each.of === 'template' ? [{ TemplateId: each.entry.TemplateId, ...dates(each) }] : [],
    ),
    EntranceGroupAuthorisation: entries.flatMap((each) =>
      each.of === 'group'
        ? [
            {
              EntranceGroupId: each.entry.EntranceGroupId,
              DateTimeScheduleId: each.entry.DateTimeScheduleId,
              ...dates(each),
            },
          ]
        : [],
    ),
    EntranceAuthorisation: entries.flatMap((each) =>
      each.of === 'entrance'
        ? [{ EntranceId: each.entry.EntranceId, DateTimeScheduleId: each.entry.DateTimeScheduleId, ...dates(each) }]
        : [],
    ),
  }
}

function nameOf(each: Entry): string {
  return JSON.stringify(named([each]))
}
