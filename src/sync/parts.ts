/** The parts of an account as text that can be signed and compared, and the changes that lead from one to the other. */
import { createHash } from 'node:crypto'
import type { LockState } from '../model/account.ts'
import type { AccessLevelId, CredentialId, PinIssueId } from '../model/id.ts'

/** What is wanted, or desired, of one account. Digests stand for profile and validity, random ids for cards and levels. */
export interface Parts {
  readonly lock: LockState
  /** There is to be no such account any more: it is closed, and nothing is left on it. */
  readonly gone?: true
  /** Keyed digest of facts that the profile is written from. */
  readonly profile: string
  readonly validity: string
  readonly cards: Readonly<Record<CredentialId, 'on' | 'blocked'>>
  readonly levels: readonly AccessLevelId[]
  /** Of what is wanted: an operator's lock, or its suspension, alone closed it, so lifting that opens it, whatever else can be told. */
  readonly byLock?: true
  /** The newest PIN that was issued for the account, by random id. */
  readonly pin?: PinIssueId
  /** Of what may have been brought about there: whatever of it the target shows came back with its old state, also what was noted since. */
  readonly cameBack?: true
}

export const changeKinds = [
  'lockout-record',
  'lockout-absence',
  'revoke',
  'grant',
  'create',
  'change',
  'delete',
] as const
export type ChangeKind = (typeof changeKinds)[number]

/** Whether such a change takes something away from a person. */
export function takesAway(kind: ChangeKind): boolean {
  return kind === 'revoke' || kind === 'delete' || kind === 'lockout-absence' || kind === 'lockout-record'
}

/** What the name of a part stands for; `whole` is all that an account has one of. */
export type PartName =
  | { readonly is: 'card'; readonly id: CredentialId }
  | { readonly is: 'level'; readonly id: AccessLevelId }
  | { readonly is: 'whole' }

export function partOf(name: string): PartName {
  if (name.startsWith('card:')) return { is: 'card', id: name.slice('card:'.length) as CredentialId }
  if (name.startsWith('level:')) return { is: 'level', id: name.slice('level:'.length) as AccessLevelId }
  return { is: 'whole' }
}

/** One step from desired to wanted. `part` is `account`, `lock`, `profile`, `validity`, `card:<id>` or `level:<id>`. */
export interface Change {
  readonly kind: ChangeKind
  readonly part: string
  readonly before: string | null
  readonly after: string | null
}

/** The same parts give the same text, whatever order they were collected in. `lock` and `gone` come first: stores are searched by them (`store/account-sql.ts`). */
export function encodeParts(parts: Parts): string {
  const cards = Object.fromEntries(Object.entries(parts.cards).sort(([a], [b]) => (a < b ? -1 : 1)))
  const { lock, gone, profile, validity, byLock, pin, cameBack } = parts
  const first = gone === undefined ? { lock } : { lock, gone }
  // What is seldom there is left out, so that other accounts read as they always did.
  const seldom = {
    ...(byLock === undefined ? {} : { byLock }),
    ...(pin === undefined ? {} : { pin }),
    ...(cameBack === undefined ? {} : { cameBack }),
  }
  return JSON.stringify({ ...first, profile, validity, cards, levels: [...parts.levels].sort(), ...seldom })
}

/** Reads what `encodeParts` wrote; the text comes from a row whose guard was verified. */
export function decodeParts(text: string): Parts {
  return JSON.parse(text) as Parts
}

/** As `decodeParts`; null of what is not there. */
export function decodeIfAny(text: string | null): Parts | null {
  return text === null ? null : decodeParts(text)
}

/**
 * Every change from `before` (null: no account yet) to `after`. A closed account gets lock and removals only: its profile and
 * validity stay as they were until it opens again. `leaving` says what a lock-out is founded on.
 */
