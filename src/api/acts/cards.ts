/** Cards by number: whose they are, where, and what operators say of them. */
import type { Actor } from '../../auth/actor.ts'
import type { LockoutView } from './lockouts.ts'

/** One person's hold on a card: personal data in clear, for those who may see the person. */
export interface CardView {
  readonly credential: string
  readonly card: string
  readonly person: string
  readonly name: string
  readonly state: string
  /** Waits until whoever has it gives it up, and it was seen to be gone from their accounts. */
  readonly waits: boolean
  /** An operator suspended it then; null: none has. */
  readonly suspendedSince: string | null
  /** The source whose card it is; null: an operator issued it. */
  readonly source: string | null
  readonly accounts: readonly {
    readonly target: string
    readonly desired: string | null
    /** As the target last showed it; null: not on the account, or never seen. */
    readonly actual: string | null
    readonly actualAt: string | null
  }[]
  /** Of this card alone, newest first. */
  readonly lockouts: readonly LockoutView[]
}

/** Somebody who has or had a card, by ids alone. */
export interface CardUse {
  /** As it was asked for. */
  readonly asked: string
  /** As this person holds it: the format may be another one that a reader can not tell from it. Null when the person is frozen. */
  readonly card: string | null
  readonly person: string
  readonly state: string
  readonly waits: boolean
  readonly accounts: CardView['accounts']
}

export interface CardRequest {
  /** `H10301:facility:number`, `CSN:hex`, or another format with its fields. */
  readonly card: string
  /** Id of whose it must be; absent: whoever has it. */
  readonly person?: string
  readonly reason: string
}

export interface CardDone {
  readonly credential: string
  readonly person: string
  /** Waits until it was seen to be gone from the accounts of whoever gave it back. */
  readonly waits: boolean
  /** To be proven; none where nothing had to be shut. */
  readonly lockouts: readonly string[]
  /** Targets where nothing happens until they are resumed. */
  readonly paused: readonly string[]
  /** Targets of the person that can not take an issued card of this format, and why. */
  readonly refused: readonly { readonly target: string; readonly code: string }[]
}

export interface CardActs {
  /** Whoever has the card or waits for it; and who gave it back, while it is still on an account. */
  card(card: string): Promise<readonly CardView[]>
  /** Whoever has or had one of these cards; those that nobody knows are left out. */
  cardUses(cards: readonly string[]): Promise<readonly CardUse[]>
  loseCard(actor: Actor, request: CardRequest): Promise<CardDone>
  returnCard(actor: Actor, request: CardRequest): Promise<CardDone>
  suspendCard(actor: Actor, request: CardRequest): Promise<CardDone>
  resumeCard(actor: Actor, request: CardRequest): Promise<CardDone>
  issueCard(actor: Actor, person: string, card: string, reason: string): Promise<CardDone>
}
