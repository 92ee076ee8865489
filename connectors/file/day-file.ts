/** The file of one day: lines are added so that a crash loses none that was acknowledged, and it ends with its control total, at once or not at all. */
import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError } from './errors.ts'
import type { Lines } from './lines.ts'
import type { Pieces } from './pieces.ts'
import { wholeLines } from './whole-lines.ts'

/** While the day is open its file ends so: nobody takes it for a whole one. */
export const openEnding = '.part'

/** Only its owner may read it, and no link leads anywhere else. */
const flags = constants.O_RDWR | constants.O_NOFOLLOW
const mode = 0o600

export interface Form {
  readonly lines: Lines
  readonly pieces: Pieces
}

export class DayFile {
  readonly day: string
  /** Of the finished file. */
  readonly #path: string
  readonly #handle: FileHandle
  readonly #form: Form
  readonly #hash: Hash = createHash('sha256')
  #count = 0
  #size = 0
  #ended = false
  #hasText = false

  private constructor(path: string, day: string, handle: FileHandle, form: Form) {
    this.#path = path
    this.day = day
    this.#handle = handle
    this.#form = form
  }

  /** @throws ConnectorError `file.folder`, `file.disk`; EEXIST of the system when there is one already. */
  static async create(path: string, day: string, form: Form): Promise<DayFile> {
    const handle = await open(path + openEnding, flags | constants.O_CREAT | constants.O_EXCL, mode)
    const file = new DayFile(path, day, handle, form)
    await file.#write(form.pieces.head)
    if (form.lines.header !== '') await file.#add(form.lines.header)
    await syncFolder(path)
    return file
  }

  /** Goes on with a file that a process left behind. `onId` is told each event in it, in order. @throws ConnectorError `file.changed`. */
  static async reopen(path: string, day: string, form: Form, onId: (id: string) => void): Promise<DayFile> {
    const handle = await open(path + openEnding, flags)
    const file = new DayFile(path, day, handle, form)
    try {
      for await (const { line, end } of wholeLines(path + openEnding)) {
        if (file.#ended) throw new Error('nothing follows the last line')
        const { text, last } = form.pieces.read(line)
        if (last) file.#ended = true
        else file.#take(text, onId)
        file.#size = end
      }
      await handle.truncate(file.#size)
      // A crash before its first line was whole: it is begun anew.
      if (file.#size === 0 && form.pieces.head !== '') await file.#write(form.pieces.head)
      if (file.#count === 0 && form.lines.header !== '' && !file.#hasText) await file.#add(form.lines.header)
      return file
    } catch (error) {
      await handle.close()
      throw fileError('file.changed', error)
    }
  }

  /** Whether its control total is written: all that it lacks is its name. */
  get isEnded(): boolean {
    return this.#ended
  }

  /** Safe on disk when it resolves. @throws ConnectorError `file.disk`; the file has to be reopened then. */
  async append(lines: readonly string[]): Promise<void> {
    this.#count += lines.length
    await this.#add(lines.join(''))
  }

  /** Whether it still is the file that was opened, with what was written and nothing else. */
  async isIntact(): Promise<boolean> {
    const [ours, there] = [await this.#handle.stat(), await statOf(this.#path + openEnding)]
    return there !== null && ours.ino === there.ino && ours.size === this.#size
  }

  /** Writes the control total, and gives the file its name. @throws ConnectorError `file.disk`. */
  async finish(): Promise<void> {
    if (!this.#ended) {
      const { lines, pieces } = this.#form
      await this.#write(pieces.write(lines.trailer(this.#count, this.#hash.copy().digest('hex')), true))
      this.#ended = true
    }
    await this.close()
    await rename(this.#path + openEnding, this.#path)
    await syncFolder(this.#path)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  #take(text: string, onId: (id: string) => void): void {
    if (text === '') return
    this.#hash.update(text)
    this.#hasText = true
    for (const line of text.split('\n').slice(0, -1)) {
      const id = this.#form.lines.idOf(line)
      if (id === null) continue
      this.#count += 1
      onId(id)
    }
  }

  async #add(text: string): Promise<void> {
    await this.#write(this.#form.pieces.write(text, false))
    this.#hash.update(text)
    this.#hasText = true
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    try {
      for (let done = 0; done < bytes.length; )
        done += (await this.#handle.write(bytes, done, bytes.length - done, this.#size + done)).bytesWritten
      await this.#handle.datasync()
    } catch (error) {
      throw fileError('file.disk', error)
    }
    this.#size += bytes.length
  }
}

async function statOf(path: string): Promise<{ readonly ino: number } | null> {
  try {
    return await stat(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw fileError('file.folder', error)
  }
}

/** Without this a name may be lost in a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
