/** A target in memory that keeps to the contract, with faults on demand; tests look into its own books, never at what it answered. */
import type {
  AccountChange,
  AccountsCapability,
  ActualAccount,
  Applied,
  Connection,
  PartOutcome,
  TargetLevel,
} from '../connector/contract.ts'
import { ConnectorError } from '../connector/errors.ts'
import type { LockState, PartRef, Validity } from '../model/account.ts'
import { type Card, cardKey } from '../model/card.ts'
import type { FailureKind } from '../model/failure.ts'
import type { PersonFacts } from '../model/person.ts'

/** A user as the target itself keeps it. */
export interface TargetUser {
  lock: LockState
  validity: Validity
  profile: Record<string, string>
  readonly cards: Map<string, { readonly card: Card; state: 'on' | 'blocked' }>
  levels: Set<string>
  readonly inherited: Set<string>
  untouchable: boolean
}

export interface TargetCall {
  readonly verb: 'read' | 'put' | 'lock' | 'remove' | 'discover'
  readonly externalId: string
}

/** What goes wrong with one call. */
export type Fault =
  /** Refused before anything happened. */
  | { readonly is: 'failure'; readonly kind: FailureKind; readonly retryAfterMs?: number }
  /** No answer comes; the write is carried out at once, later, or not at all. */
  | { readonly is: 'unanswered'; readonly lands: 'at-once' | 'late' | 'never' }
  /** As long as the caller waits, no answer comes. */
  | { readonly is: 'hanging'; readonly lands: 'late' | 'never' }
  /** These parts are refused; the others are written. */
  | { readonly is: 'parts'; readonly parts: readonly PartRef['kind'][]; readonly kind: FailureKind }
  /** Something else happens while the call is on its way. */
  | { readonly is: 'meanwhile'; readonly run: () => Promise<unknown> }
  /** A failure that is no ConnectorError: a bug of the connector. */
  | { readonly is: 'bug' }

export interface MemoryTarget {
  readonly connection: Connection<'accounts'>
  readonly users: Map<string, TargetUser>
  readonly calls: TargetCall[]
  levels: TargetLevel[]
  /** Asked before each call. */
  fault: (call: TargetCall) => Fault | null
  /** Carries out what was sent and never answered; tells how many writes that were. */
  land(): number
}

/** Faults for the next calls of a verb, one after the other. */
export function nextCalls(target: MemoryTarget, verb: TargetCall['verb'], ...faults: readonly Fault[]): void {
  const left = [...faults]
  target.fault = (call) => (call.verb === verb ? (left.shift() ?? null) : null)
}

/** Whether a door opens for this user: what a reader would say. */
export function opens(user: TargetUser | undefined, at: Date): boolean {
  if (user === undefined || user.lock === 'closed') return false
  const { from, until } = user.validity
  if (from !== null && Date.parse(from) > at.getTime()) return false
  return until === null || Date.parse(until) > at.getTime()
}

const profileOf = (facts: PersonFacts): Record<string, string> => ({
  name: [facts.givenName, facts.familyName].filter((name) => name !== null).join(' '),
  department: facts.department ?? '',
})

