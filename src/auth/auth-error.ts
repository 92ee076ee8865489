/** Why a subject or token can't be made, changed or tried: stable codes, and messages without names or secrets. */

const messages = {
  'auth.bad-name': 'A name has 1 to 100 characters and no control characters.',
  'auth.bad-days': 'A token lives 1 to 366 whole days.',
  'auth.role-differs': 'This name exists with another role: choose another name.',
  'auth.subject-disabled': 'This name exists and is disabled: choose another name.',
  'auth.row-forged': 'The stored row was changed from outside and is not acted on.',
  'auth.unknown-subject': 'There is no such subject.',
  'auth.unknown-token': 'There is no such token.',
  'auth.too-many-attempts': 'Too many unknown tokens were tried: wait a few seconds.',
} as const

export type AuthErrorCode = keyof typeof messages

export class AuthError extends Error {
  override readonly name = 'AuthError'
  readonly code: AuthErrorCode

  constructor(code: AuthErrorCode) {
    super(messages[code])
    this.code = code
  }
}
