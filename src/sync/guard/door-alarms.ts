/** Alarms of doors and readers as alarms of Gatehouse: one for each door and kind, by a keyed name, begun and ended as the system says. */
import type pg from 'pg'
import type { AlarmCode } from '../../model/alarm.ts'
import type { EventType } from '../../model/events/types.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import type { Vault } from '../../vault/vault.ts'
import type { SyncContext } from '../context.ts'
import type { GuardedEvent } from './feed.ts'

interface DoorAlarm {
  readonly code: AlarmCode
  readonly isOn: boolean
  /** The system's own id of the door, else of the reader; '' for the system itself. */
  readonly place: string
}

const codes: Readonly<Partial<Record<EventType, readonly [AlarmCode, isOn: boolean | 'as-told']>>> = {
  'alarm.duress': ['door.duress', true],
  'alarm.door_forced': ['door.forced', 'as-told'],
  'alarm.door_held': ['door.held', 'as-told'],
  'alarm.tamper': ['door.tamper', 'as-told'],
  'system.communication_lost': ['door.unheard', true],
  'system.communication_restored': ['door.unheard', false],
}

/** In their order; of what is told again and again only what changes. That events were lost is told by whoever keeps them. */
export function alarmsOf(events: readonly GuardedEvent[]): readonly DoorAlarm[] {
  const last = new Map<string, boolean>()
  return events.flatMap(({ event }): DoorAlarm[] => {
    const known = codes[event.type]
    if (known === undefined) return []
    const [code, on] = known
    const isOn = on === 'as-told' ? event.active !== false : on
    // Of a controller that is at no door, AEOS says its host name.
    const place = event.door?.id ?? event.reader?.id ?? event.vendor.detail.HostName ?? ''
    const name = `${code} ${place}`
    if (last.get(name) === isOn) return []
    last.set(name, isOn)
    return [{ code, isOn, place }]
  })
}

export async function tellDoors(
  client: pg.ClientBase,
  { vault, log }: SyncContext,
  target: string,
  alarms: readonly DoorAlarm[],
): Promise<void> {
  for (const { code, isOn, place } of alarms) {
    const scope = doorScope(vault, target, place)
    if (!isOn) await clearAlarm(client, vault, code, scope)
    else if (await raiseAlarm(client, vault, code, scope)) log('error', code, { scope })
  }
}

/** The same for the same door, and says nothing of it without the keyring. */
export function doorScope(vault: Vault, target: string, place: string): string {
  return `${target}:${vault.digest('guard-door', [target, place]).toString('hex').slice(0, 16)}`
}
