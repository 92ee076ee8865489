/** Brings the figures up to date whenever somebody asks for them. */
import type { WakeUps } from '../../queues/wake-ups.ts'
import { type AlarmCode, alarms } from '../model/alarm.ts'
import { breakerFailures } from '../store/targets.ts'
import type { SyncContext } from '../sync/context.ts'
import { deepProgress, hoursOf } from '../sync/drift/deep-sweep.ts'
import { modesOf } from '../sync/target-modes.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { StatusFacts } from './status.ts'
import type { Totals } from './totals.ts'

export interface MeasureParts {
  readonly context: SyncContext
  readonly metrics: Metrics
  /** Of `provenLockouts`. */
  readonly countProofs: () => Promise<void>
  readonly totals: Totals
  readonly wakeUps: Pick<WakeUps, 'health'>
  readonly facts: StatusFacts
}

const lanes = ['urgent', 'bulk'] as const

export function createMeasure({
  context,
  metrics,
  countProofs,
  totals,
  wakeUps,
  facts,
}: MeasureParts): () => Promise<void> {
  const { pool } = context.database
  const targets = [...context.targets.keys()]
  metrics.buildInfo.set({ version: facts.version, node: process.versions.node }, 1)
  for (const role of facts.roles) metrics.role.set({ role }, 1)
  /** The oldest row of the outbox, and when it was first seen. */
  let first: { readonly id: string; readonly seenAt: number } | null = null

  return async () => {
    await countProofs()
    await Promise.all([lockouts(), work(), accounts(), standing(), sources(), small(), alarmsOn(), queue()])
    const { totalCount, idleCount, waitingCount, options } = pool
    metrics.connections.set({ state: 'used' }, totalCount - idleCount)
    metrics.connections.set({ state: 'idle' }, idleCount)
    metrics.connections.set({ state: 'waiting' }, waitingCount)
    metrics.connectionsMax.set(options.max)
  }

  async function lockouts(): Promise<void> {
    const open = new Map((await totals.lockouts()).map((total) => [total.target, total]))
    // Also of a target that was taken out of the configuration while lock-outs were open there.
    for (const target of new Set([...targets, ...open.keys()])) {
      const total = open.get(target)
      metrics.lockoutsOpen.set({ target }, total?.open ?? 0)
      metrics.lockoutsOldest.set({ target }, total === undefined ? 0 : secondsSince(total.oldest))
    }
  }

  async function work(): Promise<void> {
    const rows = await totals.work()
    for (const target of targets) {
      const dead = rows.filter((row) => row.target === target).reduce((sum, row) => sum + row.dead, 0)
      metrics.deadLetters.set({ target }, dead)
      for (const lane of lanes) {
        const total = rows.find((row) => row.target === target && row.lane === lane)
        metrics.workWaiting.set({ target, lane }, total?.waiting ?? 0)
        metrics.workOldest.set({ target, lane }, total?.oldest_due == null ? 0 : secondsSince(total.oldest_due))
      }
    }
  }

  async function accounts(): Promise<void> {
    const rows = await totals.accounts()
    for (const target of targets) {
      const total = rows.find((row) => row.target === target)
      metrics.accounts.set({ target }, total?.applied ?? 0)
      metrics.accountsFailing.set({ target }, total?.failing ?? 0)
    }
    metrics.people.reset()
    for (const [state, count] of Object.entries(await totals.people())) metrics.people.set({ state }, count)
  }

  async function standing(): Promise<void> {
    const modes = await modesOf(pool, context)
    const standings = await context.standings.all()
    for (const { id: target, failures, drifts, deep_sweep } of await totals.targets()) {
      metrics.drifts.set({ target }, drifts)
      const deep = deepProgress(deep_sweep)
      metrics.deepSweepDone.set({ target }, deep === null ? 0 : deep.read / Math.max(deep.total, deep.read, 1))
      metrics.deepSweepHours.set({ target }, deep === null ? 0 : hoursOf(deep, context.now()))
      const { pausedBecause, frozenAt, resting, forged } = standings.get(target) ?? {}
      const mode = modes.get(target)
      const states = {
        observed: mode?.is !== 'enabled',
        paused: pausedBecause != null,
        frozen: frozenAt != null,
        resting: resting === true,
        unreachable: failures >= breakerFailures,
        forged: forged === true || mode?.forged === true,
      }
      for (const [state, holds] of Object.entries(states)) metrics.targetState.set({ target, state }, Number(holds))
      metrics.targetFailures.set({ target }, failures)
    }
    metrics.frozen.set(Number((await context.standings.frozenEverywhere()) !== null))
  }

  async function sources(): Promise<void> {
    metrics.sourceOutcome.reset()
    for (const { id: source, delivery_at, registered_at, records, outcome } of await totals.sources()) {
      metrics.sourceDelivery.set({ source }, secondsSince(delivery_at ?? registered_at))
      metrics.sourceRecords.set({ source }, records ?? 0)
      if (outcome !== null) metrics.sourceOutcome.set({ source, outcome }, 1)
    }
  }

  async function small(): Promise<void> {
    const { plans_held, audit_pending, outbox_rows, outbox_first: id } = await totals.small()
    metrics.plansHeld.set(plans_held)
    metrics.auditPending.set(audit_pending)
    metrics.outboxRows.set(outbox_rows)
    if (id === null) first = null
    else if (first?.id !== id) first = { id, seenAt: Date.now() }
    metrics.outboxOldest.set(first === null ? 0 : (Date.now() - first.seenAt) / 1_000)
  }

  async function alarmsOn(): Promise<void> {
    for (const code of Object.keys(alarms) as AlarmCode[]) metrics.alarms.set({ code }, 0)
    for (const { code, count } of await totals.alarms()) metrics.alarms.set({ code }, count)
  }

  async function queue(): Promise<void> {
    const { backend, ok } = await wakeUps.health()
    metrics.queueUp.set({ backend }, Number(ok))
  }
}

function secondsSince(at: Date): number {
  return Math.max(0, (Date.now() - at.getTime()) / 1_000)
}
