/** Decides what one person's accounts should be: merges the records, runs the policy, and writes it down as *wanted*. */
import { ConnectorError } from '../../connector/errors.ts'
import { mergePerson } from '../../mapping/merge.ts'
import type { Validity } from '../../model/account.ts'
import type { AccessLevelId, CredentialId } from '../../model/id.ts'
import type { Person, PersonFacts } from '../../model/person.ts'
import { leaverStages } from '../../policy/leaver.ts'
import type { Evaluation } from '../../policy/policy.ts'
import { isCurrentAt, type Standing, stateOf } from '../../policy/state.ts'
import { type AccountFacts, type Dossier, type DossierAccount, touch } from '../../store/dossier.ts'
import { sealFacts } from '../account-facts.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { addAccount } from '../new-account.ts'
import type { Origin } from '../origin.ts'
import { decodeParts, encodeParts, isPending, isShutting, type Parts } from '../parts.ts'
import { giveBackAll, isUsable, mergeCredentials } from './credentials.ts'
import { endOverGrants, grantEnds, individualLevels, withoutEnded } from './individual.ts'
import { writtenDigest } from './profile-digest.ts'
import { afterStages, deletedRow, isDeleted, isForgotten, stagesOf } from './stages.ts'
import { validityDigest } from './validity-digest.ts'

/** Something about a person that a human should look at; codes only. */
export interface Finding {
  readonly code:
    | 'account.no-identity'
    | 'account.identity-taken'
    | 'card.not-revived'
    | 'card.two-formats'
    | 'card.waits'
    | 'level.unknown'
  readonly scope: string
}

export interface Resolution {
  readonly findings: readonly Finding[]
  /** Digests of cards that this person no longer holds: somebody may have waited for them. */
  readonly freedCards: readonly Buffer[]
}

/**
 * The person as the records say now, and the standing that follows; changes nothing. A record that is missing, and not yet confirmed
 * to be gone, still counts, but where it is taken for `gone`; with `ignored` so does every record that is gone.
 */
export function understand(
  context: SyncContext,
  dossier: Dossier,
  now: Date,
  absence: 'counts' | 'gone' | 'ignored' = 'counts',
): { person: Person; standing: Standing } {
  const sourced = dossier.records.map(({ row, record }) => ({
    source: row.source,
    zone: context.sources.get(row.source)?.zone ?? 'UTC',
    record,
    gone: absence !== 'ignored' && (row.presence === 'gone' || (absence === 'gone' && row.presence === 'missing')),
  }))
  const person = mergePerson(dossier.person.id, sourced, isCurrentAt(now, context.stateOptions))
  return { person, standing: stateOf(person, now, context.stateOptions) }
}

/** Brings `wanted` of every account up to date; `by` names what moved it (a source, `clock`, `operator`, `policy`). */
export function resolve(context: SyncContext, dossier: Dossier, now: Date, by: Origin): Resolution {
  // What is wanted takes a missing record for gone; the plan holds what follows until the absence is confirmed.
  const { person, standing } = understand(context, dossier, now, 'gone')
  if (dossier.torn) return shutTorn(context, dossier, standing, now, by)
  const findings: Finding[] = []
  endOverGrants(dossier, now, stagesOf(context, dossier, now).levelsAreOver)
  const freedCards = isForgotten(context, dossier, now)
    ? giveBackAll(dossier)
    : mergeCredentials(context, dossier, person, findings)
  const evaluation = context.policy.evaluate(person, standing)
  const isMissing = dossier.records.some(({ row }) => row.presence === 'missing')
  const present = isMissing ? understand(context, dossier, now) : { person, standing }
  settlePerson(context, dossier, present.standing, now)
  const { levels, unresolved } = wantedLevels(context, evaluation, findings)
  const individual = individualLevels(context, dossier, standing)
  for (const [name, target] of context.targets) {
    const known = dossier.accounts.find(({ row }) => row.target === name && row.is_primary)
    const account = known !== undefined && isDeleted(known) ? undefined : known
    const granted = [...new Set([...(levels.get(name) ?? []), ...(individual.get(name) ?? [])])]
    if (account !== undefined) {
      revise(
        context,
        dossier,
        account,
        wantedOf(context, dossier, account, {
          target,
          // A record that is only missing says no less about the person than it did: it clears nothing.
          person: { ...person, facts: present.person.facts },
          standing,
          evaluation,
          granted,
          unresolved: unresolved.has(name),
          now,
        }),
        by,
      )
    } else if (
      standing.state !== 'unknown' &&
      !isShut(dossier, standing, now) &&
      granted.length > 0 &&
      standing.validity !== null
    ) {
      try {
        beginOrAgain(context, dossier, target, { person, standing, granted }, by)
      } catch (error) {
        if (!(error instanceof ConnectorError)) throw error
        findings.push({ code: 'account.no-identity', scope: dossier.person.id })
      }
    } else if (known !== undefined) stayDeleted(context, dossier, known, by)
  }
  for (const account of dossier.accounts)
    if (!account.row.is_primary) reviseExtra(context, dossier, account, standing, now, by)
  return { findings, freedCards }
}

