/** Who may do what, as the security of the two products decides. */
import { randomBytes } from 'node:crypto'
import type { Flavour } from './flavour.ts'
import { RestError } from './refusals.ts'

export interface Credentials {
  /** What follows `ApiKey ` in the header: base64 of `id:key`. */
  readonly apiKey: string
  readonly username: string
  readonly password: string
}

/**
 * `off` is the open door: everybody is served, whatever he shows. `anonymous` serves whoever shows nothing, and refuses what is wrong.
 */
export type Security = 'on' | 'off' | 'anonymous'

export const newCredentials = (): Credentials => ({
  apiKey: Buffer.from(`${randomBytes(10).toString('hex')}:${randomBytes(16).toString('hex')}`).toString('base64'),
  ...{ username: 'gatehouse', password: randomBytes(12).toString('base64url') },
})

const challenges = ['Basic realm="security", charset="UTF-8"', 'Bearer realm="security"', 'ApiKey']

/** OpenSearch answers in plain words. */
export class Unauthorized extends Error {}

/** @throws RestError or Unauthorized with status 401. */
export function checkLogin(
  header: string | undefined,
  path: string,
  own: Credentials,
  security: Security,
  { isElastic }: Flavour,
): void {
  if (security === 'off' || (security === 'anonymous' && header === undefined)) return
  const basic = `Basic ${Buffer.from(`${own.username}:${own.password}`).toString('base64')}`
  if (header === basic || (isElastic && header === `ApiKey ${own.apiKey}`)) return
  if (!isElastic) throw new Unauthorized('Unauthorized')
  const header401 = { header: { 'WWW-Authenticate': challenges } }
  throw new RestError(401, 'security_exception', wordsFor(header, path), header401)
}

export const challengesOf = ({ isElastic }: Flavour): string[] =>
  isElastic ? challenges : ['Basic realm="OpenSearch Security"']

function wordsFor(header: string | undefined, path: string): string {
  const [scheme, value = ''] = header?.split(' ') ?? []
  if (scheme === 'ApiKey')
    return 'unable to authenticate with provided credentials and anonymous access is not allowed for this request'
  if (scheme !== 'Basic') return `missing authentication credentials for REST request [${path}]`
  const [user] = Buffer.from(value, 'base64').toString().split(':')
  return `unable to authenticate user [${user}] for REST request [${path}]`
}

export function forbidden(action: string, own: Credentials, privileges: string): RestError {
  const reason = `action [${action}] is unauthorized for user [${own.username}] with effective roles [writer], this action is granted by the ${privileges}`
  return new RestError(403, 'security_exception', reason)
}
