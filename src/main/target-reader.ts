/** What the process that leads a target reads of it, beside all work: a match that somebody asked for, sweeps in their time, and single reads of accounts between them. */

import { errorCode } from '../model/error-code.ts'
import { openTrouble } from '../model/trouble.ts'
import type { TargetSetup } from '../sync/context.ts'
import { openDeepSweep } from '../sync/drift/deep-sweep.ts'
import { sweepIfDue } from '../sync/drift/sweep-target.ts'
import { matchIfAsked } from '../sync/match/match-target.ts'
import type { Log } from '../telemetry/log.ts'
import type { Engine } from './sync-context.ts'

/** What could not be read is tried again after this. */
const againMs = 30_000

export interface TargetReader {
  /** Begins what is due, unless something is being read; called every second. */
  look(): void
  /** Resolves when nothing is read any more; the signal ends it. */
  ended(): Promise<void>
}

export function openTargetReader(
  { context, brakes }: Engine,
  target: TargetSetup,
  owner: string,
  log: Log,
  signal: AbortSignal,
): TargetReader {
  let reading: Promise<void> | null = null
  let notBefore = 0
  const trouble = openTrouble()
  /** It was out of reach, or stopped: what it shows when it is back may not be what it showed before. */
  let wasAway = false
  const deep = openDeepSweep(context, target)

  async function read(): Promise<void> {
    await matchIfAsked(context, target, owner, signal)
    const { pausedBecause, resting } = await context.standings.recent(target.id)
    if (pausedBecause !== null || resting) {
      wasAway = true
      return
    }
    if (Date.now() < notBefore) return
    notBefore = Date.now() + againMs
    if ((await sweepIfDue(context, target, { now: wasAway, brakes }, signal)) !== null) wasAway = false
    await deep.step(signal)
    notBefore = 0
    const over = trouble.over()
    if (over !== null) log.info({ event: 'target.read', target: target.id, ...over }, 'target')
  }

  return {
    look() {
      reading ??= read()
        .catch((error: unknown) => {
          const code = errorCode(error)
          if (!signal.aborted && trouble.failed(code))
            log.warn({ event: 'target.not-read', target: target.id, code }, 'target')
        })
        .finally(() => {
          reading = null
        })
    },
    async ended() {
      await reading
    },
  }
}
