/** Alarms of doors and readers as alarms of Gatehouse: one for each door, or reader, and kind, by a keyed name, begun and ended as the system says. */
import type pg from 'pg'
import type { AlarmCode } from '../../model/alarm.ts'
import type { AccessEvent } from '../../model/events/event.ts'
import type { EventType } from '../../model/events/types.ts'
import { clearAlarm } from '../../store/alarms.ts'
import type { Vault } from '../../vault/vault.ts'
import type { SyncContext } from '../context.ts'
import { raiseCapped } from './capped-alarm.ts'
import type { GuardedEvent } from './feed.ts'

interface DoorAlarm {
  readonly code: AlarmCode
  readonly isOn: boolean
  /** The system's own id of the door or the reader. */
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

/** A door may have several of these, and one that is back says nothing of the others. */
const ofReaders: ReadonlySet<AlarmCode> = new Set(['door.tamper', 'door.unheard'] as const)

/** In their order; of what is told again and again only what changes. That events were lost is told by whoever keeps them. */
export function alarmsOf(events: readonly GuardedEvent[]): readonly DoorAlarm[] {
  const last = new Map<string, boolean>()
  return events.flatMap(({ event }): DoorAlarm[] => {
    const known = codes[event.type]
    if (known === undefined) return []
    const [code, on] = known
    const isOn = on === 'as-told' ? event.active !== false : on
    const place = placeOf(event, ofReaders.has(code))
    const name = `${code} ${place}`
    if (last.get(name) === isOn) return []
    last.set(name, isOn)
    return [{ code, isOn, place }]
  })
}

/** Of what names neither door nor reader nor, as AEOS does, a host, whatever begins is ended by what the system calls its opposite. */
function placeOf({ door, reader, vendor }: AccessEvent, ofReader: boolean): string {
  const [first, second] = ofReader ? [reader, door] : [door, reader]
  const named = first?.id ?? second?.id ?? vendor.detail.HostName
  return named ?? (vendor.name ?? vendor.code).replace(/DIS(?=CONNECT)|UN(?=LOCK)/, '')
}

/** Part of the caller's transaction: raises and clears them in this order. */
export async function tellDoors(
  client: pg.ClientBase,
  context: SyncContext,
  target: string,
  alarms: readonly DoorAlarm[],
): Promise<void> {
  const { vault } = context
  const cap = { many: 'door.many', target, among: `${target}:` } as const
  for (const { code, isOn, place } of alarms) {
    const scope = doorScope(vault, target, place)
    if (isOn) await raiseCapped(client, context, { code, scope }, code === 'door.duress' ? null : cap)
    else await clearAlarm(client, vault, code, scope)
  }
}

/** The same for the same door, and says nothing of it without the keyring. */
export function doorScope(vault: Vault, target: string, place: string): string {
  return `${target}:${vault.digest('guard-door', [target, place]).toString('hex').slice(0, 16)}`
}
