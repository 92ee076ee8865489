/** What commands that need no gateway read: files of lines, and pinned keys. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type PinnedKeys, pinnedKeys } from '../audit/signed-line.ts'
import { CliError, exitCodes } from './exit.ts'
import { plain } from './plain.ts'

/** @throws CliError `usage` when there is no public key in the file; the system's error when it can't be read. */
export async function pinnedIn(path: string): Promise<PinnedKeys> {
  const pem = await readFile(path, 'utf8')
  try {
    return pinnedKeys(pem)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CliError(exitCodes.usage, `${plain(path)} can't be used: ${error.message}`)
  }
}

/** Longer than any line of ours: what is longer comes in pieces, so that no file fills the memory. */
const lineMax = 4 * 1024 * 1024

/** Lines end in a line feed and in nothing else. @throws the system's error. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
    if (rest.length <= lineMax) continue
    yield rest
    rest = ''
  }
  if (rest !== '') yield rest
}
