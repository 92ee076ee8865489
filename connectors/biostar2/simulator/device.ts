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
}

export type DeviceCondition = 'online' | 'offline' | 'failing' | 'full'

interface Decision {
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

  constructor(id: number, name: string) {
    this.id = id
    this.name = name
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
  decide(card: string, doorId: number, nowMs: number, quirks: Quirks): Decision {
    const userId = this.#owners.get(card) ?? null
    const known = userId === null ? undefined : this.users.get(userId)
    const refused = (code: number): Decision => ({ granted: false, code, userId })
    if (this.blocked.has(card)) return refused(eventCode.blacklisted)
    if (!known) return refused(eventCode.unknownCard)
    if (known.disabled) return refused(eventCode.disabled)
    if (!isInForce(quirks, known, nowMs)) return refused(eventCode.expired)
    const groups = effectiveGroups(this.rights, known.accessGroups, known.userGroupId)
    if (!opens(this.rights, groups, doorId, nowMs)) return refused(eventCode.noRight)
    return { granted: true, code: eventCode.grantedCard, userId }
  }

  nextIndex(): number {
    return ++this.#index
  }
}
