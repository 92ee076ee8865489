/** Long answers into a file: never over another one, unreadable for others, and gone again when the answer is not whole. */
import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Client } from './client.ts'

/** Returns how many bytes came. */
export async function downloadTo(out: string, client: Client, path: string, body: unknown): Promise<number> {
  const file = await open(out, 'wx', 0o600)
  try {
    const bytes = await writeAll(file, client.download(path, body))
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
