/** Works through a target's list: claims due accounts under a lease, runs a few at once, and lets lock-outs overtake everything. */
import { randomUUID } from 'node:crypto'
import { type CallMeter, withCallScope } from '../../connector/egress/call-scope.ts'
import { errorCode } from '../../model/error-code.ts'
import type { AccountId } from '../../model/id.ts'
import type { Lane } from '../../model/lane.ts'
import { openTrouble } from '../../model/trouble.ts'
import { leaseMs } from '../../store/account-sql.ts'
import { traceRefs } from '../../store/lockouts.ts'
import { openRestore } from '../../store/restores.ts'
import type { Standing } from '../../store/standings.ts'
import { targetModes } from '../../store/target-modes.ts'
import { noteSuccess } from '../../store/targets.ts'
import { claimWork, releaseLeases, renewLeases, turnedUrgent, unclaim } from '../../store/work.ts'
import type { SpanAttributes } from '../../telemetry/span-attributes.ts'
import type { Span, SpanRef } from '../../telemetry/traces.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { stockTaken } from '../restored/gate.ts'
import { afterFailure } from './after-failure.ts'
import { blockCards } from './block-cards.ts'
import { bringAbout } from './bring-about.ts'
import { notingWrites } from './noting-writes.ts'
import type { Outcome } from './outcome.ts'
import { removeAccount } from './remove-account.ts'
import { type Settler, startSettler } from './settler.ts'
import { shutOut } from './shut-out.ts'
import { isNoted, loadWork, type WorkItem } from './work-item.ts'

/** A target that rests or fails is tried by one lock-out a second. */
const probeEveryMs = 1_000
/** After a success that was noted, the next ones say nothing new for so long, unless something failed in between. */
const successEveryMs = 1_000

export interface TargetWorker {
  /** Works until the lane has nothing due; may be called again while it runs. */
  pump(lane: Lane): Promise<void>
  /** Takes nothing new, lets running accounts finish for up to `limitMs`, and gives back the rest. */
  stop(limitMs: number): Promise<void>
}

