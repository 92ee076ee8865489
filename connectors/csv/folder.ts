/** Looks into the drop folder and tells which files stand still, oldest first; remembers between looks what it saw. */
import type { BigIntStats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../../src/connector/contract.ts'
import { csvError, systemCode } from './errors.ts'
import { type Identity, sameIdentity } from './file.ts'
import { dateInName, isTemporaryName, namePattern } from './file-name.ts'
import type { CsvSettings } from './settings.ts'

export interface DroppedFile {
  readonly name: string
  readonly path: string
  readonly identity: Identity
  readonly mode: 'full' | 'delta'
  /** The date in its name, as `dateInName` gives it. */
  readonly date: string | null
  /** The path of its done marker. */
  readonly marker: string | null
  /** From the first sight of it until it counted as settled, in ms. */
  readonly settledMs: number
}

interface Sighting {
  readonly identity: Identity
  readonly firstSeenMs: number
  /** Since when it looks as it does now. */
  readonly sameSinceMs: number
  settledMs: number | null
}

export class Folder {
  readonly #settings: CsvSettings
  readonly #context: Context
  readonly #isOurs: (name: string) => boolean
  readonly #isDelta: (name: string) => boolean
  readonly #finished = new Map<string, Identity>()
  #sightings = new Map<string, Sighting>()
  #goneSinceMs: number | null = null

  constructor(settings: CsvSettings, context: Context) {
    this.#settings = settings
    this.#context = context
    this.#isOurs = namePattern(settings.pattern)
    this.#isDelta = settings.delta_pattern === undefined ? () => false : namePattern(settings.delta_pattern)
  }

  /**
   * The settled files that were not finished yet, oldest first.
   * @throws ConnectorError `transient` `csv.folder-missing`, logged when it begins and when it is over
   */
  async look(): Promise<readonly DroppedFile[]> {
    const names = await this.#names()
    const all = new Set(names)
    const nowMs = this.#context.now().getTime()
    const sightings = new Map<string, Sighting>()
    const settled: DroppedFile[] = []
    for (const name of names) {
      const isDelta = this.#isDelta(name)
      if (isTemporaryName(name) || !(isDelta || this.#isOurs(name))) continue
      const path = join(this.#settings.folder, name)
      const identity = await identityOf(path)
      if (identity === null) continue
      const sighting = this.#sighting(this.#sightings.get(name), identity, nowMs)
      sightings.set(name, sighting)
      const marker = await this.#marker(name, all, identity)
      if (this.#hasSettled(sighting, marker !== null, nowMs)) sighting.settledMs ??= nowMs - sighting.firstSeenMs
      if (sighting.settledMs === null || this.#isFinished(name, identity)) continue
      const mode = isDelta ? 'delta' : this.#settings.mode
      const { settledMs } = sighting
      settled.push({ name, path, identity, mode, date: dateInName(name), marker, settledMs })
    }
    this.#sightings = sightings
    for (const name of this.#finished.keys()) if (!sightings.has(name)) this.#finished.delete(name)
    return settled.sort(byAge)
  }

  /** In how many ms a file that was seen may have settled; null when no file is waiting. */
  get settlesInMs(): number | null {
    if (this.#settings.done_marker !== undefined) return null
    const waiting = [...this.#sightings.values()].filter((sighting) => sighting.settledMs === null)
    if (waiting.length === 0) return null
    const due = Math.min(...waiting.map((sighting) => sighting.sameSinceMs)) + this.#settings.settle_ms
    return Math.max(0, due - this.#context.now().getTime())
  }

  /** The file must stand still anew: it changed while it was read. */
  unsettle(name: string): void {
    this.#sightings.delete(name)
  }

  /** The file as it is now is not offered again. */
  finish(file: DroppedFile): void {
    this.#finished.set(file.name, file.identity)
  }

  async #names(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#settings.folder, { withFileTypes: true })
      if (this.#goneSinceMs !== null) {
        this.#context.log('info', 'csv.folder-back', { goneMs: this.#context.now().getTime() - this.#goneSinceMs })
        this.#goneSinceMs = null
      }
      // Links stay out: whoever may write here must not choose what else of this machine is read.
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
    } catch (error) {
      if (this.#goneSinceMs === null) {
        this.#goneSinceMs = this.#context.now().getTime()
        this.#context.log('warn', 'csv.folder-missing')
      }
      throw csvError('csv.folder-missing', systemCode(error), error)
    }
  }

  #sighting(before: Sighting | undefined, identity: Identity, nowMs: number): Sighting {
    if (before !== undefined && sameIdentity(before.identity, identity)) return before
    const isGrowing = before !== undefined && before.identity.ino === identity.ino && before.settledMs === null
    return { identity, firstSeenMs: isGrowing ? before.firstSeenMs : nowMs, sameSinceMs: nowMs, settledMs: null }
  }

  #hasSettled(sighting: Sighting, isMarked: boolean, nowMs: number): boolean {
    if (this.#settings.done_marker !== undefined) return isMarked
    return nowMs - sighting.sameSinceMs >= this.#settings.settle_ms
  }

  async #marker(name: string, all: ReadonlySet<string>, identity: Identity): Promise<string | null> {
    const ending = this.#settings.done_marker
    if (ending === undefined) return null
    const stem = name.replace(/\.[^.]*$/, '')
    for (const candidate of [name + ending, stem + ending]) {
      if (!all.has(candidate)) continue
      const path = join(this.#settings.folder, candidate)
      const marker = await identityOf(path)
      // A marker older than the file is left over from the delivery before; an empty .sha256 is still being written.
      if (marker === null || marker.mtimeNs < identity.mtimeNs) continue
      if (ending === '.sha256' && marker.size === 0n) continue
      return path
    }
    return null
  }

  #isFinished(name: string, identity: Identity): boolean {
    const finished = this.#finished.get(name)
    return finished !== undefined && sameIdentity(finished, identity)
  }
}

async function identityOf(path: string): Promise<Identity | null> {
  try {
    const stats: BigIntStats = await lstat(path, { bigint: true })
    return stats.isFile() ? { ino: stats.ino, size: stats.size, mtimeNs: stats.mtimeNs } : null
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw csvError('csv.file-unreadable', undefined, error)
  }
}

function byAge(one: DroppedFile, other: DroppedFile): number {
  const [a, b] = [age(one), age(other)]
  if (a !== b) return a < b ? -1 : 1
  if (one.identity.mtimeNs !== other.identity.mtimeNs) return one.identity.mtimeNs < other.identity.mtimeNs ? -1 : 1
  return one.name < other.name ? -1 : 1
}

function age(file: DroppedFile): string {
  if (file.date !== null) return file.date.padEnd(14, '0')
  return new Date(Number(file.identity.mtimeNs / 1_000_000n)).toISOString().replace(/\D/g, '').slice(0, 14)
}
