/** The gateway in a process of its own, as `gatehouse start` runs it; can tell its memory and what it sent. */
import { readFileSync } from 'node:fs'
import { type Gateway, initGateway, startGateway } from '../src/main.ts'
import { createLog } from '../src/telemetry/log.ts'
import { answerParent } from './child-process.ts'
import { recordedRequests, recordRequests } from './sent-requests.ts'

export interface StartRequest {
  readonly config: string
  /** All of them when left out. */
  readonly roles?: readonly ('api' | 'worker' | 'scheduler')[]
}

const log = createLog({ level: 'warn', human: false, write: (line) => void process.stderr.write(line) })
let gateway: Gateway | undefined

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
    record: recordRequests,
    recorded: recordedRequests,
    /** Whether it has sent anything since `record`. */
    busy: (): boolean => recordedRequests().length > 0,
  },
  async () => gateway?.stop(),
)
