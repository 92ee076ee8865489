/** Writes the outcomes of runs together: those that come within a moment, or while one transaction runs, share the next. */
import { type AuditRecord, recordAuditMany } from '../../audit/record.ts'
import type { ActualAccount } from '../../connector/contract.ts'
import type { AccountId, CredentialId, PinIssueId } from '../../model/id.ts'
import { wakeWaiting } from '../../store/card-holders.ts'
import { forgetMended } from '../../store/drifts.ts'
import { type NotedRemoval, noteRemovals } from '../../store/erasures.ts'
import { ownedGuard } from '../../store/guards.ts'
import { cardDigest } from '../../store/identifiers.ts'
import { endCardLockouts, type ProvenLockout } from '../../store/lockouts.ts'
import { dropPins } from '../../store/pins.ts'
import type { Removal } from '../../store/schema.ts'
import { type Settlement, settleWork } from '../../store/settle-work.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SpanRef } from '../../telemetry/traces.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { fightWindowMs, toUndo, undone } from '../drift/reverts.ts'
import { tellForged } from '../forged.ts'
import { keptMarks, wasWrittenTo } from '../guard/before-run.ts'
import { isPinOurs } from '../guard/verdict.ts'
import { encodeOwned, type Owned } from '../owned-row.ts'
import { noteOf } from './noted-account.ts'
import { withWrite } from './noting-writes.ts'
import type { Outcome } from './outcome.ts'
import { blockedCards, shutAmong } from './owned.ts'
import { strangeShut } from './put-back.ts'
import type { WorkItem } from './work-item.ts'

export interface Settler {
  /** Resolves when the outcome is stored (or its lease was gone). */
  settle(item: WorkItem, outcome: Outcome, meter: Meter): Promise<void>
}

/** What a run cost, when it began to write (null when it wrote nothing), and what it had read before. */
interface Meter {
  readonly requests: number
  readonly waitingMs: number
  readonly wroteFrom: Date | null
  readonly firstSeen: ActualAccount | null | undefined
}

interface Waiting {
  readonly settlement: Settlement
  readonly removal: Removal | null
  readonly item: WorkItem
  /** The span of the run; null when it is not traced. */
  readonly run: SpanRef | null
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Outcomes per transaction. */
const most = 64

/**
 * How long a first outcome waits for others. When twenty people leave at once, a transaction for each takes the processor that the other
 * lock-outs need; the moment of a proof was noted before, and who dies meanwhile does the same again.
 */
const gatherMs = 10

/** `proof` names how sure a successful read-back is, by the target's health. */
export function startSettler(context: SyncContext, target: string, owner: string, proof: () => string): Settler {
  let waiting: Waiting[] = []
  let writing = false

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const now = waiting.slice(0, most)
      waiting = waiting.slice(most)
      try {
        await write(now)
        for (const { resolve } of now) resolve()
      } catch (error) {
        for (const { reject } of now) reject(error)
      }
    }
    writing = false
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const begunAt = new Date()
    const settlements = batch.map(({ settlement }) => settlement)
    const { written, proven } = await inTransaction(context.database.pool, async (client) => {
      const settled = await settleWork(client, context.vault, owner, settlements)
      const freed = batch.flatMap(({ settlement, item }) =>
        settled.written.has(item.row.id) && !settlement.inDoubt ? cardsGone(context, item, settlement) : [],
      )
      await wakeWaiting(client, freed, context.now())
      for (const { settlement, item } of batch)
        if (item.pin !== null && settled.written.has(item.row.id) && isPinSet(item.pin.id, settlement))
          await dropPins(client, item.row.person_id, context.now())
      await forgetMended(
        client,
        batch.flatMap(({ settlement, item }) =>
          settled.written.has(item.row.id) && settlement.appliedVersion !== null
            ? toUndo(item.owned).map((each) => ({ ...each, account: item.row.id }))
            : [],
        ),
      )
      const over = batch.flatMap(({ item }) =>
        settled.written.has(item.row.id) ? (item.usable ?? []).map((card) => ({ account: item.row.id, card })) : [],
      )
      const mistimed = await endCardLockouts(client, context.vault, over, context.now())
      const entries = batch
        .filter(({ item }) => settled.written.has(item.row.id))
        .flatMap(({ settlement, removal, item }) => auditOf(target, item, settlement, removal))
        .concat(settled.proven.flatMap(cardProven))
      await recordAuditMany(client, context.vault, entries)
      await tellForged(client, context, ...settled.forged, ...mistimed)
      await noteRemovals(
        client,
        context.vault,
        removals(batch.filter(({ item }) => settled.written.has(item.row.id))),
        context.now(),
      )
      return settled
    })
    if (context.traces.on) traceBatch(context, target, batch, begunAt, proven)
    for (const { settlement, item } of batch) if (written.has(item.row.id)) measure(context, target, settlement)
  }

  return {
    settle(item, outcome, meter) {
      const settlement = settlementOf(context, item, outcome, meter, proof())
      return new Promise((resolve, reject) => {
        waiting.push({ settlement, removal: outcome.removal, item, run: context.traces.here(), resolve, reject })
        // While one transaction runs, the next outcomes gather by themselves.
        if (writing) return
        writing = true
        setTimeout(() => void drain(), gatherMs)
      })
    },
  }
}

