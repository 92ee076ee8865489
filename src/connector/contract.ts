/** What an external system must offer. The engine owns retries, limits, diffing, read-back and audit; a connector only translates. */
import type { z } from 'zod'
import type { AccountCard, LockState, PartRef, Validity } from '../model/account.ts'
import type { Card } from '../model/card.ts'
import type { CodeMeaning } from '../model/events/code-meaning.ts'
import type { AccessEvent } from '../model/events/event.ts'
import type { FeedName, Reveal } from '../model/events/reveal.ts'
import type { PersonFacts } from '../model/person.ts'
import type { Address } from './address.ts'
import type { Context, SinkContext } from './context.ts'
import type { ConnectorError } from './errors.ts'
import type { CredentialMarks } from './marks.ts'

// ---------------------------------------------------------------- people (sources)

/** One record as the source gave it: cell values by column name. `place` says where (`line 17`), never what. */
export interface RawRecord {
  readonly place: string
  readonly cells: Readonly<Record<string, string | null>>
}

/** A record that could not be read: where and why, by stable code; never its values. */
export interface RecordProblem {
  readonly place: string
  readonly column?: string
  readonly code: string
}

export interface RecordPage {
  readonly records: readonly RawRecord[]
  readonly problems: readonly RecordProblem[]
  /**
   * Records of which the source itself says that they are gone, in a `delta`: only the cells that name a record need be there. Whoever
   * is in none of the pages is not gone by that.
   */
  readonly gone?: readonly RawRecord[]
}

/** One consistent answer of a source: a file, or one run of a query. */
export interface Delivery {
  /** Names the delivery for operators; holds no personal data. */
  readonly name: string
  /** `full`: who is missing may be gone. `delta`: silence says nothing. */
  readonly mode: 'full' | 'delta'
  /** When the first byte was read, for measuring how long a lock-out takes. */
  readonly arrivedAt: Date
  /** When the source made it, by its own clock: what is offered again with the same time is the same delivery, and no second one. */
  readonly writtenAt: Date
  /** How long the source made us wait until the delivery stood still, in ms. */
  readonly settledMs: number
  /**
   * SHA-256 over the delivered bytes; the engine stores only a keyed digest of it. Null where nothing lies ready that could be offered
   * twice: such a source is asked anew each time, and each of its deliveries is looked through.
   */
  readonly fingerprint: Buffer | null
  readonly columns: readonly string[]
  /**
   * Pages of at most 1,000 records, in the source's order. May be called again. The return value tells whether the read
   * reached its end: only a complete read may be taken as proof that somebody is gone, and only its cursor is kept.
   */
  pages(signal: AbortSignal): AsyncGenerator<RecordPage, DeliveryEnd>
  /**
   * All bytes as they were delivered, for the archive; a source without it can't be archived. A chunk holds other bytes as soon
   * as the next one is asked for. The engine holds the whole to `fingerprint`, so a delivery that changed meanwhile is found.
   */
  raw?(signal: AbortSignal): AsyncIterable<Buffer>
  /** Tells the source that the delivery was taken, or refused, so that it is not offered again. */
  settle(outcome: 'taken' | 'refused'): Promise<void>
}

export interface DeliveryEnd {
  readonly complete: boolean
  readonly records: number
  readonly problems: number
  /**
   * Where the next read goes on, in the connector's own words, up to 1 MiB: handed to the next `read`. The engine keeps it, sealed, in the
   * transaction that ends the delivery: after a crash the same is read again, and nothing is passed over.
   */
  readonly cursor?: string
}

export interface PeopleCapability {
  /** The columns of every delivery, where the connector fixes them: `gatehouse check` holds the mapping to them. Absent: each brings its own. */
  readonly columns?: readonly string[]
  /** The zone of the days in its rows, where the connector knows it: `gatehouse check` holds the zone of the source to it. */
  readonly zone?: string
  /**
   * The oldest delivery that was not settled yet, or null. A wrong control total throws `rejected` and settles as refused. `cursor` is that
   * of the last delivery that was taken; null when there is none, or it does not count any more: then the next delivery is a `full` one.
   * A connector that can't go on from it reads in full as well.
   */
  read(signal: AbortSignal, cursor: string | null): Promise<Delivery | null>
  /** Yields whenever `read` may have something new; ends with the signal. */
  watch(signal: AbortSignal): AsyncIterable<void>
  /**
   * The bytes of a picture, by the reference behind its digest in a cell (`photoText`), as it is now; null when there is none any more. Asked
   * when it is to be written somewhere, in whichever process does so. A source without it has no pictures.
   */
  photo?(reference: string, signal: AbortSignal): Promise<Buffer | null>
}

