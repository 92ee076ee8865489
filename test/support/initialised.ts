/** The data folder that `gatehouse init` makes with a database of its own: made once in a run and copied, since it takes two seconds. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runFolder } from './run-folder.ts'

/** Makes `dataPath`, by `init` where this run has none yet. Nobody may have started a gateway on it. */
export async function makeInitialised(dataPath: string, init: () => Promise<void>): Promise<void> {
  const run = runFolder()
  const kept = run === undefined ? null : join(run, 'initialised')
  if (kept !== null && existsSync(kept)) return copy(kept, dataPath)
  await init()
  if (run === undefined || kept === null) return
  const draft = mkdtempSync(join(run, 'draft-'))
  try {
    copy(dataPath, join(draft, 'data'))
    renameSync(join(draft, 'data'), kept)
  } catch (error) {
    // Another test file was quicker with its own.
    if (!existsSync(kept)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** With owners and modes: the cluster belongs to PostgreSQL's user. */
function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to])
}
