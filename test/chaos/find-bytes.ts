/** Looks for texts in files as a thief with `grep` would: byte by byte, whatever the file is. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The texts that occur in `bytes`. */
export function textsIn(bytes: Buffer, texts: readonly string[]): string[] {
  return texts.filter((text) => bytes.includes(text, 0, 'utf8'))
}

/** `file: text` for every text in every file below a folder; counts the bytes, so that an empty search shows. */
export async function textsBelow(
  folder: string,
  texts: readonly string[],
): Promise<{ readonly found: readonly string[]; readonly bytes: number }> {
  const found: string[] = []
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = await readFile(path)
    bytes += content.length
    found.push(...textsIn(content, texts).map((text) => `${path}: ${text}`))
  }
  return { found, bytes }
}
