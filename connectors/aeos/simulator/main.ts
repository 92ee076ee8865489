/** Runs the simulator from a command line until it is told to stop. */
import { parseArgs } from 'node:util'
import { tellAndWait, whole } from '../../simulator-parts/command-line.ts'
import { startAeosSimulator } from './index.ts'
import type { SimulatorOptions } from './options.ts'
import { snapshots } from './snapshots.ts'

const usage = `gatehouse simulate aeos [options]
  --port <n>            HTTPS port on 127.0.0.1 (a free one)
  --side-door-port <n>  control port on 127.0.0.1 (a free one)
  --snapshot <s>        version of the interface: ${snapshots.join(', ')} (2024-08)
  --zone <s>            time zone of the server (Europe/Amsterdam)
  --username <s>        name of the system user (gateway)
  --password <s>        password (a random one)
  --latency <ms>        fixed latency instead of 40 ms median and 200 ms p99
  --seed <n>            seed of all chance (1)
  --people <n>          employees to start with (0)
  --json                print the address as one line of JSON
`

/** `argv` without program and command name. Resolves with the exit code after SIGTERM or SIGINT. Throws a TypeError on a wrong option. */
export async function runSimulator(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: text,
      'side-door-port': text,
      snapshot: text,
      zone: text,
      username: text,
      password: text,
      latency: text,
      seed: text,
      people: text,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const options: SimulatorOptions = {}
  if (values.port !== undefined) options.port = whole('port', values.port)
  if (values['side-door-port'] !== undefined) options.sideDoorPort = whole('side-door-port', values['side-door-port'])
  if (values.snapshot !== undefined) options.snapshot = snapshot(values.snapshot)
  if (values.zone !== undefined) options.zone = values.zone
  if (values.username !== undefined) options.username = values.username
  if (values.password !== undefined) options.password = values.password
  if (values.latency !== undefined) options.latency = { fixedMs: whole('latency', values.latency) }
  if (values.seed !== undefined) options.seed = whole('seed', values.seed)
  await using simulator = await startAeosSimulator(options)
  if (values.people !== undefined) simulator.seed({ count: whole('people', values.people) })
  await tellAndWait(simulator, values.json)
  return 0
}

function snapshot(value: string): (typeof snapshots)[number] {
  const found = snapshots.find((one) => one === value)
  if (found === undefined) throw new TypeError(`--snapshot is one of ${snapshots.join(', ')}`)
  return found
}
