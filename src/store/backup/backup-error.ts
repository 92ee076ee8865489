/** Why a backup can't be used, in words for its operator: the command line shows them with their code. */

const messages = {
  'backup.not-a-backup': 'This file is no backup of Gatehouse.',
  'backup.newer': 'This backup was made by a newer version of Gatehouse: restore it with that version.',
  'backup.foreign':
    'This is the backup of another gateway: give the keys of that gateway, with the configuration that names them.',
  'backup.not-opened':
    'The keyring does not open this backup: either the keyring is not as new as the backup, or its key was destroyed since, or the start of the file was changed.',
  'backup.damaged': 'This backup is not whole, or was changed: nothing of it was written. Take another copy.',
  'backup.not-empty':
    'The database holds a gateway already: a backup is restored into an empty one only. Move the old data away first, or name another database.',
} as const

export type BackupErrorCode = keyof typeof messages

export class BackupError extends Error {
  override readonly name = 'BackupError'
  readonly code: BackupErrorCode

  /** `cause` is never shown: it may quote what was read. */
  constructor(code: BackupErrorCode, options?: ErrorOptions) {
    super(messages[code], options)
    this.code = code
  }
}
