/** What the door systems themselves show, compared with what they should show: always from a simulator's witness, never from the gateway. */
import type { Expectation, ExpectedAccount } from './expectation.ts'
import type { RowKind } from './workforce/worker-row.ts'

/** One account as the door system has it, in words that fit every door system. */
export interface SeenAccount {
  /** The employee number, by which Gatehouse names accounts; of a second account with that number something else. */
  readonly id: string
  readonly name: string
  /** Shut out as a whole, whatever cards there are. */
  readonly closed: boolean
  /** Names of access levels, as somebody sees them there. */
  readonly levels: readonly string[]
  readonly cards: readonly { readonly number: string; readonly blocked: boolean }[]
  /** Begin and end, and what else is told of the person: for comparing two looks only. */
  readonly validity: string
  readonly profile: string
  /** What no two accounts have in common, unless somebody is in there twice. */
  readonly identifiers: readonly string[]
}

export interface SeenRequest {
  /** Counts up from 1. */
  readonly n: number
  readonly writes: boolean
  /** Whether the answer was sent, and said that it is done. */
  readonly answered: boolean
}

/** What the story must know of a door system before it refuses something. */
export interface Refusals {
  /** A sign that it takes in no name, and the code that Gatehouse then shows. */
  readonly sign: string
  readonly name: string
  /** How many levels somebody may have, and the code beyond; null: as many as one likes. */
  readonly levels: { readonly max: number; readonly code: string } | null
  /** The code for a mail address that somebody else has; null: any number of people may have the same. */
  readonly address: string | null
}

/** Somebody who was put in by hand before Gatehouse came. */
export interface Planted {
  readonly id: string
  /** As HR calls it. */
  readonly kind: RowKind
  readonly givenName: string
  readonly familyName: string
  /** Of the card, as `cardNumberOf` tells it; null: without one. */
  readonly card: string | null
  readonly levels: readonly string[]
}

export type Grant = { readonly user: string; readonly level: string }

/** Fingers, as somebody at the door system's own console changes them: Gatehouse never does. */
export interface Fingers {
  /** One more. */
  enrol(user: string): void
  /** Another one in the place of one: as many as before. */
  swap(user: string): void
  /** How many its console and its API show. */
  count(user: string): number
  /** Whether the reader of this door lets in who holds a finger of this user to it. */
  opens(user: string, door: string): boolean
}

/** A simulated door system, and what happened there. */
export interface DoorSystem extends AsyncDisposable {
  /** As a reader knows it. */
  readonly name: string
  /** Its name in the gateway's configuration. */
  readonly target: string
  readonly refusals: Refusals
  /** How many requests read one account back, at most. */
  readonly readRequestsMax: number
  /** The target's entry in the configuration, without its mode. */
  readonly configuration: Readonly<Record<string, unknown>>
  /** What the configuration reads the password from; lies beside it. */
  readonly secret: { readonly file: string; readonly value: string }
  readonly sideDoorUrl: string

  /** How many accounts there are that an integration could have made. */
  accountCount(): number
  accounts(): ReadonlyMap<string, SeenAccount>
  account(id: string): SeenAccount | null

  /** Resolves when every reader has heard what changed. */
  settled(): Promise<void>
  /** Whether a card that is held to the reader of a door opens it now. */
  opens(card: string, door: string): boolean
  /** The side door's call that does the same, as a path and a body. */
  swipeCall(card: string, door: string): { readonly path: string; readonly body: object }
  /** By what it names its events, where that would be known again. */
  eventKeys(): readonly string[]
  /** Null: it shows none. */
  readonly fingers: Fingers | null
  /** Somebody at its own console gives a level. */
  grantByHand(grant: Grant): void
  plant(accounts: readonly Planted[]): void

  /** All requests so far. */
  requestCount(): number
  /** Those after request `since` that were about this account alone. */
  requestsAbout(id: string, since: number): readonly SeenRequest[]
  /** Accounts that requests after `since` have made, each as often as it was made. */
  madeSince(since: number): readonly string[]
  /** The answers to the next so many creations are lost: done, but nobody is told. Tells how many were. */
  loseAnswers(times: number): { lost(): number; end(): void }
  /** Refuses every connection, until the function that it gives is called. */
  goDown(): () => void
}

