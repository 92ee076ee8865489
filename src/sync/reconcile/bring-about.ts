/** Makes one open account as desired, part by part, and reads it back; also takes away from a shut one what it may no longer keep. */
import type {
  AccountChange,
  AccountsCapability,
  ActualAccount,
  Applied,
  DesiredAccount,
  PartOutcome,
} from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { AccountCard, PartRef } from '../../model/account.ts'
import { type Card, cardKey } from '../../model/card.ts'
import type { AccessLevelId, CredentialId } from '../../model/id.ts'
import { cardRefusal } from '../card-refusal.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { toUndo } from '../drift/reverts.ts'
import { partOf } from '../parts.ts'
import { cardStates, type Expectation, isShut, openParts } from './compare.ts'
import { backoffMs, type Failures, type Outcome, outcomeOf, triesAlike } from './outcome.ts'
import {
  isUntried,
  keepsBlock,
  keepsClosed,
  leftBlocked,
  liftable,
  looksOurs,
  ownedAfter,
  ownedAfterLock,
  ownedBefore,
} from './owned.ts'
import { afterSending, notKept, photoToSend, photoWanted } from './photo-part.ts'
import { type PutBack, putBackOf } from './put-back.ts'
import { mayLandLate } from './shut-out.ts'
import { strangeToLift, unknownCards } from './strange-blocks.ts'
import type { WorkItem } from './work-item.ts'

/** After so many runs, the last of which ended alike, a part that the target accepts but does not keep is left to a person, and one in conflict is tried seldom. */
const attemptsMax = 6
const tryAgainMs = 15 * 60_000

/** Nobody knows the digits any more. */
const lostPin = { kind: 'rejected', code: 'pin.lost' } as const

export async function bringAbout(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  signal: AbortSignal,
): Promise<Outcome> {
  const { accounts } = target.connection
  const startedAt = context.now()
  // The first run of a new account needs no read: the target itself refuses a second account of that id.
  const closed = item.desired.lock === 'closed'
  const untried = isUntried(item) && !closed
  const photo = photoWanted(target, item)
  const also = { photo: photo !== undefined }
  const before = untried ? null : await accounts.read(item.externalId, signal, also)
  const done = (fields: Partial<Outcome>): Outcome =>
    outcomeOf(item, startedAt, { appliedVersion: item.row.desired_version, actual: before, ...fields })
  // Nobody gets in with an account that isn't there, and a leaver gets no new one.
  if (closed && before === null)
    return done({ provenAt: context.now(), owned: ownedAfterLock(context, target, item, null, null) })
  const stranger = before !== null && !item.owned.made && !looksOurs(context, target, item, before)
  if (stranger)
    return done({
      appliedVersion: null,
      dead: true,
      failures: { account: { kind: 'conflict', code: 'account.held-by-stranger' } },
    })
  if (before?.untouchable)
    return done({
      appliedVersion: null,
      dead: true,
      failures: { account: { kind: 'rejected', code: 'account.untouchable' } },
    })
  const putBack = putBackOf(context, item, before)
  const expectation = {
    ...expect(context, target, item, before, putBack),
    unblock: await strangeToLift(context, item, before),
    ...(photo === undefined ? {} : { photo }),
  }
  const proof = (seen: ActualAccount): Date | null =>
    item.desired.lock === 'closed' && isShut(seen) ? context.now() : null
  const lost = lostLevels(context, item)
  const pinLost = item.pin !== null && item.pin.digits === null
  if (pinLost) context.log('warn', 'pin.lost', { account: item.row.id, target: target.id })
  const isPinSet = item.pin === null || pinLost
  if (
    before !== null &&
    isPinSet &&
    openParts(expectation, before, startedAt, item.lastSeen).length === 0 &&
    lost.length === 0
  )
    return done({
      owned: ownedAfter(context, item, before, before),
      provenAt: proof(before),
      failures: pinLost ? { pin: lostPin } : {},
    })

  const picture = await photoToSend(context, item, photo, before, signal)
  const isSent = picture.photo !== undefined
  const asked = {
    kind: 'put' as const,
    externalId: item.externalId,
    desired: { ...expectation.desired, ...(isSent ? { photo: picture.photo } : {}) },
    actual: before,
    revoke: expectation.revoke,
    lift: [...liftable(item), ...putBack.unblocks].flatMap((id) => item.cards.get(id) ?? []),
    unblock: expectation.unblock,
  }
  const { change, refused: notSent } = withoutRefused(accounts, asked)
  const { parts, refusal, reach } = await order(accounts, change, untried, signal)
  const answered = failuresOf(parts)
  const reported = [...answered, ...failuresOf([...notSent, ...picture.failed])]
  // A new account whose card alone is in conflict was made; one of which nothing was written was there before.
  const duplicate = untried && isConflict(answered) && parts.every(({ outcome }) => outcome !== 'applied')
  const acceptedAt = context.now()
  const shown = await accounts.read(item.externalId, signal, also)
  const after = shown !== null && isSent ? afterSending(photo, before, shown) : shown
  if (refusal !== null && after === null) throw refusal
  const verifyInMs = reported.some(({ failure }) => failure.outcomeUnknown) ? target.lateWriteMs : null
  if (after === null || duplicate) {
    return refused(item, done({ appliedVersion: null, actual: after, verifyInMs, acceptedAt }), answered)
  }
  const pinTaken = after.pin && parts.some(({ part, outcome }) => part.kind === 'pin' && outcome !== 'failed')
  // What may still land late may be an older PIN: it is set once more when that is over, and counts only then.
  const pinInDoubt = pinTaken && (verifyInMs !== null || mayLandLate(item))
  const open = [
    ...openParts(expectation, after, context.now(), item.lastSeen),
    ...(isPinSet || pinTaken ? [] : [{ kind: 'pin' } as const]),
  ]
  const owned = ownedAfter(context, item, before, after, stillBlocked(item, expectation, parts))
  const outcome = done({
    actual: after,
    owned: item.pin !== null && pinTaken && !pinInDoubt ? { ...owned, pin: item.pin.id } : owned,
    verifyInMs,
    acceptedAt,
    refusedByReader: reach === 'accepted',
    provenAt: proof(after),
    failures: pinLost ? { pin: lostPin } : {},
  })
  if (isSent && !reported.some(({ part }) => part.kind === 'photo'))
    reported.push({ part: { kind: 'photo' }, failure: notKept })
  if (open.length > 0 || lost.length > 0) return unfinished(context, item, outcome, open, reported, lost)
  return pinInDoubt ? { ...outcome, appliedVersion: null, retryInMs: target.lateWriteMs } : outcome
}