/** What was just said about this very write counts more than what the target said of itself a minute ago. */
function claimOf({ refusedByReader }: Outcome, proof: string): string {
  return refusedByReader && proof === 'read-back' ? 'accepted' : proof
}

function removals(batch: readonly Waiting[]): readonly NotedRemoval[] {
  return batch.flatMap(({ item: { erasure, row }, removal }) =>
    erasure === null || removal === null ? [] : [{ erasure, account: row.id, target: row.target, outcome: removal }],
  )
}

/** Cards that are neither to be on the account nor seen there: somebody may wait for them. */
function cardsGone({ vault }: SyncContext, { cards, desired }: WorkItem, { owned }: Settlement): readonly Buffer[] {
  const ours = (JSON.parse(owned) as Owned).cards
  return [...cards].flatMap(([id, card]) =>
    desired.cards[id] === undefined && !ours.includes(id) ? [cardDigest(vault, card)] : [],
  )
}

function isPinSet(pin: PinIssueId, { owned }: Settlement): boolean {
  return (JSON.parse(owned) as Owned).pin === pin
}

function settlementOf(context: SyncContext, item: WorkItem, outcome: Outcome, meter: Meter, proof: string): Settlement {
  const read = outcome.actual !== undefined
  const actualVersion = (item.row.actual_version ?? 0) + 1
  const target = certain(context.targets.get(item.row.target))
  // What was to be undone is, or is told as what the target refused.
  const isDone = outcome.appliedVersion !== null
  const now = context.now()
  // Of a run before it nobody may have noted that it wrote.
  const wroteBefore = wasWrittenTo(context, target, item, meter.firstSeen)
  const noted = withWrite(
    { ...outcome.owned, ...(item.owned.wrote === undefined ? {} : { wrote: item.owned.wrote }) },
    {
      began: meter.wroteFrom ?? (wroteBefore ? new Date(now.getTime() - target.lateWriteMs) : null),
      to: new Date(now.getTime() + (outcome.verifyInMs ?? 0)),
      unread: !read || outcome.verifyInMs !== null,
      now,
    },
  )
  const owned = encodeOwned(isDone ? undone(noted, now, fightWindowMs(target.deepSweep.everyMs)) : noted)
  const { actual } = outcome
  const shutCards =
    actual === undefined
      ? []
      : [...shutAmong(item, actual, [...item.cards.keys()]), ...strangeShut(context, item, actual)]
  const shown =
    actual == null
      ? actual
      : noteOf(item.lastSeen, actual, outcome.startedAt, {
          kept: keptMarks(context, target, item, meter.firstSeen),
          pinOurs: isPinOurs(item),
        })
  const place = { table: 'account', column: 'actual', row: item.row.id, version: actualVersion }
  return {
    account: item.row.id,
    leaseCounter: item.claim.lease_counter,
    version: item.row.desired_version,
    appliedVersion: outcome.appliedVersion,
    actual: read ? context.vault.seal(item.key, place, JSON.stringify(shown)) : null,
    actualVersion: read ? actualVersion : null,
    owned,
    ownedGuard: context.vault.guard('account_owned', ownedGuard(item.row.id, owned)),
    failures: Object.keys(outcome.failures).length === 0 ? null : JSON.stringify(outcome.failures),
    retryInMs: outcome.retryInMs,
    dead: outcome.dead,
    verifyInMs: outcome.verifyInMs,
    inDoubt: !read || outcome.verifyInMs !== null,
    noted: item.claim.noted,
    startedAt: outcome.startedAt,
    acceptedAt: outcome.acceptedAt,
    provenAt: outcome.provenAt,
    proof: outcome.provenAt === null && shutCards.length === 0 ? null : claimOf(outcome, proof),
    reopened: outcome.reopened,
    undoneCards: outcome.undoneCards,
    shutCards,
    seenAt: read ? context.now() : null,
    shutting: shuttingOf(item, outcome, shutCards),
    requests: meter.requests,
    waitingMs: meter.waitingMs,
  }
}

