/** The calls of the server that are used, one function each; vendor words go in, and vendor records come out. */
import type { HttpRequest } from '../../src/connector/http.ts'
import { type Body, rowsOf, successOf, thing } from './envelope.ts'
import {
  type AccessGroup,
  accessGroup,
  type CardRecord,
  cardRecord,
  type Reader,
  reader,
  type UserDetail,
  type UserGroup,
  type UserRow,
  userDetail,
  userGroup,
  userRow,
} from './records.ts'
import type { Session } from './session.ts'

/** Fields of a user as they are sent. The server takes a PUT with only what changes; each list replaces the whole list. */
export type UserFields = Readonly<Record<string, unknown>>

/** Every call throws the ConnectorError that errors.ts derives from the answer, besides those of the HTTP client. */
export class Client {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /** @throws ConnectorError `conflict` (`biostar2.user-not-found`) when there is no such user. */
  async user(userId: string, signal: AbortSignal): Promise<UserDetail> {
    return thing(
      await this.#call('GET', '/api/users/:id', undefined, signal, `/api/users/${encodeURIComponent(userId)}`),
      'User',
      userDetail,
    )
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

  /** Cards whose number the server finds; it may find parts of numbers as well. */
  async findCards(number: string, signal: AbortSignal): Promise<CardRecord[]> {
    const body = await this.#call(
      'GET',
      '/api/cards',
      undefined,
      signal,
      `/api/cards?query=${encodeURIComponent(number)}`,
    )
    return rowsOf(body, 'CardCollection', cardRecord).rows
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

  async accessGroups(signal: AbortSignal): Promise<AccessGroup[]> {
    const body = await this.#call('POST', '/api/v2/access_groups/search', { limit: 0, order_by: 'id:false' }, signal)
    return rowsOf(body, 'AccessGroupCollection', accessGroup).rows
  }

  async userGroups(signal: AbortSignal): Promise<UserGroup[]> {
    // An empty body answers with the whole tree, flat.
    const body = await this.#call('POST', '/api/v2/user_groups/search', {}, signal)
    return rowsOf(body, 'UserGroupCollection', userGroup).rows
  }

  async readers(signal: AbortSignal): Promise<{ rows: Reader[]; total: number | null }> {
    const body = await this.#call('POST', '/api/v2/devices/search', { limit: 0 }, signal)
    return rowsOf(body, 'DeviceCollection', reader)
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
    const request = { method, path, route, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    return successOf(await this.#session.request(request, signal))
  }
}