/**
 * A first creation that is refused because of what is there made nothing, and says so here: were it thrown, its end would count as
 * unknown, and an account of somebody else that bears the same name would pass for ours at the next try.
 */
async function order(
  accounts: AccountsCapability,
  change: AccountChange,
  untried: boolean,
  signal: AbortSignal,
): Promise<Applied & { readonly refusal: ConnectorError | null }> {
  try {
    return { ...(await accounts.apply(change, signal)), refusal: null }
  } catch (thrown) {
    const isRefusal = thrown instanceof ConnectorError && thrown.kind === 'conflict' && !thrown.outcomeUnknown
    if (!untried || !isRefusal) throw thrown
    return { parts: [{ part: { kind: 'profile' }, outcome: 'failed', failure: thrown }], refusal: thrown }
  }
}

type Put = Extract<AccountChange, { kind: 'put' }>

/** A card that the target could not take at all is asked of it before anything is written, and not sent: it opens nothing there. */
function withoutRefused(accounts: AccountsCapability, change: Put): { change: Put; refused: readonly PartOutcome[] } {
  const there = change.actual === null ? null : cardStates(change.actual)
  const refused = change.desired.cards.flatMap(({ card }) => {
    if (there?.has(cardKey(card))) return []
    const failure = cardRefusal(accounts, card)
    return failure === null ? [] : [{ part: { kind: 'card', card } as const, outcome: 'failed' as const, failure }]
  })
  if (refused.length === 0) return { change, refused }
  const keys = new Set(refused.map(({ part }) => cardKey(part.card)))
  const cards = change.desired.cards.filter(({ card }) => !keys.has(cardKey(card)))
  return { change: { ...change, desired: { ...change.desired, cards } }, refused }
}

type Reported = readonly { readonly part: PartRef; readonly failure: ConnectorError }[]

function failuresOf(parts: readonly PartOutcome[]): Reported {
  return parts.flatMap(({ part, failure }) => (failure === undefined ? [] : [{ part, failure }]))
}

function isConflict(reported: Reported): boolean {
  return reported.some(({ failure }) => failure.kind === 'conflict')
}

function expect(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  before: ActualAccount | null,
  putBack: PutBack,
): Omit<Expectation, 'unblock'> {
  const { desired } = item
  const ours = ownedBefore(context.levels, item)
  const external = (ids: readonly AccessLevelId[]): string[] => ids.flatMap((id) => context.levels.externalId(id) ?? [])
  const closed = desired.lock === 'closed'
  const cards = Object.entries(desired.cards).flatMap(([id, state]): AccountCard[] => {
    const card = item.cards.get(id as CredentialId)
    if (card === undefined || putBack.leaves.cards.has(id as CredentialId)) return []
    const keeps = keepsBlock(item, before, id as CredentialId) && !putBack.unblocks.has(id as CredentialId)
    return [{ card, state: keeps ? 'blocked' : state }]
  })
  const account: DesiredAccount = {
    // An account that somebody closed by hand stays closed: that block is not ours to lift, unless it is to be undone.
    lock: closed || (keepsClosed(item, before) && !putBack.opens) ? 'closed' : 'open',
    validity: closed && before !== null ? before.validity : item.facts.validity,
    // What is asked for is what is looked for afterwards: a shut account keeps its profile, whatever was to be written before.
    facts: closed ? {} : item.facts.facts,
    cards: [...cards, ...unknownCards(item, before).map((card) => ({ card, state: 'blocked' as const }))],
    levels: external(desired.levels.filter((id) => !putBack.leaves.levels.has(id))),
    ...(item.pin === null || item.pin.digits === null ? {} : { pin: item.pin.digits }),
  }
  return {
    desired: account,
    profile: closed && before !== null ? before.profile : target.connection.accounts.render(item.facts.facts),
    revoke: {
      levels: [...external(ours.levels.filter((id) => !desired.levels.includes(id))), ...putBack.levels],
      cards: [
        ...ours.cards.filter((id) => desired.cards[id] === undefined).flatMap((id) => item.cards.get(id) ?? []),
        ...putBack.cards,
      ],
    },
  }
}

