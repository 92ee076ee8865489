/** Leads subscriptions: each is delivered by one process, apart from all others, for as long as it is on and as Gatehouse wrote it. */
import { randomUUID } from 'node:crypto'
import { errorCode } from '../../model/error-code.ts'
import { sleep } from '../../model/sleep.ts'
import { openTrouble } from '../../model/trouble.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { movePositions } from '../../store/subscriptions/positions.ts'
import { leadSubscription, yieldSubscription } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Announcements } from './announcements.ts'
import { LostLeadError } from './commits.ts'
import type { DeliverContext, SubscriptionSetup } from './context.ts'
import { type Run, runSubscription } from './run.ts'
import { type SubscriptionStanding, standingOf } from './standing.ts'

/** So long a leader that died keeps its lead; another takes it at its next look after that. */
const leadMs = 3_000

export interface Deliveries {
  /** What is on its way has `withinMs`. */
  stop(withinMs: number): Promise<void>
}

/** Looks at each every `renewMs` of the pace, and delivers those that no other process leads. Whatever fails is logged, and looked at again. */
export function startDeliveries(
  context: DeliverContext,
  setups: readonly SubscriptionSetup[],
  announcements: Announcements,
): Deliveries {
  const followers = setups.map((setup) => follow(context, setup, announcements))
  return {
    async stop(withinMs) {
      await Promise.all(followers.map((follower) => follower.stop(withinMs)))
    },
  }
}

function follow(context: DeliverContext, setup: SubscriptionSetup, announcements: Announcements): Deliveries {
  const { id } = setup
  const { pool } = context.database
  const { renewMs } = context.pace
  const owner = randomUUID()
  const stopping = new AbortController()
  const trouble = openTrouble()
  /** `decided`: what it began after; whatever is decided later ends it. */
  let running: { readonly run: Run; readonly decided: string } | null = null
  const forget = announcements.tell((source) => running?.run.wake(source))

  async function look(): Promise<void> {
    const leads = await leadSubscription(pool, id, owner, leadMs)
    const standing = leads ? await standingOf(context, id) : null
    const row = standing?.row
    const isOn = standing?.positions != null && row?.state === 'enabled'
    const decided = `${row?.version} ${row?.epoch}`
    if (running !== null && (!isOn || running.decided !== decided)) await end(renewMs)
    if (isOn && running === null) await begin(standing, decided)
  }

  async function begin({ row, positions }: SubscriptionStanding, decided: string): Promise<void> {
    const run = runSubscription(context, setup, {
      ...{ owner, epoch: row.epoch, positions: await notBeyondTheLog(row.epoch, positions ?? new Map()) },
      failing: { attempts: row.attempts, since: row.failing_since, nextTryAt: row.next_try_at },
    })
    const mine = { run, decided }
    running = mine
    void run.ended.then(() => {
      if (running === mine) running = null
    })
    context.log('info', 'subscription.led', { subscription: id })
  }

  /** A log that was put back from a backup is behind what was delivered: what it numbers anew is new. */
  async function notBeyondTheLog(
    epoch: number,
    positions: ReadonlyMap<string, number>,
  ): Promise<ReadonlyMap<string, number>> {
    const newest = await setup.feed.newest()
    const beyond = [...positions].flatMap(([source, from]) => {
      const to = newest.get(source) ?? from
      return to < from ? [{ source, from, to }] : []
    })
    if (beyond.length === 0) return positions
    await inTransaction(pool, async (client) => {
      if (!(await movePositions(client, context.vault, { subscription: id, owner, epoch }, beyond)))
        throw new LostLeadError()
      await raiseAlarm(client, context.vault, 'subscription.gap', id)
    })
    return new Map([...positions, ...beyond.map(({ source, to }) => [source, to] as const)])
  }

  async function end(withinMs: number): Promise<void> {
    const mine = running
    running = null
    await mine?.run.stop(withinMs)
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await look()
        trouble.over()
      } catch (error) {
        const code = errorCode(error)
        if (trouble.failed(code)) context.log('warn', 'subscription.not-led', { subscription: id, code })
      }
      await sleep(renewMs, stopping.signal)
    }
  })()

  return {
    async stop(withinMs) {
      stopping.abort(new Error('stopping'))
      await loop
      forget()
      await end(withinMs)
      // Where the store is away, the lead is over by itself.
      await yieldSubscription(pool, id, owner).catch(() => undefined)
    },
  }
}
