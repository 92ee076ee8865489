/** The gateway in a process of its own, as `gatehouse start` runs it; can tell its memory and what it sent. */
import diagnostics from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { type Gateway, initGateway, startGateway } from '../src/main.ts'
import { createLog } from '../src/telemetry/log.ts'
import { answerParent } from './child-process.ts'

/** A request as it was sent, without its session. */
export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly body: string | null
}

export interface StartRequest {
  readonly config: string
  /** All of them when left out. */
  readonly roles?: readonly ('api' | 'worker' | 'scheduler')[]
}

const log = createLog({ level: 'warn', human: false, write: (line) => void process.stderr.write(line) })
let gateway: Gateway | undefined
let sent: SentRequest[] | null = null

// undici itself tells of every request; nothing of the gateway is replaced or slowed.
diagnostics.subscribe('undici:request:create', (message) => {
  const { method, path, body } = (message as { request: { method: string; path: string; body: unknown } }).request
  sent?.push({ method, path, body: body === null || body === undefined ? null : String(body) })
})

/** The most memory that this process ever had, in bytes. */
function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  // There, `maxRSS` begins with what the parent had when it started us.
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
  return Number(kilobytes) * 1024
}

answerParent(
  {
    init: (config: string) => initGateway({ config, subject: 'Bench Operator One', demo: true, log }),
    async start({ config, roles }: StartRequest): Promise<string | null> {
      gateway = await startGateway({ config, allowDemoKeys: true, log, ...(roles === undefined ? {} : { roles }) })
      return gateway.url
    },
    peakMemory,
    record() {
      sent = []
    },
    recorded: (): SentRequest[] => sent ?? [],
    /** Whether it has sent anything since `record`. */
    busy: (): boolean => (sent?.length ?? 0) > 0,
  },
  async () => gateway?.stop(),
)