/**
 * Of whom a row is missing, only what shuts is certain: whoever is out is shut out of all accounts, and a card that must not open is blocked.
 * Nothing else is wanted than what is desired already.
 */
function shutTorn(context: SyncContext, dossier: Dossier, standing: Standing, now: Date, by: Origin): Resolution {
  settlePerson(context, dossier, understand(context, dossier, now).standing, now)
  endOverGrants(dossier, now, false)
  const isOutNow = isShut(dossier, standing, now)
  const opens = new Map(dossier.credentials.map(({ row }) => [row.id, isUsable(row)]))
  for (const account of dossier.accounts) {
    const { byLock: _, ...base } = decodeParts(account.row.desired ?? account.row.wanted)
    const cards = (Object.entries(base.cards) as [CredentialId, 'on' | 'blocked'][]).map(
      ([id, state]) => [id, isOutNow || opens.get(id) === false ? 'blocked' : state] as const,
    )
    const lock = isOutNow ? 'closed' : base.lock
    const parts = { ...base, lock, cards: Object.fromEntries(cards), levels: withoutEnded(dossier, base.levels) }
    revise(context, dossier, account, { parts, facts: null }, by)
  }
  return { findings: [], freedCards: [] }
}

/** An extra account is not ours to change, but whoever is shut out is shut out of it too. */
function reviseExtra(
  context: SyncContext,
  dossier: Dossier,
  account: DossierAccount,
  standing: Standing,
  now: Date,
  by: Origin,
): void {
  const { row } = account
  const isOutNow = isShut(dossier, standing, now)
  if (isDeleted(account)) stayDeleted(context, dossier, account, by)
  if (isDeleted(account) || (standing.state === 'unknown' && !isOutNow)) return
  const { gone: _, ...base } = decodeParts(row.desired ?? row.wanted)
  const parts: Parts = isOutNow
    ? afterStages({ ...base, lock: 'closed' }, stagesOf(context, dossier, now))
    : { ...base, lock: 'open' }
  revise(context, dossier, account, { parts, facts: null }, by)
}

/** Nothing else is wanted of it any more, whatever was wanted meanwhile. */
function stayDeleted(context: SyncContext, dossier: Dossier, account: DossierAccount, by: Origin): void {
  const parts = decodeParts(account.row.desired ?? account.row.wanted)
  revise(context, dossier, account, { parts, facts: null }, by)
}

/** Shut out as a person: left or suspended by the sources, or locked by an operator; an operator's `unlock` outweighs the sources for its time. */
export function isShut(dossier: Dossier, standing: Standing, now: Date): boolean {
  const { locked_at, unlocked_until } = dossier.person
  if (locked_at !== null) return true
  if (unlocked_until !== null && unlocked_until > now) return false
  return isOut(standing)
}

/** By what the sources say. */
export function isOut({ state }: Standing): boolean {
  return state === 'left' || state === 'suspended'
}

