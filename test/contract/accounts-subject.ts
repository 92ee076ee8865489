/** What a connector with accounts tells the contract suite about itself: how to start its simulator, spoil it, and look inside. */
import type { Profile } from '../../src/connector/contract.ts'
import type { LockState } from '../../src/model/account.ts'
import type { Card } from '../../src/model/card.ts'
import type { PersonFacts } from '../../src/model/person.ts'
import type { ConnectorWith } from './connector-with.ts'

/**
 * Which requests a fault hits. `write` is any that changes something, `block` one that blocks or unblocks one card, `anything` any
 * but a login.
 */
export type Where =
  | 'create'
  | 'change'
  | 'remove'
  | 'block'
  | 'write'
  | 'read'
  | 'list'
  | 'discover'
  | 'login'
  | 'anything'

/** One thing that goes wrong: `times` (1) matching requests long, after `skip` (0) of them passed. */
export type Fault = { readonly on: Where; readonly times?: number; readonly skip?: number } & (
  | {
      /**
       * cut-before, cut-after: the connection breaks before anything was done, or after it was done. hang: no answer at all.
       * maintenance: what stands in front of the system says so. session-lost: the system has forgotten every login.
       * full: a licence or capacity is used up.
       */
      readonly kind: 'cut-before' | 'cut-after' | 'hang' | 'maintenance' | 'session-lost' | 'full'
    }
  /** The connection breaks, and the request is carried out that much later, by the clock of the system: `landed` moves it on. */
  | { readonly kind: 'late-write'; readonly delayMs: number }
  /** The request is carried out and answered, but that much later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** A fault of the system itself, with these words in its answer. */
  | { readonly kind: 'server-error'; readonly says?: string }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
)

/** What a test needs and a system may not have. */
export type Provocation = Fault['kind'] | 'down' | 'refused-login' | 'refused-name' | 'level-limit' | 'inherited-level'

/** A change behind our back, or something that was always there. */
export type ByHand =
  | { readonly act: 'create'; readonly externalId: string; readonly cards?: readonly Card[] }
  | { readonly act: 'delete'; readonly externalId: string }
  | { readonly act: 'rename'; readonly externalId: string; readonly name: string }
  | { readonly act: 'grant'; readonly externalId: string; readonly level: string }
  /** Puts a card on an account that is in nobody's order; `number` keeps several apart. */
  | { readonly act: 'add-card'; readonly externalId: string; readonly number: number }
  | { readonly act: 'block' | 'unblock'; readonly card: Card }

/** An account as it truly is. */
export interface Inside {
  readonly lock: LockState
  readonly name: string
  /** External ids of the levels granted to the account itself. */
  readonly levels: readonly string[]
  readonly cards: readonly { readonly number: string; readonly blocked: boolean }[]
  /** In base64: at most one, if all is well. */
  readonly photos: readonly string[]
}

export interface AccountsSimulator extends AsyncDisposable {
  /** Settings that reach this simulator, or with one thing wrong in them. */
  settings(wrong?: 'password' | 'certificate'): unknown
  /** Everything besides people and cards that must stay secret: passwords above all. */
  readonly secrets: readonly string[]
  /** External ids of the levels that exist: 20 at least. */
  readonly levels: readonly string[]
  /** Accounts that must never be touched: operators, built-in users, our own. */
  readonly untouchable: readonly string[]
  arm(fault: Fault): void
  /** Ends all faults that are armed. */
  disarm(): void
  /** Refuses connections, or takes them again. */
  setDown(down: boolean): void
  /** Ends all sessions, and refuses our login from now on. */
  refuseLogins(): void
  byHand(change: ByHand): void
  /** Makes many accounts that were always there. */
  fill(count: number): void
  /** Makes the system refuse some names, and gives facts with such a one. */
  refuseNames(): Partial<PersonFacts>
  /** Gives the account a level by another way than a grant of its own, and tells which. */
  inherit(externalId: string): string
  inside(externalId: string): Inside | null
  /** Makes the system keep another file of each picture that comes. */
  remakePhotos(): void
  /** How many requests there were for pictures alone since this was last asked. */
  photosAsked(): number
  /** External ids of all accounts. */
  ids(): readonly string[]
  /** How many requests arrived so far, and how many of them were to change something, or to log in. */
  readonly requests: { readonly all: number; readonly writes: number; readonly logins: number }
  /** Brings about what is still to be carried out, late writes included, and resolves when nothing is. */
  landed(): Promise<void>
}

export interface AccountsSubject {
  /** For titles, such as `biostar2`. */
  readonly name: string
  readonly connector: ConnectorWith<'accounts'>
  start(): Promise<AccountsSimulator>
  /** Four different cards that the system can take. */
  readonly cards: readonly [Card, Card, Card, Card]
  /** One more that is well made, and that the system takes from nobody: of a format, or with a number, that it does not know. */
  readonly refusedCard: Card
  /** How the system writes a card's number, worked out from the vendor's documents and not by the connector. */
  cardNumber(card: Card): string
  /** A level that no system has. */
  readonly missingLevel: string
  /** How many levels an account can have; null for no limit. */
  readonly levelsMax: number | null
  /** More accounts than fit on two pages of the list. */
  readonly manyAccounts: number
  /** What a list can tell besides profile and dates: every card, and the levels that it is asked about. */
  readonly listTells: { readonly cards: boolean; readonly levels: boolean }
  /** Employee numbers of which the system can make no account id: refused before any call. */
  readonly refusedNumbers: readonly string[]
  /** The most requests that an order takes which fails at once, its read included, and the shutting of three cards; 5 where left out. */
  readonly requestsMax?: { readonly failing: number; readonly lockKnown: number; readonly lockUnknown: number }
  /** What this system can't be provoked to, each with the reason. */
  readonly impossible: Readonly<Partial<Record<Provocation, string>>>
}

/** As the suite compares profiles: each field that was rendered. */
export function shows(profile: Profile, rendered: Profile): boolean {
  return Object.entries(rendered).every(([field, value]) => (profile[field] ?? '') === value)
}
