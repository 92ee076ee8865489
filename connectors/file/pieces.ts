/** How the text of a day lies in its file: as it is, or sealed piece by piece, so that a day can grow and a crash costs the last piece at most. */
import { randomUUID } from 'node:crypto'
import type { Sealer } from '../../src/connector/sealer.ts'

/** A file is not as we wrote it: changed, cut off, or none of ours. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError'
}

/** The pieces of one file, in their order; makes and reads each once. */
export interface Pieces {
  /** What a new file begins with. */
  readonly head: string
  /** The bytes to append for a text; `last`: nothing follows. */
  write(text: string, last: boolean): string
  /** The text behind the next line of the file, without its line feed; `last` when nothing may follow. @throws DamagedFileError, or as the sealer does, when it is not what was written. */
  read(line: string): { readonly text: string; readonly last: boolean }
}

/** As it is. What is the last line its reader knows by its form. */
export function clearPieces(isLast: (line: string) => boolean): Pieces {
  return { head: '', write: (text) => text, read: (line) => ({ text: `${line}\n`, last: isLast(line) }) }
}

const magic = 'gatehouse-sealed-file-1'

/** The first line names the file, so that it opens under any name; each other one is a piece, sealed for its place in it, in base64. */
export function sealedPieces(sealer: Sealer): Pieces {
  let file: string | null = null
  let count = 0
  const name = randomUUID()
  return {
    head: `${magic} ${name}\n`,
    write(text, last) {
      file ??= name
      const sealed = sealer.seal({ file, piece: count, last }, text)
      count += 1
      return `${sealed.toString('base64')}\n`
    },
    read(line) {
      if (file === null) {
        const [, found] = /^gatehouse-sealed-file-1 ([0-9a-f-]{36})$/.exec(line) ?? []
        if (found === undefined) throw new DamagedFileError('it does not begin as a sealed file')
        file = found
        return { text: '', last: false }
      }
      const piece = openPiece(sealer, file, count, Buffer.from(line, 'base64'))
      count += 1
      return piece
    },
  }
}

function openPiece(sealer: Sealer, file: string, piece: number, sealed: Buffer): { text: string; last: boolean } {
  try {
    return { text: sealer.open({ file, piece, last: false }, sealed), last: false }
  } catch {
    // Only the last one opens like this; whatever was changed opens as neither.
    return { text: sealer.open({ file, piece, last: true }, sealed), last: true }
  }
}
