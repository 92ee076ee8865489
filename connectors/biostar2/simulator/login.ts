/** Login, logout and the version page. */
import { record, text } from './input.ts'
import { permissionOf } from './operator-level.ts'
import type { Answer, Call } from './route.ts'
import { userRow } from './user-rows.ts'

/** `POST /api/login`: the session id comes in the header `bs-session-id`. */
export function login({ simulation, body, remoteAddress }: Call): Answer {
  const sent = record(record(body).User)
  const id = text(sent.login_id ?? '')
  const { sessionId, user } = simulation.sessions.login(id, text(sent.password ?? ''), remoteAddress)
  const permission = permissionOf(simulation, user)
  return {
    headers: { 'bs-session-id': sessionId },
    body: { User: { ...userRow(simulation, user, 'v1'), permission, need_to_update_pw: false } },
  }
}

/** `POST /api/logout` */
export function logout({ simulation, sessionId }: Call): Answer {
  simulation.sessions.logout(sessionId)
  return {}
}

/** `GET /js/info.json`, the version probe. It is documented, its fields are not. */
export function versionInfo({ simulation }: Call): Answer {
  // 2.9.12 is the newest BioStar 2 with public release notes; BioStar X published its API on 2025-09-30.
  const version = simulation.options.product === 'biostar2' ? '2.9.12' : '1.0.0'
  return { plain: true, body: { product: simulation.options.product, version } }
}