// ---------------------------------------------------------------- accounts (targets)

/** An access level as the target offers it; pinned by its own id, named by its name. */
export interface TargetLevel {
  readonly externalId: string
  readonly name: string
}

/** Profile fields as the target stores them, after the connector's own cutting and replacing. What is to be cleared is empty. */
export type Profile = Readonly<Record<string, string>>

/** An account as the target shows it now. */
export interface ActualAccount {
  readonly externalId: string
  /** `closed` when the target refuses the person as a whole at every reader (disabled). */
  readonly lock: LockState
  readonly validity: Validity
  readonly profile: Profile
  /** Every card on the account; `card` is null when the target's number fits no known format. `ref` is the target's own row id. */
  readonly cards: readonly { readonly card: Card | null; readonly ref: string; readonly state: 'on' | 'blocked' }[]
  /** Levels granted to the account itself, by external id. */
  readonly levels: readonly string[]
  /** Levels that reach the person by another way (a user group); they count as actual, and can't be revoked here. */
  readonly inheritedLevels: readonly string[]
  readonly pin: boolean
  /** SHA-256 of the picture that it shows, in hex; null: none. Absent where nobody asked, or it is not told. */
  readonly photo?: string | null
  /** Operators, built-in users and our own service account: never touched. */
  readonly untouchable: boolean
  /** Absent where the system tells nothing of the kind. */
  readonly marks?: CredentialMarks
}

/** What a list shows of an account besides profile and dates. Of all else its silence says nothing: only a single read does. */
export interface Told {
  /** False: `lock` tells only whether the dates keep the account out. */
  readonly lock: boolean
  /** True: every card and its state. False: none. */
  readonly cards: boolean
  /** Ids of the levels that it tells of: what the account has none of is not there, and what it has may still turn out to open nothing. */
  readonly levels: ReadonlySet<string>
}

/** An account as a list shows it. */
export interface ListedAccount extends ActualAccount {
  /** Absent: as much as a single read. */
  readonly told?: Told
}

export interface DesiredAccount {
  readonly lock: LockState
  readonly validity: Validity
  readonly facts: PersonFacts
  readonly cards: readonly AccountCard[]
  /** External ids of the levels that the account shall have from us. */
  readonly levels: readonly string[]
  /** A new PIN to set, once; absent leaves the PIN alone. */
  readonly pin?: string
  /** The picture to show from now on, JPEG or PNG; null: none. Absent leaves it alone. */
  readonly photo?: Buffer | null
}

/** An order to make one account so. Repeating it is harmless. */
export type AccountChange =
  /**
   * Create the account when `actual` is null, else change only what differs. `revoke` lists levels and cards that we once
   * gave and now take away; levels and cards in neither list belong to somebody else and stay. `lock` and card states are made
   * exactly as desired, lifting blocks included: the engine passes a block on when it isn't ours to lift. A card that is on nobody's
   * account may be blocked as well: only a block on a card in `lift` is ours. It is lifted when the card is taken away here, so that
   * others can be given it, and before it is given here; any other makes the giving a conflict. `unblock` names by `ref` cards on the
   * account that are neither desired nor revoked, and whose block a lock of ours told of: it is lifted. Wherever a `put` is cut off, an
   * account that shall be open is not closed by it: a closing that no lock-out noted counts as somebody else's.
   */
  | {
      readonly kind: 'put'
      readonly externalId: string
      readonly desired: DesiredAccount
      readonly actual: ActualAccount | null
      readonly revoke: { readonly levels: readonly string[]; readonly cards: readonly Card[] }
      readonly lift?: readonly Card[]
      readonly unblock?: readonly string[]
    }
  /**
   * Shut out at once: lock fields only (disable, block every card, end the validity); `known` saves a read when fresh. With `cards`, only
   * these are blocked where they are on the account, and the account itself stays as it is.
   */
  | {
      readonly kind: 'lock'
      readonly externalId: string
      readonly known: ActualAccount | null
      readonly at: Date
      readonly cards?: readonly Card[]
    }
  | { readonly kind: 'remove'; readonly externalId: string }

export interface PartOutcome {
  readonly part: PartRef
  readonly outcome: 'applied' | 'unchanged' | 'failed'
  readonly failure?: ConnectorError
}

