/** Carries changes from the server to the readers, after a delay and by the rules of the two sync settings. */
import type { SimulatorClock } from '../../simulator-parts/clock.ts'
import type { AuditTrail } from './audit-trail.ts'
import { Device, type DeviceCondition, type KnownUser, type Pending } from './device.ts'
import { type ReaderEdit, takeOverEdits } from './device-edits.ts'
import { Refusal } from './envelope.ts'
import { type EventLog, eventCode, type LoggedEvent, type NewEvent } from './event-log.ts'
import type { User } from './model.ts'
import type { Quirks } from './quirks.ts'
import { compileRights, effectiveGroups, type Rights } from './rights.ts'
import type { Settings } from './settings.ts'
import type { World, WorldWatcher } from './world.ts'

interface DeviceSyncParts {
  world: World
  audit: AuditTrail
  clock: SimulatorClock
  events: EventLog
  settings: Settings
  quirks: Quirks
  delayMs: number
  /** Zone of a new reader, minutes ahead of UTC. */
  zoneMinutes: number
}

export class DeviceSync implements WorldWatcher {
  readonly devices = new Map<number, Device>()
  readonly #parts: DeviceSyncParts
  readonly #known = new WeakMap<User, { version: number; known: KnownUser }>()
  #rights: Rights | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false
  /** Delay until a change reaches a reader, in real milliseconds. */
  delayMs: number

  constructor(parts: DeviceSyncParts) {
    this.#parts = parts
    this.delayMs = parts.delayMs
    parts.world.watcher = this
  }

