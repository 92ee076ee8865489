/** Tells when reading may bring something new: by the file system's notice where there is one, and by looking regularly anyway. */
import { type FSWatcher, watch as watchFileSystem } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { Folder } from './folder.ts'
import type { CsvSettings } from './settings.ts'

/** A sender writes in many pieces; this keeps the looks apart. */
const looksApartMs = 50

/**
 * Yields when the set of settled files has changed and is not empty, and once when the folder is lost, so that `read` can say so.
 * Ends with the signal.
 */
export async function* watch(folder: Folder, settings: CsvSettings, signal: AbortSignal): AsyncGenerator<void> {
  const bell = new Bell(settings.folder)
  let offered = ''
  try {
    while (!signal.aborted) {
      const state = await stateOf(folder)
      if (state !== offered) {
        offered = state
        if (state === 'csv.folder-missing') bell.close()
        if (state !== '') {
          yield
          continue
        }
      }
      await bell.wait(
        Math.max(looksApartMs, Math.min(settings.poll_ms, folder.settlesInMs ?? settings.poll_ms)),
        signal,
      )
    }
  } finally {
    bell.close()
  }
}

async function stateOf(folder: Folder): Promise<string> {
  try {
    const settled = await folder.look()
    return settled
      .map(({ name, identity }) => `${name}/${identity.ino}/${identity.size}/${identity.mtimeNs}`)
      .join('\n')
  } catch (error) {
    // The folder has logged it, and `read` will throw it to whoever is woken now.
    if (error instanceof ConnectorError) return error.code
    throw error
  }
}

/** Rings when anything happens in a folder. */
class Bell {
  readonly #path: string
  #watcher: FSWatcher | null = null
  #hasRung = false
  #wake: () => void = () => undefined

  constructor(path: string) {
    this.#path = path
  }

  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    this.#open()
    const rung = new AbortController()
    this.#wake = () => rung.abort()
    if (!this.#hasRung) await nap(timeoutMs, AbortSignal.any([signal, rung.signal]))
    if (this.#hasRung) await nap(looksApartMs, signal)
    this.#hasRung = false
  }

  #ring(): void {
    this.#hasRung = true
    this.#wake()
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = null
  }

  #open(): void {
    if (this.#watcher !== null) return
    try {
      this.#watcher = watchFileSystem(this.#path, { persistent: false }, () => this.#ring())
      this.#watcher.on('error', () => this.close())
    } catch {
      // No notices on this file system, or no folder now: the regular look does the work alone.
      this.#watcher = null
    }
  }
}

async function nap(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
