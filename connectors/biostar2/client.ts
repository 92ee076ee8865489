/** The calls of the server that are used, one function each; vendor words go in, and vendor records come out. */
import { z } from 'zod'
import type { TemplateDigests } from '../../src/connector/contract.ts'
import type { HttpRequest } from '../../src/connector/http.ts'
import { type Body, parseAnswer, rowsOf, successOf, thing } from './envelope.ts'
import { isRefusedByReader } from './reader-refusals.ts'
import {
  type AccessGroup,
  accessGroup,
  type CardRecord,
  cardRecord,
  type Door,
  door,
  type Member,
  member,
  type Reader,
  reader,
  type UserDetail,
  type UserRow,
  userDetail,
  userRow,
} from './records.ts'
import type { Session } from './session.ts'
import { takeTemplates } from './templates.ts'

const cardPage = 500

/** What an answer lists; `whole` is false when the server counts more, or does not list anything at all. */
export interface Listed<T> {
  readonly rows: readonly T[]
  readonly whole: boolean
}

/** Fields of a user as they are sent. The server takes a PUT with only what changes; each list replaces the whole list. */
export type UserFields = Readonly<Record<string, unknown>>

/** 5: greater than the value; 6: less than it (BioStar 2 API, event search). */
export interface EventCondition {
  readonly column: 'id' | 'server_datetime'
  readonly operator: 5 | 6
  readonly values: readonly [string]
}

/** What is done with the templates of a user, where anything is. */
interface Templates {
  readonly digests: TemplateDigests
  /** Called when the server counts some, and shows none. */
  hidden(): void
}

/** Every call throws the ConnectorError that errors.ts derives from the answer, besides those of the HTTP client. */
export class Client {
  readonly #session: Session
  readonly #onReaderRefusal: () => void
  readonly #templates: Templates | undefined

  /** `onReaderRefusal` is called for every answer that tells of a reader which did not take what was sent. */
  constructor(session: Session, onReaderRefusal: () => void, templates?: Templates) {
    this.#session = session
    this.#onReaderRefusal = onReaderRefusal
    this.#templates = templates
  }