  addDevice(name: string): Device {
    // 9 to 10 digits, like the serial numbers of real readers.
    const device = new Device(543_000_001 + this.devices.size, name, this.#parts.zoneMinutes)
    this.devices.set(device.id, device)
    device.rights = this.rightsNow()
    return device
  }

  device(id: number): Device {
    const device = this.devices.get(id)
    if (!device) throw new Refusal('301')
    return device
  }

  /** The rights as the server has them. */
  rightsNow(): Rights {
    this.#rights ??= compileRights(this.#parts.world, this.#parts.quirks.userGroupRights)
    return this.#rights
  }

  user(id: string): void {
    // "Never" (user_sync_method 0): only an export tells the readers.
    if (this.#parts.settings.user_sync_method === 0) return
    const user = this.#parts.world.users.get(id)
    const wanted = user ? this.#devicesOf(user) : null
    for (const device of this.devices.values()) {
      const concerned = wanted?.has(device.id) || device.users.has(id) || device.pending.has(`user ${id}`)
      if (concerned) this.#queue(device, `user ${id}`, { userId: id })
    }
  }

  blocked(card: string): void {
    if (this.#holdsEverything()) return
    for (const device of this.devices.values()) this.#queue(device, `card ${card}`, { card })
  }

  rights(): void {
    this.#rights = null
    if (this.#holdsEverything()) return
    for (const device of this.devices.values()) this.#queue(device, 'rights', { rights: true })
    // With "devices in the person's access groups" a level that lost a door also moves people between readers.
    if (this.#parts.settings.user_sync_method === 3) for (const id of this.#parts.world.users.keys()) this.user(id)
  }

  /** Writes one person to one reader at once, as the export call does; a code for `DeviceResponse`. */
  push(device: Device, user: User, overwrite: boolean): string {
    if (device.condition === 'offline') return '1001'
    if (device.condition !== 'online') return '1003'
    if (overwrite || !device.users.has(user.id)) this.#teach(device, user.id, this.#snapshot(user))
    return '0'
  }

  /** Removes people from a reader at once. */
  forget(device: Device, userIds: readonly string[]): string {
    if (device.condition === 'offline') return '1001'
    for (const id of userIds) this.#teach(device, id, null)
    return '0'
  }

  /** Sends a reader everything the server has, as the sync call does; a code for `DeviceResponse`. */
  sendAll(device: Device): string {
    if (device.condition === 'offline') return '1001'
    if (device.condition !== 'online') return '1003'
    device.pending.clear()
    device.syncErrors = 0
    device.rights = this.rightsNow()
    device.blocked.clear()
    for (const row of this.#parts.world.blockedRows) device.blocked.add(this.#parts.world.card(row).number)
    for (const id of new Set([...device.users.keys(), ...this.#parts.world.users.keys()]))
      this.#apply(device, { userId: id })
    return '0'
  }

  /** Somebody is changed at the menu of this reader. Throws a TypeError when the reader does not know them. */
  edit(device: Device, userId: string, edit: ReaderEdit): void {
    const known = device.users.get(userId)
    if (!known) throw new TypeError(`the reader does not know ${userId}`)
    device.learn(userId, { ...known, ...edit })
    device.edits.set(userId, { ...device.edits.get(userId), ...edit })
    this.report({ ...this.#eventOf(eventCode.updated, device, userId), byDevice: true }, device)
    if (device.condition !== 'offline') takeOverEdits(this.#parts, device)
  }

  /** Tells every reader everything without delay or event: how a long-running site looks. */
  settle(): void {
    for (const device of this.devices.values()) {
      device.pending.clear()
      device.rights = this.rightsNow()
      for (const row of this.#parts.world.blockedRows) device.blocked.add(this.#parts.world.card(row).number)
      for (const user of this.#parts.world.users.values()) {
        if (this.#devicesOf(user).has(device.id)) device.learn(user.id, this.#snapshot(user))
      }
    }
  }

  setCondition(device: Device, condition: DeviceCondition): void {
    const before = device.condition
    device.condition = condition
    if (condition === 'offline' && before !== 'offline') {
      // The server notices it, at its own time.
      const nowMs = this.#parts.clock.now()
      this.#parts.events.store({ ...this.#eventOf(eventCode.deviceLost, device, null), atMs: nowMs }, nowMs)
    }
    if (condition !== 'offline' && before === 'offline') {
      this.#deviceEvent(eventCode.deviceConnected, device)
      for (const event of device.backlog) this.#parts.events.store(event, this.#parts.clock.now(), true)
      device.backlog = []
      takeOverEdits(this.#parts, device)
      this.#schedule()
    }
  }

  /** Wipes the log of a reader, which says so as the first event of the new one. */
  wipeLog(device: Device): void {
    device.wipeLog()
    this.report(this.#eventOf(eventCode.logCleared, device, null), device)
  }

  /** An event made at a reader: stored now, or on its return when it is offline. */
  report(event: NewEvent, device: Device): LoggedEvent | null {
    if (device.condition !== 'offline') return this.#parts.events.store(event, this.#parts.clock.now())
    device.backlog.push(event)
    return null
  }

  /** Whether every reader that is online has heard everything. */
  isSettled(): boolean {
    return [...this.devices.values()].every((device) => device.condition === 'offline' || device.pending.size === 0)
  }

  close(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  #queue(device: Device, key: string, change: Pending): void {
    // An older entry for the same thing stays in front: the reader reads the state of the moment it is applied.
    if (!device.pending.has(key)) device.pending.set(key, { dueMs: performance.now() + this.delayMs, change })
    if (this.delayMs === 0) this.#drain()
    else this.#schedule()
  }

  #schedule(): void {
    if (this.#timer || this.#closed) return
    let nextMs = Number.POSITIVE_INFINITY
    for (const device of this.devices.values()) {
      if (device.condition === 'offline') continue
      for (const { dueMs } of device.pending.values()) {
        nextMs = Math.min(nextMs, dueMs)
        break
      }
    }
    if (nextMs === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(
      () => {
        this.#timer = null
        this.#drain()
        this.#schedule()
      },
      Math.max(1, Math.ceil(nextMs - performance.now())),
    )
    this.#timer.unref()
  }

  #drain(): void {
    const now = performance.now()
    for (const device of this.devices.values()) {
      if (device.condition === 'offline') continue
      for (const [key, { dueMs, change }] of device.pending) {
        if (dueMs > now) break
        device.pending.delete(key)
        this.#apply(device, change)
      }
    }
  }

  #apply(device: Device, change: Pending): void {
    const { world } = this.#parts
    if (!('userId' in change) && takesNothing(device, this.#parts.quirks)) {
      device.syncErrors++
    } else if ('rights' in change) {
      device.rights = this.rightsNow()
    } else if ('card' in change) {
      if (world.cardByNumber(change.card)?.blocked) device.blocked.add(change.card)
      else device.blocked.delete(change.card)
    } else {
      const user = world.users.get(change.userId)
      const wanted = user && this.#devicesOf(user).has(device.id)
      this.#teach(device, change.userId, wanted ? this.#snapshot(user) : null)
    }
  }

  #teach(device: Device, userId: string, known: KnownUser | null): void {
    const isNew = !device.users.has(userId)
    if (takesNothing(device, this.#parts.quirks) || (device.condition === 'full' && isNew && known)) {
      device.syncErrors++
      const failed = known === null ? eventCode.deleteFailed : isNew ? eventCode.enrolFailed : eventCode.updateFailed
      this.#deviceEvent(device.condition === 'full' ? eventCode.enrolFailedFull : failed, device, userId)
      return
    }
    const outcome = device.learn(userId, known)
    if (outcome === 'same' || this.#parts.settings.device_event_log_skip_enroll_success_user) return
    const updated = this.#parts.quirks.partialUpdates ? eventCode.updatedPartly : eventCode.updated
    const codes = { written: eventCode.enrolled, updated, deleted: eventCode.deleted }
    this.#deviceEvent(codes[outcome], device, userId)
  }

  #deviceEvent(code: number, device: Device, userId: string | null = null): void {
    const event = this.#eventOf(code, device, userId)
    this.#parts.events.store(event, this.#parts.clock.now())
  }

  #eventOf(code: number, device: Device, userId: string | null): NewEvent {
    const { clock, world } = this.#parts
    const user = userId === null ? undefined : world.users.get(userId)
    return {
      code,
      atMs: device.timeAt(clock.now()),
      deviceId: device.id,
      index: device.nextIndex(),
      doorId: null,
      userId,
      userName: user?.name ?? '',
      userGroupId: user?.groupId ?? null,
    }
  }

  #holdsEverything(): boolean {
    const { quirks, settings } = this.#parts
    return settings.user_sync_method === 0 && quirks.syncOffHolds === 'everything'
  }

  #snapshot(user: User): KnownUser {
    const made = this.#known.get(user)
    if (made?.version === user.updatedCount) return made.known
    const known = {
      name: user.name,
      disabled: user.disabled,
      startMs: user.startMs,
      expiryMs: user.expiryMs,
      cards: user.cards.map((row) => this.#parts.world.card(row).number),
      accessGroups: [...user.accessGroups],
      userGroupId: user.groupId,
      fingerprints: user.fingerprints,
      faces: user.faces,
      visualFaces: user.visualFaces,
    }
    this.#known.set(user, { version: user.updatedCount, known })
    return known
  }

  #devicesOf(user: User): ReadonlySet<number> | ReadonlyMap<number, Device> {
    if (this.#parts.settings.user_sync_method !== 3) return this.devices
    const rights = this.rightsNow()
    const wanted = new Set<number>()
    for (const group of effectiveGroups(rights, user.accessGroups, user.groupId)) {
      for (const doorId of rights.groupDoors.get(group)?.keys() ?? []) {
        const door = this.#parts.world.doors.get(doorId)
        if (door) wanted.add(door.entryDeviceId)
      }
    }
    return wanted
  }
}

/** A reader with a sync error takes no change of any kind; a full one may refuse all of them too. */
function takesNothing({ condition }: Device, { fullReaderRefuses }: Quirks): boolean {
  return condition === 'failing' || (condition === 'full' && fullReaderRefuses === 'everything')
}
