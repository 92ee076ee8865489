/** Keeps the chain up with what is recorded, within about a second, for as long as the process runs. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { type AppendFinding, appendBatch, appendOnce } from './append.ts'
import type { AuditHead } from './entry.ts'

/** `audit.append-failed`: PostgreSQL did not take a batch; nothing is lost, and it will be tried again. */
export type AuditFailure = AppendFinding | 'audit.append-failed'

export interface AuditAppenderOptions {
  /** The runtime role's pool; a round holds one of its connections. */
  readonly pool: pg.Pool
  readonly vault: Vault
  /** Called once per finding, and once per failed round; must not throw. */
  readonly onFailure: (code: AuditFailure) => void
}

export interface AuditAppender {
  /** Appends now: worth calling after a commit that recorded something. */
  kick(): void
  /** Waits for the round that runs. What is still pending stays so, for the next start. Never rejects. */
  stop(): Promise<void>
}

const pollMs = 1_000
const backoffMsMax = 10_000

/** Starts at once and goes on until stopped, whatever fails meanwhile. Several processes may run one each. */
export function startAuditAppender({ pool, vault, onFailure }: AuditAppenderOptions): AuditAppender {
  let stopped = false
  let asked = false
  let failures = 0
  let known: AuditHead | null = null
  let wake = () => {}

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const round = async (): Promise<boolean> => {
    const appended = await appendOnce(pool, vault, appendBatch, known)
    if (appended === null) return false
    known = appended.head
    for (const finding of appended.findings) onFailure(finding)
    return appended.taken === appendBatch
  }

  const run = async () => {
    while (!stopped) {
      asked = false
      let waitMs = pollMs
      try {
        if (await round()) waitMs = 0
        failures = 0
      } catch {
        failures += 1
        waitMs = Math.min(backoffMsMax, 100 * 2 ** failures)
        // The error itself may quote what it refused, so only the code goes on.
        onFailure('audit.append-failed')
      }
      if (!stopped && !(asked && failures === 0) && waitMs > 0) await pause(waitMs)
    }
  }
  const running = run()

  return {
    kick() {
      asked = true
      // While the store is away, asking does not shorten the wait: it would be one failed round per change.
      if (failures === 0) wake()
    },
    stop() {
      stopped = true
      wake()
      return running
    },
  }
}
