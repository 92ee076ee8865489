/** `npm run bench`: measures what Gatehouse promises of its speed, each figure beside its floor, and exits non-zero when a limit is missed. */
import { parseArgs } from 'node:util'
import { type Claim, table } from './claim.ts'
import { benchImport } from './import.ts'
import { benchLockOut } from './lock-out.ts'
import { benchProvision } from './provision.ts'

type Say = (text: string) => void

/** Each with the number of people that it is measured with. */
const benchmarks: Readonly<Record<string, { readonly size: number; run(size: number, say: Say): Promise<Claim[]> }>> = {
  import: { size: 100_000, run: benchImport },
  provision: { size: 10_000, run: benchProvision },
  'lock-out': { size: 2_000, run: benchLockOut },
}

const usage = `npm run bench -- [options]

  --only <names>  of ${Object.keys(benchmarks).join(', ')}, with commas between; all by default
  --size <n>      people in each benchmark, for trying out: the limits are meant for the full size
  --json          print one line of JSON instead of a table
  --help          print this

Progress goes to standard error. Exits 1 when a limit is missed, 2 for unusable options.
`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    size: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}
const chosen = values.only?.split(',') ?? Object.keys(benchmarks)
if (chosen.some((name) => benchmarks[name] === undefined) || !/^[1-9]\d*$/.test(values.size ?? '1')) {
  process.stderr.write(usage)
  process.exit(2)
}

const claims: Claim[] = []
for (const name of chosen) {
  const benchmark = benchmarks[name]
  if (benchmark === undefined) continue
  const size = values.size === undefined ? benchmark.size : Number(values.size)
  const say: Say = (text) => void process.stderr.write(`${name}: ${text}\n`)
  say(`${size.toLocaleString('en-US')} people`)
  claims.push(...(await benchmark.run(size, say)))
}
process.stdout.write(values.json ? `${JSON.stringify({ claims })}\n` : table(claims))
if (claims.some(({ ok }) => !ok)) process.exitCode = 1