export function memoryTarget(levels: readonly string[]): MemoryTarget {
  const users = new Map<string, TargetUser>()
  const calls: TargetCall[] = []
  let late: (() => void)[] = []

  const target: MemoryTarget = {
    users,
    calls,
    levels: levels.map((name) => ({ externalId: `id of ${name}`, name })),
    fault: () => null,
    land() {
      const landing = late
      late = []
      for (const write of landing) write()
      return landing.length
    },
    connection: {
      accounts: accounts(),
      health: async () => ({ product: 'memory', version: '1', reach: 'read-back', problems: [] }),
      close: async () => undefined,
    },
  }
  return target

  function accounts(): AccountsCapability {
    return {
      identify(facts) {
        if (facts.employeeNumber === null)
          throw new ConnectorError({ kind: 'rejected', code: 'memory.no-employee-number' })
        return facts.employeeNumber
      },
      render: profileOf,
      checkCard: () => undefined,
      discover: (signal) => call({ verb: 'discover', externalId: '' }, signal, () => target.levels),
      read: (externalId, signal) => call({ verb: 'read', externalId }, signal, () => seen(externalId)),
      async *list() {
        yield [...users.keys()].flatMap((id) => seen(id) ?? [])
      },
      apply: (change, signal) =>
        call({ verb: change.kind, externalId: change.externalId }, signal, (refused) => write(change, refused)),
    }
  }

  type Refused = (part: PartRef['kind']) => ConnectorError | null

  async function call<T>(of: TargetCall, signal: AbortSignal, carryOut: (refused: Refused) => T): Promise<T> {
    signal.throwIfAborted()
    calls.push(of)
    const fault = target.fault(of)
    // As a request over the network would, the call gives way to others.
    await new Promise((resolve) => setImmediate(resolve))
    switch (fault?.is) {
      case 'failure': {
        const { kind, retryAfterMs } = fault
        throw new ConnectorError({
          kind,
          code: `memory.${kind}`,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        })
      }
      case 'bug':
        throw new TypeError('a bug of the connector')
      case 'unanswered':
        if (fault.lands === 'at-once') carryOut(none)
        if (fault.lands === 'late') late.push(() => carryOut(none))
        throw new ConnectorError({ kind: 'transient', code: 'memory.no-answer', outcomeUnknown: true })
      case 'hanging':
        if (fault.lands === 'late') late.push(() => carryOut(none))
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        throw new ConnectorError({ kind: 'transient', code: 'memory.cut', outcomeUnknown: true })
      case 'meanwhile':
        await fault.run()
        signal.throwIfAborted()
        return carryOut(none)
      case 'parts': {
        const { parts, kind } = fault
        return carryOut((part) =>
          parts.includes(part) ? new ConnectorError({ kind, code: `memory.${part}-refused` }) : null,
        )
      }
      default:
        return carryOut(none)
    }
  }

  function seen(externalId: string): ActualAccount | null {
    const user = users.get(externalId)
    if (user === undefined) return null
    return {
      externalId,
      lock: user.lock,
      validity: user.validity,
      profile: { ...user.profile },
      cards: [...user.cards].map(([ref, { card, state }]) => ({ ref, card, state })),
      levels: [...user.levels],
      inheritedLevels: [...user.inherited],
      pin: false,
      untouchable: user.untouchable,
    }
  }

  function write(change: AccountChange, refused: Refused): Applied {
    if (change.kind === 'remove') {
      users.delete(change.externalId)
      return { parts: [] }
    }
    return { parts: change.kind === 'lock' ? lock(change, refused) : put(change, refused) }
  }

  function lock(
    { externalId, at }: Extract<AccountChange, { kind: 'lock' }>,
    refused: Refused,
  ): readonly PartOutcome[] {
    const user = users.get(externalId)
    if (user === undefined) return [{ part: { kind: 'lock' }, outcome: 'unchanged' }]
    const { from, until } = user.validity
    const ends = until !== null && Date.parse(until) <= at.getTime() ? until : at.toISOString()
    return [
      attempt({ kind: 'lock' }, refused, () => {
        user.lock = 'closed'
      }),
      attempt({ kind: 'validity' }, refused, () => {
        user.validity = { from, until: ends }
      }),
      ...[...user.cards.values()].map((held) =>
        attempt({ kind: 'card', card: held.card }, refused, () => {
          held.state = 'blocked'
        }),
      ),
    ]
  }

  /** Writes what differs from `actual` and nothing else; the list of levels is replaced as a whole, as most vendors do. */
  function put(change: Extract<AccountChange, { kind: 'put' }>, refused: Refused): readonly PartOutcome[] {
    const { externalId, desired, actual, revoke } = change
    const known = users.get(externalId)
    if ((known === undefined) !== (actual === null))
      return [failed({ kind: 'profile' }, new ConnectorError({ kind: 'conflict', code: 'memory.duplicate' }))]
    const user: TargetUser = known ?? {
      lock: 'open',
      validity: { from: null, until: null },
      profile: {},
      cards: new Map(),
      levels: new Set(),
      inherited: new Set(),
      untouchable: false,
    }
    const parts: PartOutcome[] = []
    if (actual?.lock !== desired.lock)
      parts.push(
        attempt({ kind: 'lock' }, refused, () => {
          user.lock = desired.lock
        }),
      )
    if (JSON.stringify(actual?.validity) !== JSON.stringify(desired.validity))
      parts.push(
        attempt({ kind: 'validity' }, refused, () => {
          user.validity = desired.validity
        }),
      )
    const profile = profileOf(desired.facts)
    if (Object.entries(profile).some(([field, value]) => actual?.profile[field] !== value))
      parts.push(
        attempt({ kind: 'profile' }, refused, () => {
          user.profile = profile
        }),
      )
    // Without a name nobody is created; everything else can follow later.
    const unnamed = actual === null ? parts.find(({ outcome }) => outcome === 'failed') : undefined
    if (unnamed !== undefined) return [unnamed]
    users.set(externalId, user)
    for (const { card, state } of desired.cards)
      parts.push(attempt({ kind: 'card', card }, refused, () => setCard(user, card, state)))
    for (const card of revoke.cards)
      parts.push(attempt({ kind: 'card', card }, refused, () => void user.cards.delete(cardKey(card))))
    const inherited = actual?.inheritedLevels ?? []
    const list = new Set([...(actual?.levels ?? []), ...desired.levels.filter((level) => !inherited.includes(level))])
    for (const level of revoke.levels) list.delete(level)
    const moved = [...new Set([...list, ...(actual?.levels ?? [])])].filter(
      (level) => list.has(level) !== (actual?.levels.includes(level) ?? false),
    )
    const levelParts = moved.map((level) => attempt({ kind: 'level', level }, refused, () => undefined))
    if (moved.length > 0 && levelParts.every(({ outcome }) => outcome === 'applied')) user.levels = list
    return [...parts, ...levelParts]
  }

  function setCard(user: TargetUser, card: Card, state: 'on' | 'blocked'): void {
    const key = cardKey(card)
    const taken = [...users.values()].some((other) => other !== user && other.cards.has(key))
    if (taken) throw new ConnectorError({ kind: 'conflict', code: 'memory.card-taken' })
    user.cards.set(key, { card, state })
  }

  function attempt(part: PartRef, refused: Refused, step: () => void): PartOutcome {
    const failure = refused(part.kind)
    if (failure !== null) return failed(part, failure)
    try {
      step()
      return { part, outcome: 'applied' }
    } catch (error) {
      if (error instanceof ConnectorError) return failed(part, error)
      throw error
    }
  }
}

const none = (): null => null

function failed(part: PartRef, failure: ConnectorError): PartOutcome {
  return { part, outcome: 'failed', failure }
}
