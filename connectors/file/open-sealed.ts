/** Opens a sealed file piece by piece: what was changed, moved or cut off in it fails, at the latest at its end. */
import type { Sealer } from '../../src/connector/sealer.ts'
import { openEnding } from './day-file.ts'
import { DamagedFileError, sealedPieces } from './pieces.ts'
import { wholeLines } from './whole-lines.ts'

/** What is open of a day that is not over has no end yet. @throws DamagedFileError, or as the sealer does, when it is no sealed file of this gateway, or not whole; what the file system throws. */
export async function* openSealedFile(path: string, sealer: Sealer): AsyncGenerator<Buffer> {
  const pieces = sealedPieces(sealer)
  let ended = false
  for await (const { line } of wholeLines(path)) {
    if (ended) throw new DamagedFileError('nothing follows the last piece')
    const { text, last } = pieces.read(line)
    ended = last
    yield Buffer.from(text)
  }
  if (!ended && !path.endsWith(openEnding)) throw new DamagedFileError('the end of the file is missing')
}
