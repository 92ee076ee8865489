/** Everything the server has stored, indexed so that no request has to look at every person. */
import { Refusal } from './envelope.ts'
import type {
  AccessGroup,
  AccessLevel,
  Card,
  CustomField,
  DaySegments,
  Door,
  LevelItem,
  Schedule,
  User,
  UserGroup,
} from './model.ts'
import { Roster } from './roster.ts'

/** The person of the first installation, protected for ever (code 205). */
export const administratorId = '1'
/** "All Users". */
export const rootGroupId = 1
/** Called "always" in the vendor's samples. */
export const alwaysScheduleId = 1

/** Who wants to know that the stored data changed: the part that tells the readers. */
export interface WorldWatcher {
  user(id: string): void
  blocked(cardNumber: string): void
  rights(): void
}

/** Who keeps the record of what was changed, and by whom. */
export interface WorldJournal {
  user(action: 'Create' | 'Update' | 'Delete', user: User, fields: readonly (keyof User)[]): void
  card(action: 'Create' | 'Delete' | 'Block' | 'Unblock', card: Card): void
}

/** The people and cards of one moment, apart from everything that happens later. */
export interface WorldCopy {
  readonly users: readonly User[]
  readonly cards: readonly Card[]
  readonly changes: number
  readonly lastCard: number
}

export class World {
  readonly users = new Map<string, User>()
  readonly roster = new Roster()
  readonly emails = new Map<string, string>()
  readonly logins = new Map<string, string>()
  readonly cards = new Map<number, Card>()
  readonly cardRows = new Map<string, number>()
  readonly blockedRows = new Set<number>()
  readonly userGroups = new Map<number, UserGroup>()
  readonly accessGroups = new Map<number, AccessGroup>()
  readonly accessLevels = new Map<number, AccessLevel>()
  readonly schedules = new Map<number, Schedule>()
  readonly doors = new Map<number, Door>()
  readonly customFields: CustomField[] = []
  watcher: WorldWatcher | null = null
  journal: WorldJournal | null = null
  #changes = 0
  #lastCard = 0
  #lastUserGroup = 1000
  #lastGroup = 0
  #lastLevel = 0
  #lastItem = 0
  #lastSchedule = 0

  constructor() {
    this.userGroups.set(rootGroupId, userGroup(rootGroupId, 'All Users', null, 0))
    const days = Array.from({ length: 7 }, (_, dayIndex) => ({ dayIndex, segments: [{ start: 0, end: 1440 }] }))
    this.addSchedule('Always', '', days)
  }

  user(id: string): User {
    return this.users.get(id) ?? refuse('201')
  }

  userGroup(id: number): UserGroup {
    return this.userGroups.get(id) ?? refuse('600')
  }

  accessGroup(id: number): AccessGroup {
    return this.accessGroups.get(id) ?? refuse('603')
  }

  accessLevel(id: number): AccessLevel {
    return this.accessLevels.get(id) ?? refuse('605')
  }

  door(id: number): Door {
    return this.doors.get(id) ?? refuse('601')
  }

  card(row: number): Card {
    return this.cards.get(row) ?? refuse('400')
  }

  cardByNumber(number: string): Card | undefined {
    const row = this.cardRows.get(number)
    return row === undefined ? undefined : this.cards.get(row)
  }

  /** Adds many people whose ids are new; one sort for all of them. */
  addUsers(users: readonly User[]): void {
    if (users.length > 100) this.roster.addAll(users.map((user) => user.id))
    else for (const user of users) this.roster.add(user.id)
    for (const user of users) {
      this.users.set(user.id, user)
      this.#link(user)
      this.#changed(user)
      this.journal?.user('Create', user, [])
    }
  }

  /** Changes a person and every index that names them. The caller has checked the values. */
  patchUser(user: User, patch: Partial<User>): void {
    this.#unlink(user)
    Object.assign(user, patch)
    this.#link(user)
    this.#changed(user)
    this.journal?.user('Update', user, Object.keys(patch) as (keyof User)[])
  }

  /** Removes a person. Their cards stay in the database without an owner. */
  removeUser(user: User): void {
    this.#unlink(user)
    this.users.delete(user.id)
    this.roster.remove(user.id)
    this.watcher?.user(user.id)
    this.journal?.user('Delete', user, [])
  }

  addCard(number: string, typeId: number, formatId: number | null): Card {
    const row = ++this.#lastCard
    const card = { row, number, typeId, formatId, owner: null, blocked: false, issueCount: 0 }
    this.cards.set(row, card)
    this.cardRows.set(number, row)
    this.journal?.card('Create', card)
    return card
  }

  /** Deletes a card row, as an operator does in the console. */
  removeCard(card: Card): void {
    const owner = card.owner === null ? undefined : this.users.get(card.owner)
    if (owner) this.patchUser(owner, { cards: owner.cards.filter((row) => row !== card.row) })
    this.setBlocked(card, false)
    this.cards.delete(card.row)
    this.cardRows.delete(card.number)
    this.journal?.card('Delete', card)
  }

