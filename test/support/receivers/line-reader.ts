/** Reads a growing text file line by line, each line once. */
import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

/** Each call hands on the lines that were finished since the last one; a file that is not there yet has none. */
export function lineReader(path: string, take: (line: string) => void): () => void {
  const decoder = new StringDecoder('utf8')
  const buffer = Buffer.alloc(65_536)
  let offset = 0
  let rest = ''
  return () => {
    const file = openIfThere(path)
    if (file === null) return
    try {
      for (let bytes = 1; bytes > 0; offset += bytes) {
        bytes = readSync(file, buffer, 0, buffer.length, offset)
        const lines = (rest + decoder.write(buffer.subarray(0, bytes))).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) take(line)
      }
    } finally {
      closeSync(file)
    }
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
