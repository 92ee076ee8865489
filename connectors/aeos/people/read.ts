/** Reads carriers with their badges, blocks and rights: all of them, or some by id. */
import { ConnectorError } from '../../../src/connector/errors.ts'
import { allDone } from '../../../src/connector/outcomes.ts'
import { photoText, unreadPhoto } from '../../../src/model/photo.ts'
import { hasLeft, typeOf } from '../mapping.ts'
import { PersonDates } from '../person-dates.ts'
import { photoShown } from '../photos.ts'
import type { Settings } from '../settings.ts'
import type { Client } from '../soap/client.ts'
import { isNotFound } from '../soap/errors.ts'
import { walk } from '../soap/pages.ts'
import type { PersonRecord, Token } from '../soap/records.ts'
import { type Names, readNames } from './names.ts'
import { type Row, rowOf, type Seen } from './rows.ts'

/** So many carriers at once: their requests wait for the slots of the server. */
const batch = 50

/** `hidden`: it is there, but our user is not shown it; that says nothing about whoever it is. */
export type Found = Row | 'gone' | 'hidden'

export class Reader {
  readonly #client: Client
  readonly #settings: Settings
  readonly #now: () => Date
  readonly #dates: PersonDates
  #names: Names | null = null

  constructor(client: Client, settings: Settings, now: () => Date) {
    this.#client = client
    this.#settings = settings
    this.#now = now
    this.#dates = new PersonDates(client)
  }

  async names(signal: AbortSignal): Promise<Names> {
    this.#names = await readNames(this.#client, this.#settings, signal)
    return this.#names
  }

  /**
   * Everybody, as each page is known: two requests for each carrier, besides photos and dates that may be cut, since AEOS lists neither blocks nor rights; badges come in pages by
   * their types. Whoever changes meanwhile is told by the log.
   */
  async *all(names: Names, signal: AbortSignal): AsyncGenerator<ReadonlyMap<string, Row>> {
    const tokens = await this.#tokensByCarrier(signal)
    const load = (start: number) => this.#client.findPeople({}, start, signal)
    for await (const people of walk(load, ({ Id }) => Id)) {
      for (const person of people) this.#dates.note(person)
      const ours = people.filter((person) => this.#isOurs(person))
      for (let start = 0; start < ours.length; start += batch) {
        const read = ours.slice(start, start + batch).map(async (person) => {
          const seen = await this.#details(person, tokens.get(person.Id) ?? [], signal)
          return [person.Id, seen] as const
        })
        const rows = (await allDone(read)).flatMap(([id, seen]) =>
          seen === null ? [] : [[id, rowOf(seen, names, this.#now(), this.#settings)] as const],
        )
        yield new Map(rows)
      }
    }
  }

  /** Four requests for each, besides these; two that do not fit together are not taken for an absence. */
  async some(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Found>> {
    const found = new Map<string, Seen | 'gone' | 'hidden'>()
    for (let start = 0; start < ids.length; start += batch) {
      const read = ids.slice(start, start + batch).map(async (id) => found.set(id, await this.#one(id, signal)))
      await allDone(read)
    }
    const rows = [...found.values()].filter((each) => typeof each === 'object')
    const names = await this.#namesFor(rows, signal)
    return new Map(
      [...found].map(([id, each]) => [
        id,
        typeof each === 'object' ? rowOf(each, names, this.#now(), this.#settings) : each,
      ]),
    )
  }

  /** What is known, unless a carrier has something that was made since. */
  async #namesFor(seen: readonly Seen[], signal: AbortSignal): Promise<Names> {
    const names = this.#names ?? (await this.names(signal))
    const isKnown = ({ person, profile }: Seen) =>
      (person.DepartmentId === undefined || names.departments.has(person.DepartmentId)) &&
      profile.AuthorisationOnline.TemplateAuthorisation.every(({ TemplateId }) => names.levels.has(TemplateId))
    return seen.every(isKnown) ? names : this.names(signal)
  }

  async #one(id: string, signal: AbortSignal): Promise<Seen | 'gone' | 'hidden'> {
    const [{ rows }, rest] = await allDone([
      this.#client.findPeople({ Id: id }, 0, signal),
      this.#rest(id, this.#client.tokensOf(id, signal), signal),
    ])
    const person = rows.find(({ Id }) => Id === id)
    if (rest === null) return person === undefined ? 'gone' : 'hidden'
    if (person === undefined || !this.#isOurs(person)) return 'hidden'
    const seen = { person: { ...person, ...(await this.#dates.of(person, signal)) }, ...rest }
    return this.#withPhoto(seen, signal)
  }

  async #details(person: PersonRecord, tokens: readonly Token[], signal: AbortSignal): Promise<Seen | null> {
    const [rest, dates] = await allDone([
      this.#rest(person.Id, Promise.resolve(tokens), signal),
      this.#dates.of(person, signal),
    ])
    return rest === null ? null : this.#withPhoto({ person: { ...person, ...dates }, ...rest }, signal)
  }

  /** Null when AEOS says that there is no such carrier. */
  async #rest(id: string, asked: Promise<readonly Token[]>, signal: AbortSignal): Promise<Omit<Seen, 'person'> | null> {
    try {
      const [{ Blocked: blocked }, tokens, { read: profile }] = await allDone([
        this.#client.states(id, signal),
        asked,
        this.#client.profile(id, signal),
      ])
      return { blocked, tokens, profile }
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  /**
   * Asked last, and only of who may come in: who is locked out has none asked for. One that can't be had now says nothing: the next full read
   * asks again.
   */
  async #withPhoto(seen: Seen, signal: AbortSignal): Promise<Seen> {
    if (!this.#settings.people.photos) return seen
    const isOut = seen.blocked || hasLeft(seen.person, this.#now(), this.#settings)
    return { ...seen, photo: isOut ? unreadPhoto : await this.#photoCell(seen.person.Id, signal) }
  }

  async #photoCell(id: string, signal: AbortSignal): Promise<string | null> {
    try {
      const sha256 = await photoShown(this.#client, id, signal)
      if (sha256 === undefined) return unreadPhoto
      return sha256 === null ? null : photoText({ sha256, reference: id })
    } catch (error) {
      if (!(error instanceof ConnectorError) || signal.aborted) throw error
      return unreadPhoto
    }
  }

  #isOurs(person: PersonRecord): boolean {
    const type = typeOf(person)
    return type !== null && this.#settings.people.carrier_types.includes(type)
  }

  async #tokensByCarrier(signal: AbortSignal): Promise<ReadonlyMap<string, readonly Token[]>> {
    const byCarrier = new Map<string, Token[]>()
    for (const { id } of this.#settings.identifier_types) {
      const load = (start: number) => this.#client.findTokens({ IdentifierType: id }, start, signal)
      for await (const page of walk(load, ({ Identifier }) => Identifier.BadgeNumber))
        for (const { Identifier, CarrierId } of page) {
          if (CarrierId === undefined) continue
          byCarrier.set(CarrierId, [...(byCarrier.get(CarrierId) ?? []), Identifier])
        }
    }
    return byCarrier
  }
}
