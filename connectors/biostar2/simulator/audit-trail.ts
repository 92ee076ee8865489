/** The operators' log: every change of a person or a card, with who made it, through the API, by hand in the console, or at a reader. */
import type { SimulatorClock } from '../../simulator-parts/clock.ts'
import type { Card, User } from './model.ts'
import type { WorldJournal } from './world.ts'

/** Who is acting: an operator at this address, or a reader that hands over what was edited at its menu. */
export type Actor = { operator: string; ip: string } | { reader: number }

export type AuditAction = 'Create' | 'Update' | 'Delete' | 'Block' | 'Unblock'

export interface AuditEntry {
  id: number
  atMs: number
  operator: string | null
  ip: string
  reader: number | null
  category: 'User' | 'Card'
  action: AuditAction
  /** User id, or the number of a card. */
  target: string
  targetName: string
  /** Names of the fields that were written, without what was in them. */
  fields: readonly string[]
}

// As the API calls what is stored; where two are one field of the API, such as a count and its templates, the field.
const fieldNames: Partial<Record<keyof User, string>> = {
  title: 'user_title',
  groupId: 'user_group_id',
  startMs: 'start_datetime',
  expiryMs: 'expiry_datetime',
  accessGroups: 'access_groups',
  pinExists: 'pin',
  fingerprints: 'fingerprint_templates',
  fingerprintVersion: 'fingerprint_templates',
  faces: 'credentials',
  visualFaces: 'credentials',
  faceVersion: 'credentials',
  loginId: 'login_id',
  ip: 'user_ip',
  customFields: 'user_custom_fields',
}

export class AuditTrail implements WorldJournal {
  readonly entries: AuditEntry[] = []
  readonly #clock: SimulatorClock
  /** Nobody is an operator at the machine itself. */
  #actor: Actor = { operator: '', ip: '' }

  constructor(clock: SimulatorClock) {
    this.#clock = clock
  }

  /** Whatever `act` changes was changed by this actor. */
  as<Result>(actor: Actor, act: () => Result): Result {
    const before = this.#actor
    this.#actor = actor
    try {
      return act()
    } finally {
      this.#actor = before
    }
  }

  user(action: AuditAction, user: User, fields: readonly (keyof User)[]): void {
    const names = [...new Set(fields.map((field) => fieldNames[field] ?? field))]
    this.#note('User', action, user.id, user.name, names)
  }

  card(action: AuditAction, card: Card): void {
    this.#note('Card', action, card.number, '', [])
  }

  #note(
    category: AuditEntry['category'],
    action: AuditAction,
    target: string,
    targetName: string,
    fields: readonly string[],
  ): void {
    const actor = this.#actor
    const who =
      'reader' in actor
        ? { operator: null, ip: '', reader: actor.reader }
        : { operator: actor.operator, ip: actor.ip, reader: null }
    const id = this.entries.length + 1
    // In whole seconds, as events are.
    const atMs = Math.floor(this.#clock.now() / 1000) * 1000
    this.entries.push({ id, atMs, ...who, category, action, target, targetName, fields })
  }
}
