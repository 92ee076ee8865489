/** Clears a file away after it was taken or refused, and only if it is still the file that was read. */
import { renameSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { csvError, systemCode } from './errors.ts'
import { isStill } from './file.ts'
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
  try {
    const folder = join(settings.folder, outcome === 'taken' ? 'done' : 'refused')
    if (settings.after === 'move') await mkdir(folder, { recursive: true })
    // The sender may have written a new delivery under the same name; that one is not ours to clear away. Looked at and cleared away
    // in one go, without a turn of the event loop between: a busy process would give the sender all that time to come in between.
    if (!isStill(file.path, file.identity)) return
    if (settings.after === 'move') move(file, folder, now)
    else {
      if (file.marker !== null) rmSync(file.marker, { force: true })
      if (outcome === 'taken') rmSync(file.path, { force: true })
      else renameSync(file.path, `${file.path}.refused`)
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw csvError('csv.settle-failed', systemCode(error), error)
  }
}

function move(file: DroppedFile, folder: string, now: Date): void {
  // Senders often use one name for ever; the moment keeps the deliveries apart.
  const moment = now.toISOString().replace(/[-:]/g, '')
  for (const path of [file.marker, file.path]) {
    if (path !== null) renameSync(path, join(folder, `${basename(path)}.${moment}`))
  }
}
