/** Writes events into the file of the day, each once, however often the last of them are delivered. */
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Delivered, OutgoingEvent, SinkCapability, SinkContext } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { tryOutType } from '../../src/connector/event-name.ts'
import { wallTime } from '../../src/connector/zone.ts'
import { DayFile, type Form, openEnding } from './day-file.ts'
import { fileError } from './errors.ts'
import { linesOf } from './lines.ts'
import { clearPieces, sealedPieces } from './pieces.ts'
import type { FileSettings } from './settings.ts'
import { wholeLines } from './whole-lines.ts'

const batchEvents = 500

/** What comes again after a crash is the last batch: so many of the last events are known by their ids. */
const recentMax = 2 * batchEvents

export interface FileSink {
  readonly sink: SinkCapability
  close(): Promise<void>
}

/** Opens no file before the first event. Its calls throw ConnectorError `file.*`. */
export function createSink(settings: FileSettings, { sealer, feed, now }: SinkContext): FileSink {
  const { folder, name, zone } = settings
  const lines = linesOf(settings, feed)
  const ending = `.${settings.format}${settings.protection === 'sealed' ? '.sealed' : ''}`
  const recent = new Set<string>()
  let file: DayFile | null = null
  let known = false

  /** One for each file: it counts pieces. */
  const formOf = (): Form => ({
    lines,
    pieces: settings.protection === 'sealed' ? sealedPieces(sealer) : clearPieces(lines.isTrailer),
  })
  const today = () => new Date(wallTime(now().getTime(), zone)).toISOString().slice(0, 10)

  function remember(id: string): void {
    recent.add(id)
    const [oldest] = recent
    if (recent.size > recentMax && oldest !== undefined) recent.delete(oldest)
  }

  /** Names of our files, the oldest first; of one day in the order in which they were begun. */
  async function names(): Promise<readonly string[]> {
    const pattern = new RegExp(
      `^${name}-(\\d{4}-\\d\\d-\\d\\d)(?:-(\\d+))?${ending.replaceAll('.', '\\.')}(?:\\.part)?$`,
    )
    try {
      const found = (await readdir(folder)).flatMap((each) => {
        const [, day = '', number = '1'] = pattern.exec(each) ?? []
        return day === '' ? [] : [{ each, day, number: Number(number) }]
      })
      // As texts, the first of a day would come behind all others of it: a dot sorts behind a hyphen.
      const ordered = found.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : a.number - b.number))
      return ordered.map(({ each }) => each)
    } catch (error) {
      throw fileError('file.folder', error)
    }
  }

  /** Looks what a process before left behind: days that are over are finished, that of today is gone on with. */
  async function recover(): Promise<void> {
    recent.clear()
    const all = await names()
    const open = all.filter((each) => each.endsWith(openEnding))
    const finished = all.filter((each) => !each.endsWith(openEnding))
    for await (const id of idsIn(finished.at(-1))) remember(id)
    for (const each of open) {
      const day = each.slice(name.length + 1, name.length + 11)
      const path = join(folder, each.slice(0, -openEnding.length))
      const left = await DayFile.reopen(path, day, formOf(), remember)
      if (day === today() && file === null && !left.isEnded) file = left
      else await left.finish()
    }
    known = true
  }

  async function* idsIn(last: string | undefined): AsyncGenerator<string> {
    if (last === undefined) return
    const { pieces } = formOf()
    try {
      for await (const { line } of wholeLines(join(folder, last))) {
        const { text, last: isLast } = pieces.read(line)
        if (isLast) return
        for (const each of text.split('\n').slice(0, -1)) {
          const id = lines.idOf(each)
          if (id !== null) yield id
        }
      }
    } catch (error) {
      throw fileError('file.changed', error)
    }
  }

  async function checkFolder(): Promise<void> {
    try {
      await access(folder, constants.W_OK | constants.X_OK)
    } catch (error) {
      throw fileError('file.folder', error)
    }
  }

  async function begin(day: string): Promise<DayFile> {
    for (let number = 1; ; number++) {
      const base = `${name}-${day}${number === 1 ? '' : `-${number}`}${ending}`
      // A day that was finished stays as it is, also when a clock was set back.
      if ((await names()).includes(base)) continue
      try {
        return await DayFile.create(join(folder, base), day, formOf())
      } catch (error) {
        throw error instanceof ConnectorError ? error : fileError('file.folder', error)
      }
    }
  }

  /** Whatever went wrong: what the file holds is looked at anew before the next line. */
  async function forget(): Promise<void> {
    known = false
    const left = file
    file = null
    await left?.close()
  }

  async function finishOver(): Promise<void> {
    if (file !== null && !(await file.isIntact())) await forget()
    if (!known) await recover()
    if (file === null || file.day === today()) return
    const over = file
    file = null
    await over.finish()
  }

  async function safely<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      await forget()
      throw error instanceof ConnectorError ? error : fileError('file.disk', error)
    }
  }

  return {
    sink: {
      batch: { events: batchEvents, bytes: 1024 * 1024 },
      async deliver(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<Delivered> {
        signal.throwIfAborted()
        // What never happened is for no file of a day.
        const real = events.filter(({ type }) => type !== tryOutType)
        if (real.length === 0) {
          await checkFolder()
          return { refused: [], status: null }
        }
        await safely(async () => {
          await finishOver()
          file ??= await begin(today())
          const fresh = real.filter(({ id }) => !recent.has(id))
          if (fresh.length > 0) await file.append(fresh.map((event) => lines.line(event)))
          for (const { id } of fresh) remember(id)
        })
        return { refused: [], status: null }
      },
      tend: () => safely(finishOver),
    },
    async close() {
      const left = file
      file = null
      known = false
      await left?.close()
    },
  }
}