export function changesBetween(
  before: Parts | null,
  after: Parts,
  leaving: 'lockout-record' | 'lockout-absence',
): Change[] {
  if (before === null) {
    if (after.lock === 'closed') return []
    return [creation(after)]
  }
  // Where the account was deleted, whoever comes back gets a new one.
  if (before.gone) return after.lock === 'open' ? [creation(after)] : []
  // Removals wait until the lock itself was passed: a held lock-out must not come about through its removals.
  if (before.lock === 'open' && after.lock === 'closed')
    return [{ kind: leaving, part: 'lock', before: 'open', after: 'closed' }]
  const changes: Change[] = []
  if (before.lock === 'closed' && after.lock === 'open') {
    changes.push({ kind: 'grant', part: 'lock', before: 'closed', after: 'open' })
  }
  if (after.lock === 'open') {
    for (const part of ['profile', 'validity'] as const) {
      if (before[part] !== after[part]) changes.push({ kind: 'change', part, before: before[part], after: after[part] })
    }
  }
  changes.push(...cardChanges(before, after, leaving), ...levelChanges(before, after))
  // The account goes last: what still holds back a card or a level of it holds it back, too.
  if (after.gone && changes.length === 0) return [{ kind: 'delete', part: 'account', before: before.lock, after: null }]
  return changes
}

const creation = (parts: Parts): Change => ({
  kind: 'create',
  part: 'account',
  before: null,
  after: fingerprint(parts),
})

/** Cards that only follow the lock are part of the lock's own change. */
function cardChanges(before: Parts, after: Parts, leaving: ChangeKind): Change[] {
  const changes: Change[] = []
  for (const id of new Set([...Object.keys(before.cards), ...Object.keys(after.cards)]) as Set<CredentialId>) {
    const was = before.cards[id] ?? null
    const is = after.cards[id] ?? null
    if (was === is || (before.lock !== after.lock && was !== null && is !== null)) continue
    const kind = is === null ? 'revoke' : is === 'on' ? 'grant' : was === null ? 'change' : leaving
    changes.push({ kind, part: `card:${id}`, before: was, after: is })
  }
  return changes
}

function levelChanges(before: Parts, after: Parts): Change[] {
  const had = new Set(before.levels)
  const has = new Set(after.levels)
  return [
    ...before.levels
      .filter((id) => !has.has(id))
      .map((id): Change => ({ kind: 'revoke', part: `level:${id}`, before: 'on', after: null })),
    ...after.levels
      .filter((id) => !had.has(id))
      .map((id): Change => ({ kind: 'grant', part: `level:${id}`, before: null, after: 'on' })),
  ]
}

/** Whether some change leads from what is desired, as the row holds it, to `wanted`. */
export function isPending(desired: string | null, wanted: Parts): boolean {
  return changesBetween(decodeIfAny(desired), wanted, 'lockout-record').length > 0
}

/** Whether it leads to a lock-out, of the account or of a card. */
export function isShutting(desired: string | null, wanted: Parts): boolean {
  return (
    desired !== null &&
    changesBetween(decodeParts(desired), wanted, 'lockout-record').some(({ kind }) => kind === 'lockout-record')
  )
}

/** `before` with exactly these changes made; `after` is what they were computed against. */
export function applyChanges(before: Parts | null, after: Parts, changes: readonly Change[]): Parts {
  if (before === null) {
    if (!changes.some(({ part }) => part === 'account')) throw new Error('an account begins with its creation')
    return after
  }
  // Its creation anew, or its deletion: either comes alone.
  if (changes.some(({ part }) => part === 'account')) return after
  let { lock, profile, validity } = before
  const cards: Record<string, 'on' | 'blocked'> = { ...before.cards }
  const levels = new Set(before.levels)
  for (const { part } of changes) {
    const named = partOf(part)
    if (part === 'lock') {
      lock = after.lock
      for (const id of Object.keys(cards) as CredentialId[])
        cards[id] = after.cards[id] ?? (lock === 'closed' ? 'blocked' : (cards[id] as 'on' | 'blocked'))
    } else if (part === 'profile') profile = after.profile
    else if (part === 'validity') validity = after.validity
    else if (named.is === 'card') {
      const state = after.cards[named.id]
      if (state === undefined) delete cards[named.id]
      else cards[named.id] = state
    } else if (named.is === 'level') {
      if (after.levels.includes(named.id)) levels.add(named.id)
      else levels.delete(named.id)
    }
  }
  const pin = before.pin === undefined ? {} : { pin: before.pin }
  return { lock, profile, validity, cards, levels: [...levels].sort(), ...pin }
}

/** Names a whole state in a plan. */
export function fingerprint(parts: Parts): string {
  return createHash('sha256').update(encodeParts(parts)).digest('base64url').slice(0, 16)
}