function shuttingOf(
  item: WorkItem,
  { provenAt, isStrange }: Outcome,
  shutCards: readonly CredentialId[],
): Settlement['shutting'] {
  if (item.desired.lock === 'closed') return provenAt === null ? 'open' : 'shut'
  const toBlock = [...blockedCards(item), ...toUndo(item.owned).flatMap(({ shut }) => shut ?? [])]
  if (toBlock.length === 0 || isStrange) return 'nothing'
  return toBlock.every((id) => shutCards.includes(id)) ? 'shut' : 'open'
}

function auditOf(
  target: string,
  item: WorkItem,
  { appliedVersion, dead, provenAt, failures, requests }: Settlement,
  removal: Removal | null,
): AuditRecord[] {
  const details = {
    target,
    version: item.row.desired_version,
    requests,
    ...(failures === null ? {} : { failures: JSON.parse(failures) as unknown }),
  }
  const object: AccountId = item.row.id
  if (removal !== null)
    return [{ actor: 'engine', action: 'account.removed' as const, object, details: { ...details, outcome: removal } }]
  if (dead) return [{ actor: 'engine', action: 'account.dead' as const, object, details }]
  if (item.desired.lock === 'closed')
    return provenAt === null ? [] : [{ actor: 'engine', action: 'lockout.proven' as const, object, details }]
  return appliedVersion === null ? [] : [{ actor: 'engine', action: 'account.applied' as const, object, details }]
}

/** The proof of a whole account has an entry of its run. */
function cardProven({ id, account, card, target }: ProvenLockout): AuditRecord[] {
  const details = { target, lockout: id, card }
  return card === null ? [] : [{ actor: 'engine', action: 'lockout.proven', object: account, details }]
}

function measure(context: SyncContext, target: string, { appliedVersion, dead }: Settlement): void {
  context.metrics.applied(target, dead ? 'dead' : appliedVersion === null ? 'retry' : 'applied')
}

/** One transaction for many runs: a trace of its own that names them. A lock-out ends here, where its clock does. */
function traceBatch(
  { traces }: SyncContext,
  target: string,
  batch: readonly Waiting[],
  begunAt: Date,
  proven: readonly ProvenLockout[],
): void {
  const links = batch.flatMap(({ run }) => run ?? [])
  if (links.length > 0)
    traces.note('settle', { target, accounts: batch.length, proven: proven.length }, { begunAt, from: null, links })
  const runOf = new Map(batch.map(({ item, run }) => [item.row.id, run]))
  for (const { account, cause, proof, arrivedAt, provenAt, trace, waitingMs } of proven)
    traces.note(
      'lock-out',
      { target, cause, proof, waitingMs },
      { begunAt: arrivedAt, endedAt: provenAt, from: trace ?? runOf.get(account) ?? null },
    )
}
