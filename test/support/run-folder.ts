/** A folder for one run of the tests, where a file may leave what later ones can use; gone with the run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const name = 'GATEHOUSE_TEST_RUN'

/** Undefined where somebody uses our helpers outside of a run. */
export const runFolder = (): string | undefined => process.env[name]

/** Called by Vitest before any file; the processes of all files inherit the name. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-run-'))
  process.env[name] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