/** Desired levels that the target offers no more, or whose row in our catalogue can't be trusted: nothing can be granted for them. */
function lostLevels({ levels }: SyncContext, { desired }: WorkItem): AccessLevelId[] {
  return desired.levels.filter((id) => levels.externalId(id) === undefined)
}

/** Cards that a block of ours may still be on after this run: all but those that were taken away, block and all. */
function stillBlocked(
  item: WorkItem,
  { revoke }: Pick<Expectation, 'revoke'>,
  parts: Applied['parts'],
): CredentialId[] {
  const keys = new Set(revoke.cards.map(cardKey))
  const isFree = (card: Card): boolean =>
    keys.has(cardKey(card)) &&
    parts.some((done) => samePart(done.part, { kind: 'card', card }) && done.outcome !== 'failed')
  return leftBlocked(item).filter((id) => {
    const card = item.cards.get(id)
    return card !== undefined && (item.lost.has(id) || !isFree(card))
  })
}

/** The account could not be made at all. */
function refused(item: WorkItem, outcome: Outcome, reported: Reported): Outcome {
  const [first] = reported
  const failure = first?.failure
  const failures: Failures = {
    account: { kind: failure?.kind ?? 'transient', code: failure?.code ?? 'engine.not-created' },
  }
  const final = failure !== undefined && (failure.kind === 'rejected' || failure.kind === 'conflict')
  return { ...outcome, failures, dead: final, retryInMs: final ? null : backoffMs(item.claim.attempts, false) }
}

/** Some parts are not as desired: what the target will never take is left to a person, the rest is tried again. */
function unfinished(
  context: SyncContext,
  item: WorkItem,
  outcome: Outcome,
  open: readonly PartRef[],
  reported: Reported,
  lost: readonly AccessLevelId[],
): Outcome {
  const { attempts } = item.claim
  const failures: Record<string, { kind: ConnectorError['kind']; code: string }> = { ...outcome.failures }
  const hopes = new Set<Hope>(lost.length > 0 ? ['later'] : [])
  for (const id of lost) failures[`level:${id}`] = { kind: 'rejected', code: 'level.unknown' }
  for (const part of open) {
    const failure = reported.find((entry) => samePart(entry.part, part))?.failure
    const name = partName(context, item, part)
    const code = failure?.code ?? 'engine.not-kept'
    failures[name] = { kind: failure?.kind ?? 'transient', code }
    hopes.add(hopeOf(failure, triesAlike(item, name, code)))
  }
  if (hopes.has('soon')) return { ...outcome, appliedVersion: null, failures, retryInMs: backoffMs(attempts, false) }
  return { ...outcome, failures, retryInMs: hopes.has('later') ? tryAgainMs : null }
}

/** As in `parts.ts`: by our own ids, which say nothing about the person. */
function partName({ levels }: SyncContext, { cards, desired, owned }: WorkItem, part: PartRef): string {
  if (part.kind === 'card') {
    const found = [...cards].find(([, card]) => cardKey(card) === cardKey(part.card))
    return found === undefined ? 'card' : `card:${found[0]}`
  }
  if (part.kind !== 'level') return part.kind
  const undone = toUndo(owned).flatMap((each) => {
    const named = partOf(each.part)
    return named.is === 'level' ? [named.id] : []
  })
  const found = [...desired.levels, ...owned.levels, ...undone].find((id) => levels.externalId(id) === part.level)
  return found === undefined ? 'level' : `level:${found}`
}

type Hope = 'soon' | 'later' | 'none'

function hopeOf(failure: ConnectorError | undefined, tries: number): Hope {
  if (failure?.kind === 'rejected') return failure.mayPass ? 'later' : 'none'
  // Whatever is in the way (a card that is still on somebody else's account) may be gone another time.
  if (failure?.kind === 'conflict') return tries < attemptsMax ? 'soon' : 'later'
  // What the target said it could not do just now is tried for as long as that lasts; what it silently drops is not.
  return failure !== undefined || tries < attemptsMax ? 'soon' : 'none'
}

function samePart(a: PartRef, b: PartRef): boolean {
  if (a.kind === 'card' && b.kind === 'card') return cardKey(a.card) === cardKey(b.card)
  if (a.kind === 'level' && b.kind === 'level') return a.level === b.level
  return a.kind === b.kind
}
