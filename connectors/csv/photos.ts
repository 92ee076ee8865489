/** Pictures in a folder of their own, named in a cell: read only to know which one it is, and handed out when one is to be written. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context, DeliveryEnd, RawRecord, RecordPage } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { isPicture, photoBytesMax, photoText, pictureDigest, unreadPhoto } from '../../src/model/photo.ts'
import { csvError, systemCode } from './errors.ts'
import { type Identity, sameIdentity } from './file.ts'
import type { CsvSettings } from './settings.ts'

/** So many files are read at once: of the few threads that Node has for all files, some stay free when these hang. */
const atOnce = 2
/** No file takes so long unless its folder hangs: rows, and whoever is locked out by one, wait no longer for that. */
const fileMs = 2_000
/** More than these are digested again in the next delivery. */
const rememberedMax = 200_000

type PhotoSettings = NonNullable<CsvSettings['photos']>

interface Known {
  readonly identity: Identity & { readonly ctimeNs: bigint }
  readonly sha256: string
}

interface Loaded extends Known {
  /** Null where the file is the known one. */
  readonly bytes: Buffer | null
}

export class Photos {
  readonly #settings: PhotoSettings
  readonly #log: Context['log']
  readonly #known = new Map<string, Known>()
  /** Files that were given up, and that the system still works on: until it is done with them no other is asked for. */
  #hanging = 0

  constructor(settings: PhotoSettings, { log }: Pick<Context, 'log'>) {
    this.#settings = settings
    this.#log = log
  }

  /** The same pages, with what names a picture in place of the names of files. What can't be read is told in the log, once, by number. */
  async *told(pages: AsyncGenerator<RecordPage, DeliveryEnd>, signal: AbortSignal) {
    let unread = 0
    try {
      for (;;) {
        const { done, value } = await pages.next()
        if (done) {
          if (unread > 0) this.#log('warn', 'csv.photos-unread', { count: unread })
          return value
        }
        const records = await this.#withPhotos(value.records, signal)
        unread += records.filter(({ cells }) => cells[this.#settings.column] === unreadPhoto).length
        yield { ...value, records }
      }
    } finally {
      await pages.return({ complete: false, records: 0, problems: 0 })
    }
  }

  /** Null when there is no such file, or none that is a picture. @throws ConnectorError `csv.photo-unreadable` */
  async read(name: string): Promise<Buffer | null> {
    return isFileName(name) ? ((await this.#load(name, null))?.bytes ?? null) : null
  }

  async #withPhotos(records: readonly RawRecord[], signal: AbortSignal): Promise<RawRecord[]> {
    const { column } = this.#settings
    const out = [...records]
    let next = 0
    const lane = async () => {
      for (let at = next++; at < records.length; at = next++) {
        signal.throwIfAborted()
        const record = records[at] as RawRecord
        const name = record.cells[column]
        if (typeof name === 'string')
          out[at] = { ...record, cells: { ...record.cells, [column]: await this.#cell(name) } }
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    return out
  }

  async #cell(name: string): Promise<string> {
    if (!isFileName(name)) return unreadPhoto
    try {
      const known = this.#known.get(name) ?? null
      const found = await this.#load(name, known)
      if (found === null) return unreadPhoto
      if (found.bytes !== null) this.#remember(name, found)
      return photoText({ sha256: found.sha256, reference: name })
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      return unreadPhoto
    }
  }

  #remember(name: string, { identity, sha256 }: Known): void {
    this.#known.delete(name)
    if (this.#known.size >= rememberedMax) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(name, { identity, sha256 })
  }

  /** @throws ConnectorError `csv.photo-unreadable` */
  async #load(name: string, known: Known | null): Promise<Loaded | null> {
    if (this.#hanging > 0) throw csvError('csv.photo-unreadable', 'the folder does not answer')
    const loading = this.#open(name, known)
    const { promise: late, reject } = Promise.withResolvers<never>()
    const giveUp = () => {
      this.#hanging += 1
      const over = () => {
        this.#hanging -= 1
      }
      loading.then(over, over)
      reject(csvError('csv.photo-unreadable', 'it takes too long'))
    }
    const timer = setTimeout(giveUp, fileMs)
    try {
      return await Promise.race([loading, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Never through a link, and never more than a picture may have. */
  async #open(name: string, known: Known | null): Promise<Loaded | null> {
    try {
      // A pipe that nobody writes into must not be waited for.
      const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
      const file = await open(join(this.#settings.folder, name), flags)
      try {
        const stat = await file.stat({ bigint: true })
        const { ino, size, mtimeNs, ctimeNs } = stat
        const identity = { ino, size, mtimeNs, ctimeNs }
        if (!stat.isFile() || size === 0n || size > BigInt(photoBytesMax)) return null
        if (known !== null && sameIdentity(known.identity, identity) && known.identity.ctimeNs === ctimeNs)
          return { ...known, bytes: null }
        const bytes = Buffer.alloc(Number(size))
        const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
        if (bytesRead < bytes.length || !isPicture(bytes)) return null
        return { identity, sha256: pictureDigest(bytes), bytes }
      } finally {
        await file.close()
      }
    } catch (error) {
      const code = systemCode(error)
      if (code === undefined) throw error
      if (absent.has(code)) return null
      // Node's own error names the file, which a cell of the person does.
      throw csvError('csv.photo-unreadable', code)
    }
  }
}

/** There is none, it is a link, or a name that no file can have. */
const absent: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'EMLINK', 'ENAMETOOLONG', 'ENXIO', 'EINVAL'])

/** The plain name of a file in the folder, and of none above, below or beside it. */
function isFileName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a name
  return name.length <= 255 && !name.startsWith('.') && !/[/\\:\u0000-\u001F\u007F]/.test(name)
}
