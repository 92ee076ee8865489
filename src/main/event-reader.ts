/** What the process that leads a target, or reads a source, does about its events: follows them for as long as it may, and begins again when that ends. */
import type { EventsCapability } from '../connector/contract.ts'
import { ConnectorError } from '../connector/errors.ts'
import type { EventsContext } from '../events/context.ts'
import { followEvents } from '../events/follow.ts'
import { errorCode } from '../model/error-code.ts'
import { openTrouble } from '../model/trouble.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from '../sync/context.ts'
import { pauseTarget } from '../sync/stop.ts'
import type { Log } from '../telemetry/log.ts'

/** Before the next try: at first, and at most. */
const againMs = 500
const againMsMax = 30_000
/** A login that was refused is not tried like a connection that broke. */
const refusedMs = 60_000
/** What the system will never take as it is: somebody changes something first. */
const rejectedMs = 300_000

export interface EventReader {
  /** Begins to follow, unless it does; called every second while it may. */
  look(): void
  /** The lead is lost, or the process ends: resolves when nothing more is appended. */
  letGo(): Promise<void>
}

/** What is known of logins there. */
export interface LoginStanding {
  /** True: a login was refused, and is not tried again before a person says so. */
  isRefused(): Promise<boolean>
  refused(code: string): Promise<void>
}

/** As for every other call to a target: it is paused, so that a service account is never hammered. */
export function standingOfTarget(context: SyncContext, target: string): LoginStanding {
  return {
    async isRefused() {
      const { pausedBecause } = await context.standings.recent(target)
      // That nothing is written there by order of a person stops no reading.
      return pausedBecause !== null && pausedBecause !== 'target.paused-by-hand'
    },
    refused: (code) =>
      inTransaction(context.database.pool, (client) => pauseTarget(client, context, target, code)).then(
        () => undefined,
      ),
  }
}

/** A source can't be paused: it is only left alone for a while, by each who reads it. */
export const standingOfSource: LoginStanding = {
  isRefused: () => Promise.resolve(false),
  refused: () => Promise.resolve(),
}

/** `source`: id of the target, or of the source of people, that `capability` belongs to. */
export function openEventReader(
  { events, log }: { readonly events: EventsContext; readonly log: Log },
  standing: LoginStanding,
  source: string,
  capability: EventsCapability,
): EventReader {
  let following: { readonly ended: Promise<void>; readonly stop: AbortController } | null = null
  let notBefore = 0
  let failures = 0
  const trouble = openTrouble()

  async function follow(signal: AbortSignal): Promise<void> {
    try {
      if (await standing.isRefused()) return wait(againMsMax)
      await followEvents(events, source, capability, signal, wentWell)
      // A connector should not: nobody knows why, so it is begun again as after a connection that broke.
      if (!signal.aborted) throw new ConnectorError({ kind: 'transient', code: 'events.ended' })
    } catch (error) {
      if (!signal.aborted) await failed(error)
    }
  }

  function wentWell(): void {
    failures = 0
    const over = trouble.over()
    if (over !== null) log.info({ event: 'events.followed', source, ...over }, 'events')
  }

  async function failed(error: unknown): Promise<void> {
    const code = errorCode(error)
    if (trouble.failed(code)) log.warn({ event: 'events.not-followed', source, code }, 'events')
    failures += 1
    wait(waitOf(error, failures))
    if (error instanceof ConnectorError && error.kind === 'unauthenticated') await pause(error.code)
  }

  async function pause(code: string): Promise<void> {
    try {
      await standing.refused(code)
    } catch (error) {
      log.warn({ event: 'events.not-paused', source, code: errorCode(error) }, 'events')
    }
  }

  function wait(ms: number): void {
    notBefore = Date.now() + ms
  }

  return {
    look() {
      if (following !== null || Date.now() < notBefore) return
      const stop = new AbortController()
      const ended = follow(stop.signal).finally(() => {
        following = null
      })
      following = { ended, stop }
    },
    async letGo() {
      const mine = following
      mine?.stop.abort(new Error('stopping'))
      await mine?.ended
    },
  }
}

function waitOf(error: unknown, failures: number): number {
  const backoff = Math.min(againMsMax, againMs * 2 ** Math.min(failures - 1, 10)) * (0.5 + Math.random() / 2)
  if (!(error instanceof ConnectorError)) return backoff
  if (error.kind === 'throttled') return error.retryAfterMs ?? againMsMax
  if (error.kind === 'unauthenticated') return refusedMs
  return error.kind === 'rejected' ? rejectedMs : backoff
}
