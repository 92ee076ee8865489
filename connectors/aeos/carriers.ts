/** Carriers as accounts: found by personnel number, read with all that hangs on them, and listed. */
import type { ActualAccount, ListedAccount } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import { cardShown } from './badges.ts'
import type { BadgesHeld } from './badges-held.ts'
import type { Departments } from './departments.ts'
import { findCarriers } from './find-carriers.ts'
import { levelsShown } from './levels.ts'
import { carrierRef, hasLeft, isNumber, profileShown, typeOf, validityOf } from './mapping.ts'
import { PersonDates } from './person-dates.ts'
import { photoShown } from './photos.ts'
import type { Settings } from './settings.ts'
import type { Client } from './soap/client.ts'
import { isNotFound, shownThough } from './soap/errors.ts'
import { toLocalDate } from './soap/local-time.ts'
import { walk } from './soap/pages.ts'
import type { PersonRecord } from './soap/records.ts'
import type { TemplatesHeld } from './templates-held.ts'

export class Carriers {
  readonly #client: Client
  readonly #departments: Departments
  readonly #settings: Settings
  readonly #now: () => Date
  readonly #dates: PersonDates

  constructor(client: Client, departments: Departments, settings: Settings, now: () => Date) {
    this.#client = client
    this.#departments = departments
    this.#settings = settings
    this.#now = now
    this.#dates = new PersonDates(client)
  }

  /** Every carrier that this account id means. */
  find(externalId: string, signal: AbortSignal): Promise<readonly PersonRecord[]> {
    return findCarriers(this.#client, externalId, signal)
  }

  /**
   * Whether the carrier that something was not found of is really gone: only that of a single operation is known to speak of the carrier.
   * @throws ConnectorError `transient` when it is still shown.
   */
  async mustBeGone(carrierId: string, notFound: ConnectorError, signal: AbortSignal): Promise<void> {
    if ((await this.find(carrierRef(carrierId), signal)).length > 0) throw shownThough(notFound)
  }

  /** One account of all that the id means: see `together`. */
  async read(externalId: string, signal: AbortSignal, withPhoto = false): Promise<ActualAccount | null> {
    const [records, departmentName] = await allDone([this.find(externalId, signal), this.#departments.names(signal)])
    const seen = await allDone(
      records.map((record) => this.#details(externalId, record, departmentName, withPhoto, signal)),
    )
    return together(seen.filter((each) => each !== null))
  }

  /** Null when it was removed since it was found. */
  async #details(
    externalId: string,
    record: PersonRecord,
    departmentName: (id: string) => string | undefined,
    withPhoto: boolean,
    signal: AbortSignal,
  ): Promise<ActualAccount | null> {
    const { Id } = record
    const now = this.#now()
    const today = toLocalDate(now.getTime(), this.#settings.server_zone)
    try {
      // Side by side: the proof of a lock-out waits for this.
      const [dates, states, tokens, { read: profile }, pin, photo] = await allDone([
        this.#dates.of(record, signal),
        this.#client.states(Id, signal),
        this.#client.tokensOf(Id, signal),
        this.#client.profile(Id, signal),
        this.#settings.pins ? this.#client.hasPin(Id, today, signal) : Promise.resolve(false),
        withPhoto ? photoShown(this.#client, Id, signal) : Promise.resolve(undefined),
      ])
      const plain = this.#plain(externalId, { ...record, ...dates }, departmentName)
      return {
        ...plain,
        lock: states.Blocked ? 'closed' : 'open',
        cards: tokens.map((token) => cardShown(token, token.Blocked ? 'blocked' : 'on', this.#settings)),
        ...levelsShown(profile, {
          from: plain.validity.from,
          now,
          isShut: states.Blocked || plain.lock === 'closed',
          settings: this.#settings,
        }),
        pin,
        ...(photo === undefined ? {} : { photo }),
      }
    } catch (error) {
      if (!(error instanceof ConnectorError) || !isNotFound(error)) throw error
      await this.mustBeGone(Id, error, signal)
      return null
    }
  }

  /**
   * Everybody, once, with what is known of their badges and templates. Blocks are not in the list: who has left counts as shut. Of several
   * with one personnel number, the first that has not left bears it, and the others the ids of their carriers; so does one whose number could
   * not be looked for.
   */
  async *list(
    badges: BadgesHeld | null,
    templates: TemplatesHeld,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ListedAccount[]> {
    const departmentName = await this.#departments.names(signal)
    const numbers = new Set<string>()
    const left: PersonRecord[] = []
    const shown = (record: PersonRecord): ListedAccount => {
      this.#dates.note(record)
      const number = record.PersonnelNo?.trimEnd() ?? ''
      const isFirst = isNumber(number) && !numbers.has(number)
      if (isFirst) numbers.add(number)
      const plain = this.#plain(isFirst ? number : carrierRef(record.Id), record, departmentName)
      return {
        ...plain,
        cards: badges?.of(record.Id) ?? [],
        levels: templates.of(record.Id),
        told: { lock: false, cards: badges !== null, levels: templates.told(typeOf(record)) },
      }
    }
    const isOver = (record: PersonRecord) => hasLeft(record, this.#now(), this.#settings)
    const load = (start: number) => this.#client.findPeople({}, start, signal)
    for await (const rows of walk(load, ({ Id }) => Id)) {
      left.push(...rows.filter(isOver))
      const here = rows.filter((record) => !isOver(record)).map(shown)
      if (here.length > 0) yield here
    }
    for (let start = 0; start < left.length; start += batch) yield left.slice(start, start + batch).map(shown)
  }

  #plain(externalId: string, record: PersonRecord, departmentName: (id: string) => string | undefined): ActualAccount {
    return {
      externalId,
      lock: hasLeft(record, this.#now(), this.#settings) ? 'closed' : 'open',
      validity: validityOf(record, this.#settings),
      profile: profileShown(record, departmentName, this.#settings),
      cards: [],
      levels: [],
      inheritedLevels: [],
      pin: false,
      untouchable: record.ReadOnly || typeOf(record) === null,
    }
  }
}

const batch = 500

/**
 * One account of several carriers with one personnel number. Those through which nobody gets in any more count only if all are such: then
 * the newest stands for all. Several that are open are told as one that is as open as all of them together, and whose carrier has no name
 * (`Id`): it can be shut, and never written.
 */
function together(accounts: readonly ActualAccount[]): ActualAccount | null {
  const open = accounts.filter((account) => !isShut(account))
  const [only, ...more] = open.length > 0 ? open : accounts.toSorted(byAge).slice(-1)
  if (only === undefined || more.length === 0) return only ?? null
  const { Id: _, ...profile } = only.profile
  const all = <T>(of: (account: ActualAccount) => readonly T[]): T[] => [...new Set(open.flatMap(of))]
  return {
    ...only,
    profile,
    lock: open.every(({ lock }) => lock === 'closed') ? 'closed' : 'open',
    cards: all(({ cards }) => cards),
    levels: all(({ levels }) => levels),
    inheritedLevels: all(({ inheritedLevels }) => inheritedLevels),
    pin: open.some(({ pin }) => pin),
    untouchable: open.some(({ untouchable }) => untouchable),
  }
}

function isShut({ lock, cards }: ActualAccount): boolean {
  return lock === 'closed' && cards.every(({ state }) => state === 'blocked')
}

function byAge({ profile: left }: ActualAccount, { profile: right }: ActualAccount): number {
  return Number(left.Id) - Number(right.Id)
}