/** A figure of each door system, by its name. */
export type PerSystem = ReadonlyMap<string, number>

export async function atEach(
  systems: readonly DoorSystem[],
  measure: (system: DoorSystem) => number | Promise<number>,
): Promise<PerSystem> {
  const figures = await Promise.all(systems.map(async (system) => [system.name, await measure(system)] as const))
  return new Map(figures)
}

/** BioStar 2 and AEOS. */
export function namesOf(systems: readonly DoorSystem[]): string {
  return systems.map(({ name }) => name).join(' and ')
}

export interface Verdict {
  /** Open, with exactly the right levels and card. */
  readonly right: number
  /** Should have an account and have none. */
  readonly missing: readonly string[]
  /** Have an account that differs in something. */
  readonly wrong: readonly string[]
  /** Should have none, and can still open something. */
  readonly open: readonly string[]
  /** Should have none, and are shut out. */
  readonly shut: number
  /** More than one account of the same person: a card, a number or an address of somebody who has another. */
  readonly twice: number
}

/** `byHand`: levels by account that somebody gave at the door system, and that must still be there. */
export function compare(
  accounts: ReadonlyMap<string, SeenAccount>,
  { accounts: wantedAccounts }: Expectation,
  byHand: ReadonlyMap<string, readonly string[]> = new Map(),
): Verdict {
  const missing = [...wantedAccounts.keys()].filter((id) => !accounts.has(id))
  const present = [...wantedAccounts.values()].flatMap((wanted) => {
    const account = accounts.get(wanted.id)
    return account === undefined ? [] : [{ wanted, account }]
  })
  const wrong = present
    .filter(({ wanted, account }) => !isRight(account, wanted, byHand.get(wanted.id) ?? []))
    .map(({ account }) => account.id)
  const others = [...accounts.values()].filter(({ id }) => !wantedAccounts.has(id))
  const open = others.filter((account) => !isShut(account)).map(({ id }) => id)
  return {
    right: present.length - wrong.length,
    missing,
    wrong,
    open,
    shut: others.length - open.length,
    twice: doubled([...accounts.values()].flatMap(({ identifiers }) => identifiers)),
  }
}

/** Everything that is not as it should be. */
export function faultsOf({ missing, wrong, open }: Verdict): number {
  return missing.length + wrong.length + open.length
}

export function isRight(account: SeenAccount, { groups, card }: ExpectedAccount, byHand: readonly string[]): boolean {
  const [only, another] = account.cards
  return (
    !account.closed &&
    same([...account.levels].sort(), [...groups, ...byHand].sort()) &&
    another === undefined &&
    only?.number === card.number &&
    only.blocked === card.blocked
  )
}

/** Closed as a whole, and no card that a reader would take. */
export function isShut({ closed, cards }: Pick<SeenAccount, 'closed' | 'cards'>): boolean {
  return closed && cards.every(({ blocked }) => blocked)
}

export function doubled(values: readonly string[]): number {
  return values.length - new Set(values).size
}

export function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at])
}

export interface AccountChange {
  readonly id: string
  /** Names of what differs, sorted: `closed`, `cards`, `levels`, `validity`, `profile`, `created`, `deleted`. */
  readonly parts: readonly string[]
}

/** What happened at a door system between two looks, account by account. */
export function changesBetween(
  before: ReadonlyMap<string, SeenAccount>,
  after: ReadonlyMap<string, SeenAccount>,
): readonly AccountChange[] {
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

/** Every door system as it was at one moment, by its name. */
export type Look = ReadonlyMap<string, ReadonlyMap<string, SeenAccount>>

export function lookAt(systems: readonly DoorSystem[]): Look {
  return new Map(systems.map((system) => [system.name, system.accounts()]))
}

/** What happened at this one since then. */
export function changesSince(look: Look, system: DoorSystem): readonly AccountChange[] {
  return changesBetween(look.get(system.name) ?? new Map(), system.accounts())
}

const readers: Readonly<Record<string, (account: SeenAccount) => string>> = {
  closed: ({ closed }) => String(closed),
  cards: ({ cards }) => JSON.stringify(cards),
  levels: ({ levels }) => JSON.stringify([...levels].sort()),
  validity: ({ validity }) => validity,
  profile: ({ profile }) => profile,
}
