/** The people capability over one drop folder: the oldest settled file is the next delivery. */
import { readFile } from 'node:fs/promises'
import type { Context, Delivery, PeopleCapability } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { isSha256 } from './control-total.ts'
import { csvError, systemCode } from './errors.ts'
import { rawBytes } from './file.ts'
import { isOlder } from './file-name.ts'
import type { DroppedFile, Folder } from './folder.ts'
import { type Inspection, inspect } from './inspect.ts'
import { pages } from './pages.ts'
import { Photos } from './photos.ts'
import type { CsvSettings } from './settings.ts'
import { settle } from './settle.ts'
import { watch } from './watch.ts'

/** `closed` ends every watch when the connection is closed. */
export function createPeople(
  settings: CsvSettings,
  context: Context,
  folder: Folder,
  closed: AbortSignal,
): PeopleCapability {
  const photos = settings.photos === undefined ? null : new Photos(settings.photos, context)
  // In memory only: after a restart, the engine's own fingerprints and clock catch an old file.
  let newestTaken: string | null = null

  async function finish(file: DroppedFile, outcome: 'taken' | 'refused'): Promise<void> {
    folder.finish(file)
    if (outcome === 'taken' && file.date !== null && (newestTaken === null || isOlder(newestTaken, file.date))) {
      newestTaken = file.date
    }
    await settle(file, outcome, settings, context.now())
  }

  async function deliver(file: DroppedFile, signal: AbortSignal): Promise<Delivery | null> {
    if (file.date !== null && newestTaken !== null && isOlder(file.date, newestTaken)) {
      throw csvError('csv.older-than-taken', `${newestTaken} was taken, this is of ${file.date}`)
    }
    const arrivedAt = context.now()
    const inspection = await inspect(file.path, file.identity, settings, signal)
    if (inspection === null || !(await fitsMarker(file, inspection))) {
      folder.unsettle(file.name)
      return null
    }
    let cleared = false
    return {
      name: file.name.replace(/\p{Cc}/gu, '?'),
      mode: file.mode,
      arrivedAt,
      writtenAt: new Date(Number(inspection.identity.mtimeNs / 1_000_000n)),
      settledMs: file.settledMs,
      fingerprint: inspection.fingerprint,
      columns: inspection.columns.filter((name) => name !== null),
      raw: (rawSignal) => rawBytes(file.path, Number(inspection.identity.size), rawSignal),
      pages(pagesSignal) {
        const plain = pages(file.path, inspection, settings.limits.max_row_bytes, pagesSignal)
        return photos?.told(plain, pagesSignal) ?? plain
      },
      async settle(outcome) {
        if (cleared) return
        await finish(file, outcome)
        cleared = true
      },
    }
  }

  return {
    async read(signal) {
      signal.throwIfAborted()
      for (const file of await folder.look()) {
        try {
          const delivery = await deliver(file, signal)
          if (delivery !== null) return delivery
        } catch (error) {
          if (error instanceof ConnectorError && error.kind === 'rejected') await refuse(file)
          throw error
        }
      }
      return null
    },
    // The reference is the name of the file.
    ...(photos === null ? {} : { photo: (reference: string) => photos.read(reference) }),
    watch: (signal) => watch(folder, settings, AbortSignal.any([signal, closed])),
  }

  async function refuse(file: DroppedFile): Promise<void> {
    try {
      await finish(file, 'refused')
    } catch (error) {
      // The refusal itself is what the caller must hear; the file stays where it is and is not offered again.
      if (!(error instanceof ConnectorError)) throw error
      context.log('error', 'csv.settle-failed')
    }
  }
}

/** False when the marker is gone again. @throws ConnectorError `rejected` `csv.control-total` */
async function fitsMarker(file: DroppedFile, inspection: Inspection): Promise<boolean> {
  if (file.marker === null) return true
  let text: string
  try {
    text = await readFile(file.marker, 'latin1')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw csvError('csv.file-unreadable', 'its done marker', error)
  }
  // `sha256sum` writes the name of the file behind the hash.
  const [told = ''] = text.trim().split(/\s/)
  if (isSha256(told)) {
    if (!inspection.fingerprint.equals(Buffer.from(told, 'hex'))) {
      throw csvError('csv.control-total', 'the SHA-256 in the marker is of other bytes')
    }
  } else if (file.marker.toLowerCase().endsWith('.sha256')) {
    throw csvError('csv.control-total', 'the .sha256 file holds no SHA-256')
  }
  return true
}
