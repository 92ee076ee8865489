/** Fills the server by hand: groups, doors and people that were there before anybody integrated anything. */
import type { LevelSpec } from './options.ts'
import { isNumeric } from './roster.ts'
import type { Simulation } from './simulation.ts'
import { blankUser } from './user-draft.ts'
import { fromWire } from './validity.ts'
import { alwaysScheduleId, rootGroupId } from './world.ts'

export interface WiegandCard {
  number: string
  /** `wiegand_format_id`: 0 is 26 bit. */
  wiegandFormat: number
}

/** A card of any kind, by the vendor's `card_type.id`: 3 is access-on-card. */
export interface OtherCard {
  number: string
  cardType: number
}

export interface SeedUser {
  id: string
  name: string
  email?: string
  department?: string
  title?: string
  /** Name or id of the user group; "All Users" if absent. */
  userGroup?: string | number
  /** Names or ids of access groups. */
  accessGroups?: readonly (string | number)[]
  /** A bare number becomes a CSN card. */
  cards?: readonly (string | WiegandCard | OtherCard)[]
  disabled?: boolean
  /** ISO moments. */
  start?: string
  expiry?: string
  pin?: boolean
  fingerprints?: number
  faces?: number
  visualFaces?: number
  /** Operator level, such as 2 for a user operator; none if absent. */
  operatorLevel?: number
}

export interface Seed {
  userGroups?: readonly { name: string; parent?: string | number }[]
  accessGroups?: readonly (LevelSpec & { userGroups?: readonly (string | number)[] })[]
  users?: readonly SeedUser[]
  /** This many more made-up people with one card each, from `countFrom` (100001 if absent). */
  count?: number
  countFrom?: number
}

/** Stores a seed; readers know it at once and no event is written. Throws a TypeError on unknown names or taken ids. */
export function plant(simulation: Simulation, seed: Seed): { users: number } {
  const { world, sync, chronicle } = simulation
  try {
    // Seeding is history, not a change to be carried to the readers.
    return world.quietly(() => store(simulation, seed))
  } finally {
    chronicle.lookAgain()
    sync.rights()
    sync.settle()
  }
}

function store(simulation: Simulation, seed: Seed): { users: number } {
  const { world } = simulation
  for (const group of seed.userGroups ?? []) {
    world.addUserGroup(group.name, world.userGroup(findUserGroup(simulation, group.parent ?? rootGroupId)))
  }
  addLevels(simulation, seed.accessGroups ?? [])
  for (const { name, userGroups } of seed.accessGroups ?? []) {
    const group = world.accessGroup(findAccessGroup(simulation, name))
    group.userGroups.push(...(userGroups ?? []).map((wanted) => findUserGroup(simulation, wanted)))
  }
  const users = [...(seed.users ?? []), ...madeUp(seed.count ?? 0, seed.countFrom ?? 100_001)]
  addSeedUsers(simulation, users)
  return { users: users.length }
}

/** Access groups with one access level each; doors that do not exist yet are made with a reader of their own. */
export function addLevels(simulation: Simulation, levels: readonly LevelSpec[]): void {
  const { world } = simulation
  for (const { name, doors } of levels) {
    const doorIds = doors.map((door) => doorNamed(simulation, door))
    const level = world.addAccessLevel(name, '', [{ doors: doorIds, scheduleId: alwaysScheduleId }])
    world.addAccessGroup(name, '').levels.push(level.id)
  }
  world.rightsChanged()
}

function doorNamed({ world, sync }: Simulation, name: string): number {
  for (const door of world.doors.values()) if (door.name === name) return door.id
  const device = sync.addDevice(`${name} reader`)
  const id = world.doors.size + 1
  world.doors.set(id, { id, name, description: '', entryDeviceId: device.id, mode: 'normal' })
  return id
}

function addSeedUsers(simulation: Simulation, seeds: readonly SeedUser[]): void {
  const { world } = simulation
  const taken = seeds.find((seed) => world.users.has(seed.id))
  if (taken) throw new TypeError(`user id is taken: ${taken.id}`)
  const users = seeds.map((seed) => {
    const blank = blankUser(seed.id)
    return {
      ...blank,
      name: seed.name,
      email: seed.email ?? '',
      department: seed.department ?? '',
      title: seed.title ?? '',
      groupId: findUserGroup(simulation, seed.userGroup ?? rootGroupId),
      accessGroups: (seed.accessGroups ?? []).map((wanted) => findAccessGroup(simulation, wanted)),
      cards: (seed.cards ?? []).map((number) => cardRowOf(simulation, number)),
      disabled: seed.disabled ?? false,
      startMs: seed.start === undefined ? fromWire(simulation.quirks, blank.startMs) : Date.parse(seed.start),
      expiryMs: seed.expiry === undefined ? fromWire(simulation.quirks, blank.expiryMs) : Date.parse(seed.expiry),
      pinExists: seed.pin ?? false,
      fingerprints: seed.fingerprints ?? 0,
      faces: seed.faces ?? 0,
      visualFaces: seed.visualFaces ?? 0,
      permission: seed.operatorLevel ?? null,
    }
  })
  world.addUsers(users)
}

/** The row of this card number; the card is made when there is none. Throws when somebody has it. */
export function cardRowOf({ world }: Simulation, wanted: string | WiegandCard | OtherCard): number {
  const { number, typeId, formatId } = newCard(wanted)
  const card = world.cardByNumber(number) ?? world.addCard(number, typeId, formatId)
  if (card.owner !== null) throw new TypeError(`card is taken: ${number}`)
  return card.row
}

function newCard(wanted: string | WiegandCard | OtherCard): {
  number: string
  typeId: number
  formatId: number | null
} {
  if (typeof wanted === 'string') return { number: wanted, typeId: 0, formatId: null }
  const { number } = wanted
  if ('cardType' in wanted) return { number, typeId: wanted.cardType, formatId: null }
  return { number, typeId: 1, formatId: wanted.wiegandFormat }
}

export function findUserGroup({ world }: Simulation, wanted: string | number): number {
  for (const group of world.userGroups.values())
    if (group.name === wanted || group.id === Number(wanted)) return group.id
  throw new TypeError(`no such user group: ${wanted}`)
}

export function findAccessGroup({ world }: Simulation, wanted: string | number): number {
  const named = [...world.accessGroups.values()].find((group) => group.name === wanted)
  if (named) return named.id
  if (isNumeric(String(wanted)) && world.accessGroups.has(Number(wanted))) return Number(wanted)
  throw new TypeError(`no such access group: ${wanted}`)
}

function madeUp(count: number, from: number): SeedUser[] {
  return Array.from({ length: count }, (_, at) => ({
    id: String(from + at),
    name: `Sample Person ${from + at}`,
    cards: [String(700_000_000 + from + at)],
  }))
}