function settlePerson(context: SyncContext, dossier: Dossier, standing: Standing, now: Date): void {
  const { person } = dossier
  const left = standing.state === 'left' ? (person.left_at ?? now) : null
  const stage = leaverStages(left, now, context.leaver).nextAt
  const upcoming = [standing.nextChangeAt, stage, person.unlocked_until, ...grantEnds(dossier)].filter(
    (at): at is Date => at !== null && at > now,
  )
  const next = upcoming.length === 0 ? null : new Date(Math.min(...upcoming.map((at) => at.getTime())))
  if (person.state === standing.state && same(person.left_at, left) && same(person.next_change_at, next)) return
  person.state = standing.state
  person.left_at = left
  person.next_change_at = next
  touch(dossier)
}

function same(a: Date | null, b: Date | null): boolean {
  return a?.getTime() === b?.getTime()
}

interface WantedLevels {
  readonly levels: ReadonlyMap<string, AccessLevelId[]>
  /** Targets where a rule names a level that can't be found: renamed, deleted or there twice. */
  readonly unresolved: ReadonlySet<string>
}

function wantedLevels(context: SyncContext, evaluation: Evaluation, findings: Finding[]): WantedLevels {
  const byTarget = new Map<string, AccessLevelId[]>()
  const unresolved = new Set<string>()
  for (const ref of evaluation.wanted.keys()) {
    const target = ref.slice(0, ref.indexOf('/'))
    const id = context.levels.byRef(ref)
    if (id === undefined) {
      findings.push({ code: 'level.unknown', scope: target })
      unresolved.add(target)
      continue
    }
    const list = byTarget.get(target)
    if (list === undefined) byTarget.set(target, [id])
    else list.push(id)
  }
  return { levels: byTarget, unresolved }
}

interface Grounds {
  readonly target: TargetSetup
  readonly person: Person
  readonly standing: Standing
  readonly evaluation: Evaluation
  readonly granted: readonly AccessLevelId[]
  readonly unresolved: boolean
  readonly now: Date
}

/** The wanted parts of an account that exists in our books; facts are null when they stay as they are. */
function wantedOf(
  context: SyncContext,
  dossier: Dossier,
  account: DossierAccount,
  grounds: Grounds,
): { parts: Parts; facts: AccountFacts | null } {
  const { target, person, standing, evaluation, granted, unresolved, now } = grounds
  const { gone: _, ...base } = decodeParts(account.row.desired ?? account.row.wanted)
  if (isShut(dossier, standing, now)) {
    // A card that was given back leaves the account at once: somebody else may be given it.
    const held = dossier.credentials.filter(({ row }) => base.cards[row.id] !== undefined && row.state !== 'returned')
    const cards = Object.fromEntries(held.map(({ row }) => [row.id, 'blocked' as const]))
    const { byLock: _, ...kept } = base
    const closed = { ...kept, lock: 'closed', cards, levels: withoutEnded(dossier, base.levels) } as const
    const parts = afterStages(closed, stagesOf(context, dossier, now))
    const wanted = decodeParts(account.row.wanted)
    const byLock = dossier.person.locked_at !== null && !isOut(standing) && (wanted.byLock || wanted.lock === 'open')
    return { parts: byLock ? { ...parts, byLock } : parts, facts: null }
  }
  if (standing.state === 'unknown' || standing.validity === null) {
    // Nobody's account is deleted of whom it is not certain that they left.
    const { gone: _, ...last } = decodeParts(account.row.wanted)
    return { parts: { ...last, levels: withoutEnded(dossier, last.levels) }, facts: null }
  }
  // Levels that nobody can tell about now stay as they are; so do a mistaken leaver's while an operator keeps the door open.
  const kept =
    standing.state === 'left' || unresolved
      ? base.levels
      : base.levels.filter((id) => isUnclear(context, evaluation, id))
  const validity =
    standing.state === 'left'
      ? { from: null, until: certain(dossier.person.unlocked_until).toISOString() }
      : standing.validity
  const levels = [...new Set([...granted, ...withoutEnded(dossier, kept)])]
  const { parts, facts } = openParts(context, dossier, target, person.facts, validity, levels)
  // A PIN is no matter of rules: it stays as it was issued.
  return { parts: base.pin === undefined ? parts : { ...parts, pin: base.pin }, facts }
}

