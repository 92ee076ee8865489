/** Clears a file away after it was taken or refused, and only if it is still the file that was read. */
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { csvError, systemCode } from './errors.ts'
import { isUnchanged } from './file.ts'
import type { DroppedFile } from './folder.ts'
import type { CsvSettings } from './settings.ts'

/** @throws ConnectorError `transient` `csv.settle-failed` */
export async function settle(
  file: DroppedFile,
  outcome: 'taken' | 'refused',
  settings: CsvSettings,
  now: Date,
): Promise<void> {
  if (settings.after === 'keep') return
  // The sender may have written a new delivery under the same name; that one is not ours to clear away.
  if (!(await isUnchanged(file.path, file.identity))) return
  try {
    if (settings.after === 'move') await move(file, outcome, settings.folder, now)
    else {
      if (file.marker !== null) await rm(file.marker, { force: true })
      if (outcome === 'taken') await rm(file.path, { force: true })
      else await rename(file.path, `${file.path}.refused`)
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw csvError('csv.settle-failed', systemCode(error), error)
  }
}

async function move(file: DroppedFile, outcome: 'taken' | 'refused', folder: string, now: Date): Promise<void> {
  const target = join(folder, outcome === 'taken' ? 'done' : 'refused')
  await mkdir(target, { recursive: true })
  // Senders often use one name for ever; the moment keeps the deliveries apart.
  const moment = now.toISOString().replace(/[-:]/g, '')
  for (const path of [file.marker, file.path]) {
    if (path !== null) await rename(path, join(target, `${basename(path)}.${moment}`))
  }
}
