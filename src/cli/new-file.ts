/** Writes what comes from elsewhere into a new file: whole under its name, or not there, and for its owner's eyes only. */
import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CliError, exitCodes } from './exit.ts'
import { plain } from './plain.ts'

/**
 * Returns how many bytes there were. Until then they lie under the name with `.part` behind it.
 * @throws CliError when the file is there already; the system's error, and what `chunks` throws: then nothing stays behind.
 */
export async function writeNewFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  if (existsSync(path)) throw takenName(path)
  const draft = `${path}.part`
  const file = await open(draft, 'wx', 0o600)
  try {
    const bytes = await writeAll(file, chunks, onBytes)
    // A disk may find out only now that it has no room.
    await file.sync()
    await file.close()
    if (existsSync(path)) throw takenName(path)
    await rename(draft, path)
    await flushFolder(dirname(path))
    return bytes
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(draft, { force: true })
    throw error
  }
}

/** What is there already may be all that somebody has. */
export function takenName(path: string): CliError {
  return new CliError(exitCodes.failed, `there is a file already, which is not overwritten: ${plain(path)}`)
}

async function writeAll(
  file: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) {
    await file.writeFile(chunk)
    bytes += chunk.length
    onBytes(bytes)
  }
  return bytes
}

// Without this the name itself may be lost in a power cut. Windows can't open folders and needs no such thing.
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
