/** HTTP Basic: who calls, by the user name and password that come with every request. */
import { timingSafeEqual } from 'node:crypto'
import type { SystemUser } from './model.ts'

interface Login {
  username: string
  password: string
}

/** What an Authorization header says; null when it is no Basic login. */
export function readLogin(header: string | undefined): Login | null {
  const [scheme = '', encoded = ''] = (header ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** null when there is no such user or the password is another. */
export function userOf(users: ReadonlyMap<string, SystemUser>, login: Login | null): SystemUser | null {
  const user = login === null ? undefined : users.get(login.username)
  if (user === undefined || login === null) return null
  const [sent, right] = [Buffer.from(login.password), Buffer.from(user.password)]
  return sent.length === right.length && timingSafeEqual(sent, right) ? user : null
}
