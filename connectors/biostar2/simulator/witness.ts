/** What is true inside the simulator, told plainly for tests: nothing here passes through the API. */
import type { AuditEntry } from './audit-trail.ts'
import type { StandingOfUser } from './chronicle.ts'
import type { DeviceCondition } from './device.ts'
import { eventKey, type LoggedEvent } from './event-log.ts'
import type { SeenSocket } from './live-feed.ts'
import type { User } from './model.ts'
import { effectiveGroups } from './rights.ts'
import type { Simulation } from './simulation.ts'

export interface SeenUser {
  id: string
  name: string
  email: string
  department: string
  title: string
  phone: string
  userGroup: string
  /** Names of own access groups. */
  groups: string[]
  /** Names of access groups that come with the user group only. */
  inheritedGroups: string[]
  cards: { id: number; number: string; blocked: boolean }[]
  disabled: boolean
  start: string
  expiry: string
  pinExists: boolean
  /** Base64; empty where there is none. */
  photo: string
  fingerprints: number
  faces: number
  /** How often fingerprints, and faces, were written: a swap shows here and not in the counts. */
  fingerprintVersion: number
  faceVersion: number
  operatorLevel: number | null
  updatedCount: number
  /** What each reader knows about this person. */
  devices: { id: number; known: boolean; disabled: boolean; cards: string[]; groups: string[] }[]
}

export interface SeenDevice {
  id: number
  name: string
  condition: DeviceCondition
  users: number
  pending: number
  backlog: number
  syncErrors: number
  /** How far its clock is ahead of the server's. */
  aheadMs: number
}

/** Read access to the inner state. */
export class Witness {
  readonly #simulation: Simulation

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  get userCount(): number {
    return this.#simulation.world.users.size
  }

  /** Everybody in the order of their ids, or one page of them. */
  users(offset = 0, limit = 0): SeenUser[] {
    const { world } = this.#simulation
    return world.roster.page(offset, limit, false).map((id) => this.#seen(world.user(id)))
  }

  user(id: string): SeenUser | null {
    const user = this.#simulation.world.users.get(id)
    return user ? this.#seen(user) : null
  }

  /** Whether somebody could get in at a moment, on the simulator's clock. */
  standingAt(id: string, at: Date): StandingOfUser {
    return this.#simulation.chronicle.at(id, at.getTime())
  }

  /** The owner (user id), block state and row of a card number; null when there is no such card. */
  card(number: string): { id: number; number: string; owner: string | null; blocked: boolean } | null {
    const card = this.#simulation.world.cardByNumber(number)
    return card ? { id: card.row, number: card.number, owner: card.owner, blocked: card.blocked } : null
  }

  /** Numbers of cards nobody has. */
  orphanCards(): string[] {
    return [...this.#simulation.world.cards.values()].filter((card) => card.owner === null).map(({ number }) => number)
  }

  groups(): { id: number; name: string; users: number }[] {
    return [...this.#simulation.world.accessGroups.values()].map(({ id, name, members }) => ({
      id,
      name,
      users: members.size,
    }))
  }

  doors(): { id: number; name: string; device: number }[] {
    return [...this.#simulation.world.doors.values()].map(({ id, name, entryDeviceId }) => ({
      id,
      name,
      device: entryDeviceId,
    }))
  }

  devices(): SeenDevice[] {
    return [...this.#simulation.sync.devices.values()].map((device) => ({
      id: device.id,
      name: device.name,
      condition: device.condition,
      users: device.users.size,
      pending: device.pending.size,
      backlog: device.backlog.length,
      syncErrors: device.syncErrors,
      aheadMs: device.aheadMs,
    }))
  }

  events(): readonly LoggedEvent[] {
    return this.#simulation.events.events
  }

  /** The 30 digits by which a search and the live socket know an event. */
  keyOf(event: LoggedEvent): string {
    return eventKey(event)
  }

  /** The keys of the whole log, in the order of its ids; twice where a reader uploaded twice. */
  eventKeys(): string[] {
    return this.events().map(eventKey)
  }

  sockets(): SeenSocket[] {
    return this.#simulation.feed.list(this.#simulation)
  }

  /** The operators' log. */
  audit(): readonly AuditEntry[] {
    return this.#simulation.audit.entries
  }

  get sessions(): number {
    return this.#simulation.sessions.size
  }

  #seen(user: User): SeenUser {
    const { world, sync } = this.#simulation
    const names = (ids: readonly number[]) => ids.map((id) => world.accessGroups.get(id)?.name ?? `gone ${id}`)
    const all = effectiveGroups(sync.rightsNow(), user.accessGroups, user.groupId)
    return {
      id: user.id,
      name: user.name,
      email: user.email,
      department: user.department,
      title: user.title,
      phone: user.phone,
      userGroup: world.userGroups.get(user.groupId)?.name ?? '',
      groups: names(user.accessGroups),
      inheritedGroups: names(all.filter((id) => !user.accessGroups.includes(id))),
      cards: user.cards.map((row) => {
        const { number, blocked } = world.card(row)
        return { id: row, number, blocked }
      }),
      disabled: user.disabled,
      start: new Date(user.startMs).toISOString(),
      expiry: new Date(user.expiryMs).toISOString(),
      photo: user.photo,
      pinExists: user.pinExists,
      fingerprints: user.fingerprints,
      faces: user.faces + user.visualFaces,
      fingerprintVersion: user.fingerprintVersion,
      faceVersion: user.faceVersion,
      operatorLevel: user.permission,
      updatedCount: user.updatedCount,
      devices: [...sync.devices.values()].map((device) => {
        const known = device.users.get(user.id)
        return {
          id: device.id,
          known: known !== undefined,
          disabled: known?.disabled ?? false,
          cards: [...(known?.cards ?? [])],
          groups: names(known?.accessGroups ?? []),
        }
      }),
    }
  }
}