/** What became of each part. A part that failed does not stop the others where the target allows it. */
export interface Applied {
  readonly parts: readonly PartOutcome[]
  /** After a lock of the whole account: the cards that it blocked itself, by `ref`; not those that were blocked already. */
  readonly blocked?: readonly string[]
  /** The target said, now or a little before, that a reader did not take a write: no proof of this order claims more. */
  readonly reach?: 'accepted'
}

export interface AccountsCapability {
  /** IANA name of the zone by whose days the system counts starts and ends. */
  readonly zone: string
  /** The account id that this person gets at the target, by the connector's settings; pure. Throws `rejected` when the facts don't give one. */
  identify(facts: PersonFacts): string
  /** The profile fields that would be written for these facts, after cutting and replacing; pure. What no fact speaks of is left out, and left alone; of a fact that is null the field is empty, and cleared, unless the target needs it. Compared with `ActualAccount.profile` field by field, where what is not shown is empty. */
  render(facts: PersonFacts): Profile
  /** Throws `rejected` when the target could not take this card at all; pure. */
  checkCard(card: Card): void
  /** Throws `rejected` when the target could not take this PIN, or takes none at all; pure. */
  checkPin(pin: string): void
  /** Pictures are written, and shown to whoever asks for them. Left out: neither, and `photo` is never ordered. */
  readonly takesPhotos?: boolean
  /** Every access level that can be granted. */
  discover(signal: AbortSignal): Promise<readonly TargetLevel[]>
  /**
   * One account (null when the target has none), read separately from any write. `photo` asks for the picture as well, which takes longer:
   * a lock-out never does. Where the target refuses to show it, it is not told, and the rest is.
   */
  read(externalId: string, signal: AbortSignal, also?: { readonly photo: boolean }): Promise<ActualAccount | null>
  /**
   * All accounts, page by page, to the end, each with what the list tells of it (`told`). Who has one of `levels` is told where that takes
   * few requests: what no rule hands out, nobody asks about.
   */
  list(signal: AbortSignal, levels?: readonly string[]): AsyncIterable<readonly ListedAccount[]>
  apply(change: AccountChange, signal: AbortSignal): Promise<Applied>
}

// ---------------------------------------------------------------- events (of targets)

export interface ReportedEvent {
  /** The same for the same event, however and however often it is told; no other event of this system has it. At most 200 characters. */
  readonly key: string
  readonly event: AccessEvent
}

/** At most 1,000 events, in the system's order as far as it has one; what was told before may be among them. */
export interface EventBatch {
  readonly events: readonly ReportedEvent[]
  /**
   * Where the next `follow` goes on once these are kept, in the connector's own words, up to 64 KiB; absent: where it would have gone on
   * before. The engine keeps it, sealed, in the transaction that keeps the events.
   */
  readonly cursor?: string
  /** Told as they happened, not looked up later: only these say how wrong the clocks of devices are. */
  readonly live: boolean
}

export interface EventsCapability {
  /**
   * Everything that happened after `cursor` (null: from now on), and then whatever happens, without end; nothing is passed over where the
   * system still has it. Batches may be empty: they prove that the system was heard, at least every 30 s. The next may be asked for while
   * one is still being kept. Throws the ConnectorError of whatever ends it: the engine begins again at the last cursor that it kept.
   * Where the system lost events, an event `system.events_lost` stands in their place.
   */
  follow(cursor: string | null, signal: AbortSignal): AsyncIterable<EventBatch>
}

// ---------------------------------------------------------------- sinks (of subscriptions)