export function startTargetWorker(context: SyncContext, target: TargetSetup, proof: () => string): TargetWorker {
  const owner = randomUUID()
  const { pool } = context.database
  const settler: Settler = startSettler(context, target.id, owner, proof)
  const running = new Map<
    AccountId,
    { readonly lane: Lane; readonly abort: AbortController; readonly done: Promise<void> }
  >()
  const buffered = new Map<AccountId, WorkItem>()
  const origins = new Map<AccountId, SpanRef>()
  const pumping = new Set<Promise<void>>()
  const trouble = openTrouble()
  let stopping = false
  let lastProbe = 0
  let successNotedAt = Number.NEGATIVE_INFINITY
  const renewal = setInterval(() => {
    const held = [...running.keys(), ...buffered.keys()]
    if (held.length > 0)
      renewLeases(pool, owner, held, leaseMs).catch(() =>
        context.log('warn', 'lease.not-renewed', { target: target.id }),
      )
  }, leaseMs / 3)

  function pump(lane: Lane): Promise<void> {
    const work = workOff(lane).finally(() => pumping.delete(work))
    pumping.add(work)
    return work
  }

  async function workOff(lane: Lane): Promise<void> {
    if (lane === 'urgent') await makeWay()
    const batches = new Set<Promise<void>>()
    try {
      while (!stopping) {
        const may = await mayWrite(lane)
        if (may === null) return
        const standing = await context.standings.of(target.id)
        if (isStopped(standing, lane) || (standing.resting && lane === 'bulk')) return
        const probing = standing.resting
        if (probing && performance.now() - lastProbe < probeEveryMs) return
        if (probing) lastProbe = performance.now()
        const most = probing ? 1 : target.concurrency * 4
        const begunAt = new Date()
        const claims = await claimWork(pool, target.id, lane, owner, leaseMs, target.lateWriteMs, most, may.historyLost)
        if (claims.length === 0) return
        const loaded = await loadWork(pool, context.vault, claims, context.now())
        context.traces.note('claim', { target: target.id, lane, accounts: claims.length }, { begunAt })
        // Claimed once more, so that what became desired meanwhile is noted before it is set out for.
        await giveBack(loaded.filter((item) => !isNoted(item)))
        const items = loaded.filter(isNoted)
        await noteOrigins(items, lane)
        if (lane === 'bulk') {
          for (const item of items) buffered.set(item.row.id, item)
          // A lock-out that came while these were loaded found nothing to overtake.
          await makeWay()
        }
        const { begun, over } = runAll(items, lane)
        batches.add(over)
        void over.finally(() => batches.delete(over)).catch(() => undefined)
        if (probing) return
        await begun
      }
    } finally {
      await Promise.all(batches)
    }
  }

  /** Asked for every batch: what a person decides holds from the next one on. Null: not now. */
  async function mayWrite(lane: Lane): Promise<{ readonly historyLost: boolean } | null> {
    const mode = (await targetModes(pool, context.vault, [target])).get(target.id)
    if (lane === 'urgent') return mode?.locksOut === true ? { historyLost: false } : null
    const restore = await openRestore(pool, context.vault)
    const waits = restore !== null && !stockTaken(restore).includes(target.id)
    return mode?.writes === true && !waits ? { historyLost: restore !== null } : null
  }

  /**
   * Runs bulk items with somewhat more at once than the target bears, so that one which must give way was hardly begun. Lock-outs all
   * begin: the egress slots alone decide which request is next, and nobody waits here for the whole of somebody else's lock-out.
   * `begun` comes when no item is left to begin and the first place is free: the next batch is claimed while the last ones run.
   */
  function runAll(items: readonly WorkItem[], lane: Lane): { begun: Promise<void>; over: Promise<void> } {
    const queue = [...items]
    const unbegun: WorkItem[] = []
    const atOnce = lane === 'urgent' ? queue.length : Math.min(queue.length, target.concurrency * 2)
    const lanes = Array.from({ length: atOnce }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        // Gone from the buffer: a lock-out took it over.
        if (lane === 'bulk' && !buffered.delete(item.row.id)) continue
        if (stopping || (await isStoppedNow(lane))) unbegun.push(item)
        else await start(item, lane)
      }
    })
    const over = Promise.all(lanes).then(() => giveBack(unbegun))
    return { begun: Promise.race([...lanes, over]), over }
  }

  /** Asked before each account: a batch may take long, and what a person stops, stops within a second. */
  async function isStoppedNow(lane: Lane): Promise<boolean> {
    return isStopped(await context.standings.recent(target.id), lane)
  }

  function giveBack(items: readonly WorkItem[]): Promise<void> {
    return unclaim(
      pool,
      owner,
      items.map(({ claim }) => claim),
    )
  }

  function start(item: WorkItem, lane: Lane): Promise<void> {
    const abort = new AbortController()
    const done = traced(item, lane, (span) => run(item, lane, abort.signal, span)).finally(() =>
      running.delete(item.row.id),
    )
    running.set(item.row.id, { lane, abort, done })
    return done
  }

  /** Where the traces of lock-outs began, perhaps in another process; only filled when there are traces. */
  async function noteOrigins(items: readonly WorkItem[], lane: Lane): Promise<void> {
    if (!context.traces.on || lane === 'bulk') return
    const ids = items.map(({ row }) => row.id)
    for (const [id, ref] of await traceRefs(pool, ids)) origins.set(id, ref)
  }

  function traced(item: WorkItem, lane: Lane, work: (span: Span) => Promise<void>): Promise<void> {
    const { traces } = context
    if (!traces.on) return traces.span('account.run', {}, work)
    const { claim, row, desired } = item
    const woken = traces.here()
    const from = origins.get(row.id) ?? null
    origins.delete(row.id)
    return traces.span(
      'account.run',
      {
        ...{ target: target.id, lane, version: row.desired_version, attempts: claim.attempts },
        ...{ cards: Object.keys(desired.cards).length, levels: desired.levels.length },
      },
      work,
      { from, links: woken === null ? [] : [woken], bulk: lane === 'bulk' },
    )
  }

  async function run(item: WorkItem, lane: Lane, signal: AbortSignal, span: Span): Promise<void> {
    let meter = { requests: 0, waitingMs: 0 }
    let outcome: Outcome
    const noting = notingWrites(target, context.now)
    try {
      const scoped = await withCallScope({ lane }, async () => {
        try {
          return { outcome: await reconcile(noting.target, item, lane, signal) }
        } catch (thrown) {
          return { thrown }
        }
      })
      meter = scoped.meter
      if ('thrown' in scoped.result) {
        successNotedAt = Number.NEGATIVE_INFINITY
        outcome = await afterFailure(context, target, item, scoped.result.thrown, signal, trouble)
      } else outcome = await afterSuccess(scoped.result.outcome)
    } catch (error) {
      // The store itself failed: the lease runs out, and the sweeper brings the account back.
      context.log('error', 'work.failed', { target: target.id, account: item.row.id, code: errorCode(error) })
      return
    }
    span.set(told(outcome, meter))
    try {
      await settler.settle(item, outcome, { ...meter, wroteFrom: noting.beganAt(), firstSeen: noting.firstSeen() })
    } catch (error) {
      context.log('error', 'work.not-settled', { target: target.id, account: item.row.id, code: errorCode(error) })
    }
  }

  function reconcile(at: TargetSetup, item: WorkItem, lane: Lane, signal: AbortSignal): Promise<Outcome> {
    if (lane === 'urgent')
      return item.desired.lock === 'closed' ? shutOut(context, at, item, signal) : blockCards(context, at, item, signal)
    return item.erasure === null && item.desired.gone !== true
      ? bringAbout(context, at, item, signal)
      : removeAccount(context, at, item, signal)
  }

  async function afterSuccess(outcome: Outcome): Promise<Outcome> {
    if (outcome.actual === undefined) return outcome
    if (performance.now() - successNotedAt >= successEveryMs) {
      successNotedAt = performance.now()
      await noteSuccess(pool, target.id)
    }
    const over = trouble.over()
    if (over !== null) context.log('info', 'work.goes-on', { target: target.id, ...over })
    return outcome
  }

  /** Accounts that wait or run in the bulk lane and have become urgent give way at once. */
  async function makeWay(): Promise<void> {
    const held = [...buffered.keys(), ...[...running].flatMap(([id, { lane }]) => (lane === 'bulk' ? [id] : []))]
    if (held.length === 0) return
    const urgent = await turnedUrgent(pool, held)
    const waiting = urgent.flatMap((id) => buffered.get(id) ?? [])
    for (const { row } of waiting) buffered.delete(row.id)
    await giveBack(waiting)
    const inFlight = urgent.flatMap((id) => running.get(id) ?? [])
    for (const { abort } of inFlight) abort.abort(new Error('a lock-out overtakes'))
    await Promise.all(inFlight.map(({ done }) => done))
  }

  return {
    pump,
    async stop(limitMs) {
      stopping = true
      const limit = new Promise<void>((resolve) => setTimeout(resolve, limitMs).unref())
      await Promise.race([Promise.allSettled(pumping), limit])
      for (const { abort } of running.values()) abort.abort(new Error('stopping'))
      await Promise.allSettled(pumping)
      clearInterval(renewal)
      await releaseLeases(pool, owner, target.lateWriteMs)
    },
  }
}

/** A pause stops everything, a freeze all but lock-outs. */
function isStopped({ pausedBecause, frozenAt }: Standing, lane: Lane): boolean {
  return pausedBecause !== null || (frozenAt !== null && lane === 'bulk')
}

/** What came of a run, for its trace. */
function told(outcome: Outcome, { requests, waitingMs }: CallMeter): SpanAttributes {
  const { appliedVersion, dead, provenAt, failures, retryInMs } = outcome
  const [failure] = Object.values(failures)
  return {
    outcome: dead ? 'dead' : provenAt !== null ? 'proven' : appliedVersion === null ? 'open' : 'applied',
    error: failure?.code,
    failedParts: Object.keys(failures).length,
    isRetried: retryInMs !== null,
    requests,
    waitingMs: Math.round(waitingMs),
  }
}