  setBlocked(card: Card, blocked: boolean): void {
    if (card.blocked === blocked) return
    card.blocked = blocked
    if (blocked) this.blockedRows.add(card.row)
    else this.blockedRows.delete(card.row)
    this.watcher?.blocked(card.number)
    this.journal?.card(blocked ? 'Block' : 'Unblock', card)
  }

  addUserGroup(name: string, parent: UserGroup): UserGroup {
    const group = userGroup(++this.#lastUserGroup, name, parent.id, parent.depth + 1)
    this.userGroups.set(group.id, group)
    parent.children.push(group.id)
    return group
  }

  removeUserGroup(group: UserGroup): void {
    const parent = this.userGroups.get(group.parentId ?? rootGroupId)
    if (parent) parent.children = parent.children.filter((id) => id !== group.id)
    this.userGroups.delete(group.id)
    for (const access of this.accessGroups.values()) {
      access.userGroups = access.userGroups.filter((id) => id !== group.id)
    }
    this.rightsChanged()
  }

  /** The group and all groups below it. */
  subTree(group: UserGroup): UserGroup[] {
    return [group, ...group.children.flatMap((id) => this.subTree(this.userGroup(id)))]
  }

  addAccessGroup(name: string, description: string): AccessGroup {
    const group = { id: ++this.#lastGroup, name, description, levels: [], userGroups: [], members: new Set<string>() }
    this.accessGroups.set(group.id, group)
    return group
  }

  addAccessLevel(name: string, description: string, items: Omit<LevelItem, 'id'>[]): AccessLevel {
    const level = { id: ++this.#lastLevel, name, description, items: this.levelItems(items) }
    this.accessLevels.set(level.id, level)
    return level
  }

  levelItems(items: Omit<LevelItem, 'id'>[]): LevelItem[] {
    return items.map((item) => ({ id: ++this.#lastItem, ...item }))
  }

  addSchedule(name: string, description: string, days: DaySegments[]): Schedule {
    const schedule = { id: ++this.#lastSchedule, name, description, days }
    this.schedules.set(schedule.id, schedule)
    return schedule
  }

  /** Changes made by `act` are told to nobody: readers do not hear of them, and no record is kept. */
  quietly<Result>(act: () => Result): Result {
    const { watcher, journal } = this
    this.watcher = null
    this.journal = null
    try {
      return act()
    } finally {
      this.watcher = watcher
      this.journal = journal
    }
  }

  copy(): WorldCopy {
    const users = [...this.users.values()]
    const cards = [...this.cards.values()]
    return structuredClone({ users, cards, changes: this.#changes, lastCard: this.#lastCard })
  }

  /** Makes people and cards what they were, counters too, so that row ids are given out once more. */
  putBack(copy: WorldCopy): void {
    const { users, cards, changes, lastCard } = structuredClone(copy)
    for (const user of [...this.users.values()]) this.removeUser(user)
    this.cards.clear()
    this.cardRows.clear()
    this.blockedRows.clear()
    for (const card of cards) {
      this.cards.set(card.row, card)
      this.cardRows.set(card.number, card.row)
      if (card.blocked) this.blockedRows.add(card.row)
    }
    const counted = users.map(({ id, lastModified, updatedCount }) => ({ id, lastModified, updatedCount }))
    this.addUsers(users)
    for (const { id, ...counts } of counted) Object.assign(this.user(id), counts)
    this.#changes = changes
    this.#lastCard = lastCard
  }

  /** Tells the readers that what opens which door is different now. */
  rightsChanged(): void {
    this.watcher?.rights()
  }

  #changed(user: User): void {
    user.lastModified = ++this.#changes
    user.updatedCount++
    this.watcher?.user(user.id)
  }

  #link(user: User): void {
    if (user.email !== '') this.emails.set(user.email.toLowerCase(), user.id)
    if (user.loginId !== '') this.logins.set(user.loginId, user.id)
    this.userGroups.get(user.groupId)?.members.add(user.id)
    for (const id of user.accessGroups) this.accessGroups.get(id)?.members.add(user.id)
    for (const row of user.cards) {
      const card = this.cards.get(row)
      if (card) card.owner = user.id
    }
  }

  #unlink(user: User): void {
    if (user.email !== '') this.emails.delete(user.email.toLowerCase())
    if (user.loginId !== '') this.logins.delete(user.loginId)
    this.userGroups.get(user.groupId)?.members.delete(user.id)
    for (const id of user.accessGroups) this.accessGroups.get(id)?.members.delete(user.id)
    for (const row of user.cards) {
      const card = this.cards.get(row)
      if (card) card.owner = null
    }
  }
}

function userGroup(id: number, name: string, parentId: number | null, depth: number): UserGroup {
  return { id, name, parentId, depth, children: [], members: new Set() }
}

function refuse(code: string): never {
  throw new Refusal(code)
}