/** An event as it leaves Gatehouse: CloudEvents 1.0.2 in the JSON format, already filtered, and with no more in it than the subscription may have. */
export interface OutgoingEvent {
  readonly specversion: '1.0'
  /** The same each time this event is delivered. */
  readonly id: string
  /** `/gatehouse/<gateway>/<system>`; of punches `/gatehouse/<gateway>/attendance_log`. */
  readonly source: string
  /** `org.gatehouse.<name>.v1`: see `eventName`. */
  readonly type: string
  readonly time: string
  readonly subject?: string
  readonly datacontenttype: 'application/json'
  /** Dense per source: the position in the log, as text of digits. */
  readonly sequence: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What became of a batch that the receiver took as a whole. */
export interface Delivered {
  /** Events, by index, that the receiver will never take, and why, by stable code; all others are with it for good. */
  readonly refused: readonly { readonly index: number; readonly code: string }[]
  /** Status of the answer, where there is one. */
  readonly status: number | null
}

export interface SinkCapability {
  /** What one call takes at most; bytes of JSON. */
  readonly batch: { readonly events: number; readonly bytes: number }
  /**
   * Returns when the receiver has them all for good. Throws a ConnectorError when it took none, or nobody knows: then the same events, in
   * the same order, are delivered again, perhaps fewer at once. `throttled` waits as long as the receiver asked for; `unauthenticated` (a
   * refused login, a certificate, a receiver that is not allowed) is told at once, and tried again slowly; `rejected` (it will not have
   * this batch) is tried in halves, so that one event that it never takes holds up no other; `rejected` with the code `sink.gone` (the
   * receiver says that it is there no more) ends the subscription until somebody enables it. Never called twice at once.
   */
  deliver(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<Delivered>
  /** Called about once a minute while the subscription is led, never beside `deliver`: for what time alone ends, such as a day. */
  tend?(signal: AbortSignal): Promise<void>
}

// ---------------------------------------------------------------- the connector itself

export interface Capabilities {
  people: PeopleCapability
  accounts: AccountsCapability
  events: EventsCapability
  sink: SinkCapability
}

/** Facts and worries found by `gatehouse check` about one connection. */
export interface Health {
  readonly product: string
  readonly version: string
  /** How sure a successful write is to reach the readers: shown with every proof. */
  readonly reach: 'read-back' | 'accepted' | 'not-knowable'
  readonly problems: readonly {
    readonly severity: 'error' | 'warning'
    readonly code: string
    readonly message: string
  }[]
}

export type Connection<C extends keyof Capabilities> = Pick<Capabilities, C> & {
  health(signal: AbortSignal): Promise<Health>
  close(): Promise<void>
}

export type { ConnectorLog, Context, SinkContext, TemplateDigests } from './context.ts'
export type { CredentialMarks } from './marks.ts'

export type ContextOf<C extends keyof Capabilities> = 'sink' extends C ? SinkContext : Context

export interface Connector<S extends z.ZodType, C extends keyof Capabilities> {
  /** Equals the folder name. */
  readonly id: string
  readonly title: string
  readonly vendor: { readonly name: string; readonly docs: string; readonly testedWith: readonly string[] }
  /** One schema: parsing, docs, JSON Schema, forms and masking come from it. */
  readonly settings: S
  readonly capabilities: readonly C[]
  /** Defaults for what the system bears; the target's configuration may lower them. */
  readonly limits: {
    readonly concurrency: number
    readonly requestsPerSecond: number
    readonly requestTimeoutMs: number
    /** So long, in ms, the system may still carry out a write of which we gave up the answer, and a lock-out is not over; twice `requestTimeoutMs` by default. */
    readonly lateWriteMs?: number
  }
  /**
   * Where an account shows whose it is, unless the target's configuration says otherwise: `account-id`, or profile fields as the system
   * stores them. Of a name the first field that is filled counts.
   */
  readonly recognisedBy?: {
    readonly employeeNumber: readonly string[]
    readonly email: readonly string[]
    readonly name: readonly string[]
  }
  /** What a subscription may deliver by it; left out: events alone. Who worked when is not for whoever watches doors. */
  readonly feeds?: readonly FeedName[]
  /** What a subscription tells of doors and people where it does not say. Left out: which door it was, by name and id. */
  readonly reveal?: readonly Reveal[]
  /** Its system hands out templates with an account, and it makes keyed digests of them where it is told to. Left out: it never does. */
  readonly digestsTemplates?: true
  /** Of a connector with events: what each documented code of its system becomes, for `gatehouse events types --system`. */
  readonly eventCodes?: readonly CodeMeaning[]
  /** Settings, by key, without which a capability is of no use: one that lacks them there is a mistake of the configuration. */
  readonly needs?: Readonly<Partial<Record<C, readonly string[]>>>
  /** Where to connect, for the egress guard; null for a system without a network. */
  address(settings: z.output<S>): Address | null
  /**
   * Should make no call, and log in when first needed: what is pure is also asked of settings that nobody has released yet, and then
   * every call fails.
   */
  connect(settings: z.output<S>, context: ContextOf<NoInfer<C>>, signal: AbortSignal): Promise<Connection<NoInfer<C>>>
}

/** Declares a connector; a declared capability that `connect` does not return is a compile error. */
export function defineConnector<S extends z.ZodType, const C extends keyof Capabilities>(
  connector: Connector<S, C>,
): Connector<S, C> {
  return connector
}
