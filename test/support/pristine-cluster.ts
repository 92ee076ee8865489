/** A PostgreSQL cluster that nobody has used: made once on this machine and copied from then on, since `initdb` takes most of a second. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Away with the packages whose programs made it. */
const cache = join(import.meta.dirname, '../../node_modules/.cache/clusters')
const settings = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync']

export interface Programs {
  /** The folder of PostgreSQL's programs. */
  readonly binaries: string
  /** How they are run: by whom, where, and with which libraries. */
  readonly options: {
    readonly uid?: number
    readonly gid?: number
    readonly cwd: string
    readonly env: NodeJS.ProcessEnv
  }
}

/** Makes the folder `data`, in one that belongs to whoever runs the programs. @throws Error when a program ends with another code than 0. */
export function makeCluster(data: string, programs: Programs): void {
  const { options } = programs
  execFileSync('cp', ['-R', pristine(programs), data], { ...options, stdio: 'ignore' })
}

function pristine({ binaries, options }: Programs): string {
  const made = createHash('sha256')
    .update(readFileSync(join(binaries, '../../package.json')))
    .update(JSON.stringify([options.uid, ...settings]))
    .digest('hex')
  const place = join(cache, made.slice(0, 16))
  if (existsSync(place)) return join(place, 'data')
  mkdirSync(cache, { recursive: true })
  const draft = mkdtempSync(`${place}.part-`)
  try {
    if (options.uid !== undefined && options.gid !== undefined) chownSync(draft, options.uid, options.gid)
    execFileSync(join(binaries, 'initdb'), ['-D', join(draft, 'data'), ...settings], { ...options, stdio: 'ignore' })
    renameSync(draft, place)
  } catch (error) {
    // Another test file was quicker with the same one.
    if (!existsSync(place)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return join(place, 'data')
}
