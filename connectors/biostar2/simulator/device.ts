/** One door reader: what it has been told, what it decides with that, and what it still has to hear or to report. */
import type { ReaderEdit } from './device-edits.ts'
import { eventCode, type NewEvent } from './event-log.ts'
import type { Quirks } from './quirks.ts'
import { effectiveGroups, noRights, opens, type Rights } from './rights.ts'
import { isInForce } from './validity.ts'

/** What a reader knows about a person. Shared between readers, never changed after it was made. */
export interface KnownUser {
  name: string
  disabled: boolean
  startMs: number
  expiryMs: number
  cards: readonly string[]
  accessGroups: readonly number[]
  userGroupId: number
  /** How many templates of each kind it holds of them. */
  fingerprints: number
  faces: number
  visualFaces: number
}

export interface DeviceClock {
  /** How far ahead of the server's, in milliseconds; negative is behind. */
  aheadMs?: number
  /** Moves it by so many milliseconds from where it stands. */
  jumpMs?: number
  /** Minutes ahead of UTC. */
  zoneMinutes?: number
  isDst?: boolean
}

export type DeviceCondition = 'online' | 'offline' | 'failing' | 'full'

export interface Decision {
  granted: boolean
  code: number
  userId: string | null
}

/** A change the reader has still to hear. */
export type Pending = { userId: string } | { card: string } | { rights: true }

export class Device {
  readonly id: number
  readonly name: string
  condition: DeviceCondition = 'online'
  syncErrors = 0
  /** How far its clock is ahead of the server's, in milliseconds. */
  aheadMs = 0
  /** Minutes its zone is ahead of UTC, which events tell; their `datetime` is UTC all the same. */
  zoneMinutes: number
  isDst = false
  rights: Rights = noRights
  readonly users = new Map<string, KnownUser>()
  readonly blocked = new Set<string>()
  /** Changes on their way, oldest first, with the moment (performance.now) from which they may be applied. */
  readonly pending = new Map<string, { dueMs: number; change: Pending }>()
  /** What was edited at its menu and is not yet handed to the server. */
  readonly edits = new Map<string, ReaderEdit>()
  /** Events made while offline, reported on return. */
  backlog: NewEvent[] = []
  readonly #owners = new Map<string, string>()
  #index = 0

  constructor(id: number, name: string, zoneMinutes: number) {
    this.id = id
    this.name = name
    this.zoneMinutes = zoneMinutes
  }

  /** Takes over or forgets a person and says what that was. */
  learn(userId: string, known: KnownUser | null): 'written' | 'updated' | 'deleted' | 'same' {
    const before = this.users.get(userId)
    if (before === known) return 'same'
    for (const card of before?.cards ?? []) if (this.#owners.get(card) === userId) this.#owners.delete(card)
    if (known === null) {
      if (!this.users.delete(userId)) return 'same'
      return 'deleted'
    }
    this.users.set(userId, known)
    for (const card of known.cards) this.#owners.set(card, userId)
    return before ? 'updated' : 'written'
  }

  /** What happens when this card is held to the reader of this door now; the reader asks nobody. */
  decideCard(card: string, doorId: number, nowMs: number, quirks: Quirks): Decision {
    const userId = this.#owners.get(card) ?? null
    const known = userId === null ? undefined : this.users.get(userId)
    if (this.blocked.has(card)) return { granted: false, code: eventCode.blacklisted, userId }
    if (userId === null || !known) return { granted: false, code: eventCode.unknownCard, userId }
    return this.decide(userId, known, doorId, nowMs, quirks)
  }

  /** What happens when the reader has recognised this person. */
  decide(userId: string, known: KnownUser, doorId: number, nowMs: number, quirks: Quirks): Decision {
    const refused = (code: number): Decision => ({ granted: false, code, userId })
    if (known.disabled) return refused(eventCode.disabled)
    if (!isInForce(quirks, known, nowMs)) return refused(eventCode.expired)
    const groups = effectiveGroups(this.rights, known.accessGroups, known.userGroupId)
    if (!opens(this.rights, groups, doorId, nowMs)) return refused(eventCode.noRight)
    return { granted: true, code: eventCode.grantedCard, userId }
  }

  /** What its clock shows when that of the server shows `nowMs`. */
  timeAt(nowMs: number): number {
    return nowMs + this.aheadMs
  }

  /** Forgets its log: what was not reported yet is lost, and the index starts again. */
  wipeLog(): void {
    this.backlog = []
    this.#index = 0
  }

  nextIndex(): number {
    return ++this.#index
  }
}

/** Sets the clock of a reader. Nothing is logged of it, as of a clock that drifts; 12800 can be had by `emit`. */
export function setClock(device: Device, { aheadMs, jumpMs = 0, zoneMinutes, isDst }: DeviceClock): void {
  device.aheadMs = (aheadMs ?? device.aheadMs) + jumpMs
  device.zoneMinutes = zoneMinutes ?? device.zoneMinutes
  device.isDst = isDst ?? device.isDst
}
