/** From the command to a gateway that answers: the first start on an empty machine, and every later one. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './arithmetic.ts'
import { atMost, type Claim } from './claim.ts'
import type { BenchRequest } from './request.ts'

const firstMax = 5_000
const laterMax = 2_500
const laterStarts = 3
const program = join(import.meta.dirname, '../bin/gatehouse')

/** The floor is a process that does nothing but load the same Node.js. */
export async function benchStart({ say }: BenchRequest): Promise<Claim[]> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
  const config = join(directory, 'gatehouse.yaml')
  try {
    await writeFile(config, JSON.stringify({ gateway: { name: 'bench' }, http: { listen: '127.0.0.1:0' } }), {
      mode: 0o600,
    })
    const begun = performance.now()
    await ended(['init', '--config', config, '--subject', 'Bench Operator One'])
    const initMs = performance.now() - begun
    const first = initMs + (await startOnce(config))
    say(`init ${Math.round(initMs)} ms, with the first start ${Math.round(first)} ms`)
    const later: number[] = []
    for (let round = 0; round < laterStarts; round += 1) later.push(await startOnce(config))
    const bare = performance.now()
    await ended(['--version'])
    const floor = performance.now() - bare
    return [
      atMost({ name: 'init and first start, up to the first answer', value: first, unit: 'ms', floor }, firstMax),
      atMost({ name: 'later start, up to the first answer', value: median(later), unit: 'ms', floor }, laterMax),
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function ended(args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`gatehouse ${args[0]} ended with ${code}`)
}

async function startOnce(config: string): Promise<number> {
  const begun = performance.now()
  const child = spawn(program, ['start', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise((resolve) => child.once('close', resolve))
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
        const found = /^listening on (\S+)$/m.exec(said)
        if (found?.[1] !== undefined) resolve(found[1])
      })
      void exited.then(() => reject(new Error(`gatehouse start ended: ${said}`)))
    })
    await fetch(`${url}/readyz`)
    return performance.now() - begun
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}
