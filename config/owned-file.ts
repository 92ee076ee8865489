/** Reads files that only their owner may change, and, where they hold secrets, that strangers can't read. */
import { open } from 'node:fs/promises'

export type FileFault = 'missing' | 'no-file' | 'too-large' | 'foreign' | 'writable' | 'readable'

/** What to do about each fault, as the rest of 'expected …'. */
export const fileExpectations: Readonly<Record<FileFault, string>> = {
  missing: 'a file that exists and that this user may read',
  'no-file': 'a regular file',
  'too-large': 'a file of 1 MiB at most',
  foreign: 'a file that belongs to this user or root',
  writable: 'a file that nobody but its owner may write (chmod go-w)',
  readable: 'a file that others may not read (chmod o=)',
}

export type OwnedFile = { readonly text: string } | { readonly fault: FileFault }

const bytesMax = 1024 * 1024

interface FileFacts {
  readonly mode: number
  readonly uid: number
  readonly size: number
  isFile(): boolean
}

/** `user` is undefined where files have no owners (Windows). The group may read: that is how services share secrets. */
export function fileFault(stats: FileFacts, secret: boolean, user: number | undefined): FileFault | null {
  if (!stats.isFile()) return 'no-file'
  if (stats.size > bytesMax) return 'too-large'
  if (user === undefined) return null
  if (stats.uid !== user && stats.uid !== 0) return 'foreign'
  if ((stats.mode & 0o022) !== 0) return 'writable'
  return secret && (stats.mode & 0o004) !== 0 ? 'readable' : null
}

/** The text of a file, or what is wrong with it. The open file is checked, not its path, which could change meanwhile. */
export async function readOwnedFile(path: string, secret: boolean): Promise<OwnedFile> {
  try {
    await using file = await open(path, 'r')
    const fault = fileFault(await file.stat(), secret, process.getuid?.())
    return fault === null ? { text: await file.readFile('utf8') } : { fault }
  } catch {
    return { fault: 'missing' }
  }
}
