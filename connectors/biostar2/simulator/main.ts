/** Runs the simulator from a command line until it is told to stop. */
import { parseArgs } from 'node:util'
import { tellAndWait, whole } from '../../simulator-parts/command-line.ts'
import { startBiostarSimulator } from './index.ts'
import type { SimulatorOptions } from './options.ts'

const usage = `gatehouse simulate biostar2 [options]
  --port <n>            HTTPS port on 127.0.0.1 (a free one)
  --side-door-port <n>  control port on 127.0.0.1 (a free one)
  --product <p>         biostar2 or biostarx (biostar2)
  --username <s>        login id (admin)
  --password <s>        password (a random one)
  --latency <ms>        fixed latency instead of 40 ms median and 200 ms p99
  --seed <n>            seed of all chance (1)
  --people <n>          people to start with (0)
  --json                print the address as one line of JSON
`

/** `argv` without program and command name. Resolves with the exit code after SIGTERM or SIGINT. */
export async function runSimulator(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string' },
      'side-door-port': { type: 'string' },
      product: { type: 'string' },
      username: { type: 'string' },
      password: { type: 'string' },
      latency: { type: 'string' },
      seed: { type: 'string' },
      people: { type: 'string' },
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
  if (values.product !== undefined) options.product = product(values.product)
  if (values.username !== undefined) options.username = values.username
  if (values.password !== undefined) options.password = values.password
  if (values.latency !== undefined) options.latency = { fixedMs: whole('latency', values.latency) }
  if (values.seed !== undefined) options.seed = whole('seed', values.seed)
  await using simulator = await startBiostarSimulator(options)
  if (values.people !== undefined) simulator.seed({ count: whole('people', values.people) })
  await tellAndWait(simulator, values.json)
  return 0
}

function product(value: string): 'biostar2' | 'biostarx' {
  if (value === 'biostar2' || value === 'biostarx') return value
  throw new TypeError('--product is biostar2 or biostarx')
}
