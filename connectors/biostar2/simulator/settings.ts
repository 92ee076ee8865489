/** The server settings that change its behaviour, and the two calls that read and write them. */
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { flag, record, text, whole } from './input.ts'
import type { Answer, Call } from './route.ts'

// Names as in the PUT sample of the API collection (bs2api.biostar2.com).
export interface Settings {
  /** Idle seconds after which a session dies; 60 minutes at install. */
  session_timeout: number
  /** With `user_by_device_sync_method`: 0/0 never, 1/0 all readers, 1/1 all and back, 3/0 readers of the person's groups. */
  user_sync_method: number
  user_by_device_sync_method: number
  use_alphanumeric: boolean
  web_request_timeout: number
  websocket_cors: string
  enable_websocket_connection_bsSessionId: boolean
  device_event_log_skip_enroll_success_user: boolean
  system_security: { use_allow_simultaneous_connection: boolean }
}

export function defaultSettings(): Settings {
  return {
    session_timeout: 3600,
    user_sync_method: 1,
    user_by_device_sync_method: 0,
    use_alphanumeric: false,
    web_request_timeout: 60,
    websocket_cors: '*',
    enable_websocket_connection_bsSessionId: false,
    device_event_log_skip_enroll_success_user: false,
    system_security: { use_allow_simultaneous_connection: true },
  }
}

const syncMethods = new Set(['0/0', '1/0', '1/1', '3/0'])

/** `GET /api/setting/biostar` */
export function readSettings({ simulation }: Call): Answer {
  return { body: { [simulation.quirks.settingKey]: { ...simulation.settings } satisfies Fields } }
}

/** `PUT /api/setting/biostar`: known settings sent are taken over, others stay as they are. */
export function writeSettings({ simulation, body }: Call): Answer {
  const sent = record(body)
  changeSettings(simulation.settings, record(sent[simulation.quirks.settingKey] ?? sent))
  return {}
}

/** Takes over what is named in `changes`, all of it or nothing. Also used by hand, from the side door. */
export function changeSettings(settings: Settings, changes: Record<string, unknown>): void {
  const next: Settings = { ...settings, system_security: { ...settings.system_security } }
  const numbers = ['session_timeout', 'user_sync_method', 'user_by_device_sync_method', 'web_request_timeout'] as const
  for (const name of numbers) if (changes[name] !== undefined) next[name] = whole(changes[name])
  const flags = [
    'use_alphanumeric',
    'enable_websocket_connection_bsSessionId',
    'device_event_log_skip_enroll_success_user',
  ] as const
  for (const name of flags) if (changes[name] !== undefined) next[name] = flag(changes[name])
  if (changes.websocket_cors !== undefined) next.websocket_cors = text(changes.websocket_cors)
  const security = changes.system_security
  const simultaneous = security === undefined ? undefined : record(security).use_allow_simultaneous_connection
  if (simultaneous !== undefined) next.system_security.use_allow_simultaneous_connection = flag(simultaneous)
  if (!syncMethods.has(`${next.user_sync_method}/${next.user_by_device_sync_method}`)) throw new Refusal('30')
  if (next.session_timeout < 1) throw new Refusal('30')
  Object.assign(settings, next)
}
