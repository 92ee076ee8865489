/** How sure a write to one target is to reach its readers, by what its health said a moment ago; nothing older is claimed. */
import type { Health } from '../connector/contract.ts'
import { noteReach } from '../store/targets.ts'
import type { SyncContext, TargetSetup } from '../sync/context.ts'
import type { Log } from '../telemetry/log.ts'

const askEveryMs = 60_000
/** A reader may have gone away since: what was said longer ago than this holds no more. */
const freshMs = 180_000

export interface TargetReach {
  /** For the proof of a lock-out. */
  now(): Health['reach']
  /** Asks when it is time to; notes the answer on the target's row and logs each worry when it comes up. Throws what the target throws. */
  ask(signal: AbortSignal): Promise<void>
}

export function openTargetReach(
  { database, now: clock }: Pick<SyncContext, 'database' | 'now'>,
  target: TargetSetup,
  log: Pick<Log, 'warn'>,
): TargetReach {
  let said: Health['reach'] = 'accepted'
  let saidAt = Number.NEGATIVE_INFINITY
  let noted: Health['reach'] | null = null
  let worries: ReadonlySet<string> = new Set()

  function now(): Health['reach'] {
    return said === 'read-back' && clock().getTime() - saidAt > freshMs ? 'accepted' : said
  }

  async function note(): Promise<void> {
    const reach = now()
    if (reach === noted) return
    await noteReach(database.pool, target.id, reach)
    noted = reach
  }

  function tell(problems: Health['problems']): void {
    for (const { code } of problems)
      if (!worries.has(code)) log.warn({ event: 'target.problem', target: target.id, code }, 'target')
    worries = new Set(problems.map(({ code }) => code))
  }

  return {
    now,
    async ask(signal) {
      if (clock().getTime() - saidAt <= askEveryMs) return
      try {
        const { reach, problems } = await target.connection.health(signal)
        said = reach
        saidAt = clock().getTime()
        tell(problems)
      } finally {
        await note()
      }
    },
  }
}
