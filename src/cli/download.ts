/** Long answers: shown, or into a file that is never another one, is unreadable for others, and gone again when the answer is not whole. */
import { type FileHandle, open, rm } from 'node:fs/promises'
import { errorCode } from '../model/error-code.ts'
import { takenName } from './new-file.ts'
import type { Terminal } from './terminal.ts'

/** Text. */
export async function print({ out }: Pick<Terminal, 'out'>, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder()
  for await (const chunk of chunks) out(decoder.decode(chunk, { stream: true }))
}

/** Returns how many bytes came. @throws CliError when the file is there already. */
export async function writeTo(out: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(out, 'wx', 0o600).catch((error: unknown) => {
    throw errorCode(error) === 'EEXIST' ? takenName(out) : error
  })
  try {
    const bytes = await writeAll(file, chunks)
    await file.close()
    return bytes
  } catch (error) {
    await file.close()
    await rm(out, { force: true })
    throw error
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) {
    await file.writeFile(chunk)
    bytes += chunk.length
  }
  return bytes
}