  /**
   * The server sends all templates along, unasked. They are overwritten before the answer is read, and digested before that where this is asked for.
   * @throws ConnectorError `conflict` (`biostar2.user-not-found`) when there is no such user.
   */
  async user(userId: string, signal: AbortSignal): Promise<UserDetail> {
    let templates: readonly string[] | undefined
    let isAny = false
    const route = '/api/users/:id'
    const body = await this.#send(
      {
        ...{ method: 'GET', route, path: `/api/users/${encodeURIComponent(userId)}` },
        beforeText: (answer) =>
          takeTemplates(answer, (found) => {
            isAny = found.length > 0
            templates = this.#templates?.digests(userId, found)
          }),
      },
      signal,
    )
    const user = thing(body, 'User', userDetail)
    if (templates === undefined) return user
    const { fingerprint_template_count: fingers, face_count: faces, visual_face_count: visual } = user
    if (!isAny && [fingers, faces, visual].some((count) => Number(count) > 0)) this.#templates?.hidden()
    return { ...user, templates }
  }

  async createUser(fields: UserFields, signal: AbortSignal): Promise<void> {
    await this.#call('POST', '/api/users', { User: fields }, signal)
  }

  async updateUser(userId: string, fields: UserFields, signal: AbortSignal): Promise<void> {
    await this.#call('PUT', '/api/users/:id', { User: fields }, signal, `/api/users/${encodeURIComponent(userId)}`)
  }

  async deleteUser(userId: string, signal: AbortSignal): Promise<void> {
    await this.#call('DELETE', '/api/users', undefined, signal, `/api/users?id=${encodeURIComponent(userId)}`)
  }

  /** One page in ascending order of user ids; `limit` 0 asks for all. Some builds ignore `offset`. */
  async searchUsers(
    page: { limit: number; offset: number },
    signal: AbortSignal,
  ): Promise<{ rows: UserRow[]; total: number | null }> {
    const body = await this.#call('POST', '/api/v2/users/search', { ...page, order_by: 'user_id:false' }, signal)
    return rowsOf(body, 'UserCollection', userRow)
  }

  /**
   * Cards whose number the server finds, page by page; it may find parts of numbers as well. Ends early where the server gives no more
   * than it gave before, whatever it counts.
   */
  async *findCards(number: string, signal: AbortSignal): AsyncGenerator<readonly CardRecord[]> {
    const found = `/api/cards?query=${encodeURIComponent(number)}`
    const seen = new Set<string>()
    for (let path = found; ; path = `${found}&limit=${cardPage}&offset=${seen.size}`) {
      const body = await this.#call('GET', '/api/cards', undefined, signal, path)
      const { rows, total } = rowsOf(body, 'CardCollection', cardRecord)
      const before = seen.size
      for (const { ref } of rows) seen.add(ref)
      yield rows
      if (seen.size === before || total === null || seen.size >= total) return
    }
  }

  /** One page of the cards that somebody has. */
  async assignedCards(offset: number, signal: AbortSignal): Promise<{ rows: CardRecord[]; total: number | null }> {
    const path = `/api/cards/assigned?limit=${cardPage}&offset=${offset}`
    const body = await this.#call('GET', '/api/cards/assigned', undefined, signal, path)
    return rowsOf(body, 'CardCollection', cardRecord)
  }

  async registerCard(card: UserFields, signal: AbortSignal): Promise<CardRecord | undefined> {
    const body = await this.#call('POST', '/api/cards', { CardCollection: { rows: [card] } }, signal)
    return rowsOf(body, 'CardCollection', cardRecord).rows[0]
  }

  async blockCard(ref: string, signal: AbortSignal): Promise<void> {
    await this.#call('POST', '/api/cards/blacklist', { Blacklist: { card_id: { id: ref } } }, signal)
  }

  async unblockCard(ref: string, signal: AbortSignal): Promise<void> {
    await this.#call(
      'DELETE',
      '/api/cards/blacklist',
      undefined,
      signal,
      `/api/cards/blacklist?id=${encodeURIComponent(ref)}`,
    )
  }

  async accessGroups(signal: AbortSignal): Promise<Listed<AccessGroup>> {
    const body = await this.#call('POST', '/api/v2/access_groups/search', { limit: 0, order_by: 'id:false' }, signal)
    return listed(body, 'AccessGroupCollection', accessGroup)
  }

  /** Who was given this access group, but not who has it through a user group; nobody where there is no such group. */
  async usersOfGroup(group: string, signal: AbortSignal): Promise<Listed<Member>> {
    const path = `/api/access_groups/${encodeURIComponent(group)}/users`
    const body = await this.#call('GET', '/api/access_groups/:id/users', undefined, signal, path)
    return listed(body, 'UserCollection', member)
  }

  async readers(signal: AbortSignal): Promise<Listed<Reader>> {
    const body = await this.#call('POST', '/api/v2/devices/search', { limit: 0 }, signal)
    return listed(body, 'DeviceCollection', reader)
  }

  /** Rows of the event log that meet all conditions, by ascending or descending row id, as the server wrote them. */
  async searchEvents(
    query: { readonly limit: number; readonly conditions: readonly EventCondition[]; readonly newestFirst?: boolean },
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const { limit, conditions, newestFirst = false } = query
    const orders = [{ column: 'id', descending: newestFirst }]
    const body = await this.#call('POST', '/api/events/search', { Query: { limit, conditions, orders } }, signal)
    return rowsOf(body, 'EventCollection', z.unknown()).rows
  }

  /** Lets events flow on the live socket of our session. */
  async startEvents(signal: AbortSignal): Promise<void> {
    await this.#call('POST', '/api/events/start', {}, signal)
  }

  /** Every door that we may see, with its readers. */
  async doors(signal: AbortSignal): Promise<readonly Door[]> {
    const body = await this.#call('POST', '/api/v2/doors/search', { limit: 0 }, signal)
    return rowsOf(body, 'DoorCollection', door).rows
  }

  /** Server settings; read them with `findScalar`, since the vendor does not publish the shape of this answer. */
  async serverSettings(signal: AbortSignal): Promise<Body> {
    return this.#call('GET', '/api/setting/biostar', undefined, signal)
  }

  /** `route` is what may be told of the path; where that is not all, `path` is sent. */
  async #call(
    method: HttpRequest['method'],
    route: string,
    body: UserFields | undefined,
    signal: AbortSignal,
    path = route,
  ): Promise<Body> {
    return this.#send({ method, path, route, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }, signal)
  }

  async #send(request: HttpRequest, signal: AbortSignal): Promise<Body> {
    const response = await this.#session.request(request, signal)
    const answer = parseAnswer(response)
    if (request.method !== 'GET' && isRefusedByReader(answer.body)) this.#onReaderRefusal()
    return successOf(response, answer)
  }
}

function listed<T extends z.ZodType>(body: Body, name: string, schema: T): Listed<z.output<T>> {
  const { rows, total } = rowsOf(body, name, schema)
  return { rows, whole: body[name] !== undefined && (total === null || rows.length >= total) }
}
