/** The one error of the vault: a stable code and a constant text, without key material, values or places. */

const messages = {
  'vault.open-failed': 'A sealed value does not belong to this key and place, or was changed.',
  'vault.unwrap-failed': 'A wrapped data key does not belong to its row and this keyring, or was changed.',
  'vault.malformed-text': 'A text holds half a surrogate pair, which can not be stored as UTF-8.',
  'vault.bad-version': 'The version of a row is no whole number from 0 up.',
  'vault.wrong-key': 'The external key is not the one that this keyring was saved with.',
  'vault.keyring-damaged': 'The keyring file was changed or cut off. Restore it from its backup.',
  'vault.keyring-older': 'The keyring file was put back to an older state: keys that are in use are not in it.',
  'vault.keyring-replaced': 'All keys were replaced while this process ran: start it again.',
  'vault.keyring-foreign': 'The keyring file was replaced by that of another gateway.',
  'vault.keyring-newer': 'The keyring file was written by a newer version of Gatehouse.',
  'vault.file-missing': 'A key or keyring file does not exist or can not be read by this user.',
  'vault.file-unsafe':
    'A key or keyring file must be a regular file that belongs to this user or root and that nobody else may read or write (chmod 600).',
  'vault.file-exists': 'A key or keyring file exists already and is not overwritten.',
  'vault.file-not-written': 'A key or keyring file could not be written.',
  'vault.external-key-malformed': 'The external key must be 32 random bytes in base64.',
  'vault.external-key-missing':
    'The environment names no external key: the variable or the credentials folder is not set.',
} as const

export type VaultErrorCode = keyof typeof messages

export class VaultError extends Error {
  override readonly name = 'VaultError'
  readonly code: VaultErrorCode
  /** The file concerned, if any. */
  readonly path: string | undefined

  /** `path` is for files only; a cause is never kept, for a parser's error may quote what it read. */
  constructor(code: VaultErrorCode, path?: string) {
    super(path === undefined ? messages[code] : `${messages[code]} (${path})`)
    this.code = code
    this.path = path
  }
}

/** What a wrong row leads to; every other code is about files and keys, and says nothing about the row at hand. */
const rowFaults: readonly VaultErrorCode[] = [
  'vault.open-failed',
  'vault.unwrap-failed',
  'vault.malformed-text',
  'vault.bad-version',
]

/** What is read; null when the row is to blame. @throws whatever else went wrong. */
export function unlessRowFault<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (isRowFault(error)) return null
    throw error
  }
}

/** Whether the row is to blame, and not a keyring file that can't be read just now: only then may it be frozen. */
export function isRowFault(error: unknown): error is VaultError {
  return error instanceof VaultError && rowFaults.includes(error.code)
}