/** A rule could not tell, or the level itself is gone from the catalogue: neither is a reason to take it away. */
function isUnclear(context: SyncContext, { unknown }: Evaluation, id: AccessLevelId): boolean {
  const ref = context.levels.nameOf(id)
  return ref === undefined || unknown.has(ref)
}

function openParts(
  context: SyncContext,
  dossier: Dossier,
  target: TargetSetup,
  facts: PersonFacts,
  validity: Validity,
  levels: readonly AccessLevelId[],
): { parts: Parts; facts: AccountFacts } {
  const cards: Record<CredentialId, 'on' | 'blocked'> = {}
  for (const { row } of dossier.credentials) {
    if (row.state === 'returned' || row.waits) continue
    cards[row.id] = isUsable(row) ? 'on' : 'blocked'
  }
  return {
    parts: {
      lock: 'open',
      profile: writtenDigest(context.vault, target.connection.accounts, facts),
      validity: validityDigest(context.vault, validity),
      cards,
      levels,
    },
    facts: { facts, validity },
  }
}

/** Writes what is wanted into the row, and notes whether that differs from what is desired. */
function revise(
  context: SyncContext,
  dossier: Dossier,
  account: DossierAccount,
  wanted: { parts: Parts; facts: AccountFacts | null },
  by: Origin,
): void {
  const { row } = account
  const parts = row.suspension === null ? wanted.parts : suspended(wanted.parts)
  const text = encodeParts(parts)
  const pending = isPending(row.desired, parts)
  if (text === row.wanted && pending === row.pending) return
  const before = decodeParts(row.wanted)
  if (wanted.facts !== null && (before.profile !== parts.profile || before.validity !== parts.validity)) {
    row.wanted_facts_version += 1
    row.wanted_facts = sealFacts(context.vault, dossier.key, row.id, row.wanted_facts_version, wanted.facts)
  }
  row.wanted = text
  if (row.suspect_at !== null && !isShutting(row.desired, parts)) row.suspect_at = null
  // Whose lock-out waits stays whose it is, whatever looks at the person meanwhile.
  if (row.suspect_at === null) row.wanted_by = by
  row.pending = pending
  touch(account)
}

/** Shut, whatever sources, rules and operators say of its person; as with an operator's lock, what would be open is opened when that is over. */
function suspended(parts: Parts): Parts {
  if (parts.lock === 'closed') return parts
  const cards = Object.fromEntries(Object.keys(parts.cards).map((id) => [id, 'blocked' as const]))
  return { ...parts, lock: 'closed', cards, byLock: true }
}

/** Of whom the account was deleted, its row begins anew. @throws ConnectorError `rejected` when the facts give it no id. */
function beginOrAgain(
  context: SyncContext,
  dossier: Dossier,
  target: TargetSetup,
  grounds: Pick<Grounds, 'person' | 'standing' | 'granted'>,
  by: Origin,
): void {
  const { person, standing, granted } = grounds
  const again = deletedRow(context, dossier, target, person)
  if (again === null) {
    begin(context, dossier, target, grounds, by)
    return
  }
  const validity = standing.validity as Validity
  revise(context, dossier, again, openParts(context, dossier, target, person.facts, validity, granted), by)
}

/** A new account of this person, wanted open and not desired yet. @throws ConnectorError `rejected` when the facts give it no id. */
export function begin(
  context: SyncContext,
  dossier: Dossier,
  target: TargetSetup,
  { person, standing, granted }: Pick<Grounds, 'person' | 'standing' | 'granted'>,
  by: Origin,
): DossierAccount {
  const externalId = target.connection.accounts.identify(person.facts)
  const { parts, facts } = openParts(context, dossier, target, person.facts, standing.validity as Validity, granted)
  const first = { target: target.id, externalId, isPrimary: true, pending: true } as const
  return addAccount(context, dossier, { ...first, wanted: parts, facts, wantedBy: by })
}
