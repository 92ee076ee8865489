/** `npm run bench`: measures what Gatehouse promises of its speed, each figure beside its floor, and exits non-zero when a limit is missed. */
import { parseArgs } from 'node:util'
import { type Claim, table } from './claim.ts'
import { benchAppend } from './event-append.ts'
import { benchEventLatency } from './event-latency.ts'
import { benchEventQueries } from './event-queries.ts'
import { benchEvents } from './events.ts'
import { benchFailover } from './failover.ts'
import { benchImport } from './import.ts'
import { benchLockout } from './lock-out.ts'
import { benchMemory } from './memory.ts'
import { benchProvisionOf } from './provision.ts'
import type { BenchRequest } from './request.ts'
import type { Queue } from './site.ts'
import { benchStart } from './start.ts'
import { benchSweepOf } from './sweep.ts'
import { benchUnderLoad } from './under-load.ts'

interface Benchmark {
  readonly size: number
  /** What the size counts: people when left out. */
  readonly of?: 'events'
  /** What goes through no queue is measured once. */
  readonly queues: readonly Queue[]
  run(request: BenchRequest): Promise<Claim[]>
}

const both = ['postgresql', 'redis'] as const
const benchmarks: Readonly<Record<string, Benchmark>> = {
  start: { size: 1, queues: ['postgresql'], run: benchStart },
  import: { size: 100_000, queues: both, run: benchImport },
  memory: { size: 1_000_000, queues: both, run: benchMemory },
  provision: { size: 10_000, queues: both, run: benchProvisionOf('biostar2') },
  'provision-aeos': { size: 10_000, queues: ['postgresql'], run: benchProvisionOf('aeos') },
  sweep: { size: 30_000, queues: ['postgresql'], run: benchSweepOf('biostar2') },
  'sweep-aeos': { size: 30_000, queues: ['postgresql'], run: benchSweepOf('aeos') },
  'lock-out': { size: 2_000, queues: both, run: benchLockout },
  'under-load': { size: 100_000, queues: both, run: benchUnderLoad },
  events: { size: 200_000, of: 'events', queues: both, run: benchEvents },
  'event-append': { size: 200_000, of: 'events', queues: ['postgresql'], run: benchAppend },
  'event-latency': { size: 30_000, of: 'events', queues: both, run: benchEventLatency },
  'event-queries': { size: 10_000_000, of: 'events', queues: ['postgresql'], run: benchEventQueries },
  failover: { size: 20, queues: both, run: benchFailover },
}

const usage = `npm run bench -- [options]

  --only <names>  of ${Object.keys(benchmarks).join(', ')}, with commas between; all by default
  --queue <name>  postgresql or redis; both by default, where wake-ups matter
  --size <n>      people, or events, in each benchmark, for trying out: the limits are meant for the full size
  --json          print one line of JSON instead of a table
  --help          print this

Progress goes to standard error. Exits 1 when a limit is missed, 2 for unusable options.
`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    size: { type: 'string' },
    queue: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}
const chosen = values.only?.split(',') ?? Object.keys(benchmarks)
const queue = both.find((name) => name === values.queue)
const isUnusable =
  chosen.some((name) => benchmarks[name] === undefined) ||
  !/^[1-9]\d*$/.test(values.size ?? '1') ||
  (values.queue !== undefined && queue === undefined)
if (isUnusable) {
  process.stderr.write(usage)
  process.exit(2)
}

const claims: Claim[] = []
for (const name of chosen) {
  const { run, queues, size: fullSize, of = 'people' } = benchmarks[name] as Benchmark
  const size = values.size === undefined ? fullSize : Number(values.size)
  for (const each of queue === undefined ? queues : [queue]) {
    const say = (text: string): void => void process.stderr.write(`${name}, ${each}: ${text}\n`)
    say(`${size.toLocaleString('en-US')} ${of}`)
    const measured = await run({ size, queue: each, say })
    claims.push(
      ...measured.map((claim) => (queues.length === 1 ? claim : { ...claim, name: `${claim.name} (${each})` })),
    )
  }
}
process.stdout.write(values.json ? `${JSON.stringify({ claims })}\n` : table(claims))
if (claims.some(({ ok }) => !ok)) process.exitCode = 1
