/** What the door system itself shows, compared with what it should show: always from the simulator's witness, never from the gateway. */
import type { BiostarSimulator, SeenUser } from '../connectors/biostar2/simulator/index.ts'
import type { Expectation, ExpectedAccount } from './expectation.ts'

/** The server's own first administrator, whom no integration made. */
const administrator = '1'

/** Everybody at the door system whom the gateway has made. */
export function usersOf({ state }: Pick<BiostarSimulator, 'state'>): ReadonlyMap<string, SeenUser> {
  return new Map(
    state
      .users()
      .filter(({ id }) => id !== administrator)
      .map((user) => [user.id, user]),
  )
}

export interface Verdict {
  /** Open, with exactly the right groups and card. */
  readonly right: number
  /** Should have an account and have none. */
  readonly missing: readonly string[]
  /** Have an account that differs in something. */
  readonly wrong: readonly string[]
  /** Should have none, and can still open something. */
  readonly open: readonly string[]
  /** Should have none, and are shut out. */
  readonly shut: number
  /** More than one account of the same person: a card, an e-mail address or a user of somebody who has another. */
  readonly twice: number
}

/** `byHand`: groups by user id that somebody gave at the door system, and that must still be there. */
export function compare(
  users: ReadonlyMap<string, SeenUser>,
  { accounts }: Expectation,
  byHand: ReadonlyMap<string, readonly string[]> = new Map(),
): Verdict {
  const missing = [...accounts.keys()].filter((id) => !users.has(id))
  const present = [...accounts.values()].flatMap((wanted) => {
    const user = users.get(wanted.id)
    return user === undefined ? [] : [{ wanted, user }]
  })
  const wrong = present
    .filter(({ wanted, user }) => !isRight(user, wanted, byHand.get(wanted.id) ?? []))
    .map(({ user }) => user.id)
  const others = [...users.values()].filter(({ id }) => !accounts.has(id))
  const open = others.filter((user) => !isShut(user)).map(({ id }) => id)
  return {
    right: present.length - wrong.length,
    missing,
    wrong,
    open,
    shut: others.length - open.length,
    twice:
      doubled([...users.values()].flatMap(({ cards }) => cards.map(({ number }) => number))) +
      doubled(addresses(users)),
  }
}

export function isRight(user: SeenUser, { groups, card }: ExpectedAccount, byHand: readonly string[]): boolean {
  const [only, another] = user.cards
  return (
    !user.disabled &&
    same([...user.groups].sort(), [...groups, ...byHand].sort()) &&
    another === undefined &&
    only?.number === card.number &&
    only.blocked === card.blocked
  )
}

/** Disabled, and no card that a reader would take. */
export function isShut({ disabled, cards }: SeenUser): boolean {
  return disabled && cards.every(({ blocked }) => blocked)
}

function addresses(users: ReadonlyMap<string, SeenUser>): string[] {
  return [...users.values()].map(({ email }) => email.toLowerCase()).filter((email) => email !== '')
}

function doubled(values: readonly string[]): number {
  return values.length - new Set(values).size
}

export function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at])
}

export interface UserChange {
  readonly id: string
  /** Names of what differs, sorted: `disabled`, `cards`, `groups`, `validity`, `profile`, `created`, `deleted`. */
  readonly parts: readonly string[]
}

/** What happened at the door system between two looks, user by user. */
export function changesBetween(
  before: ReadonlyMap<string, SeenUser>,
  after: ReadonlyMap<string, SeenUser>,
): readonly UserChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((id) => {
    const [was, is] = [before.get(id), after.get(id)]
    if (was === undefined) return [{ id, parts: ['created'] }]
    if (is === undefined) return [{ id, parts: ['deleted'] }]
    const parts = Object.entries(readers)
      .filter(([, read]) => read(was) !== read(is))
      .map(([part]) => part)
    return parts.length === 0 ? [] : [{ id, parts: parts.sort() }]
  })
}

const readers: Readonly<Record<string, (user: SeenUser) => string>> = {
  disabled: ({ disabled }) => String(disabled),
  cards: ({ cards }) => JSON.stringify(cards),
  groups: ({ groups }) => JSON.stringify([...groups].sort()),
  validity: ({ start, expiry }) => `${start} ${expiry}`,
  profile: ({ name, email, department, title }) => JSON.stringify([name, email, department, title]),
}
