/** How an act fails. */

/** An act that can't be done: `code` is stable, `message` is for the caller and holds no personal data. */
export class ActError extends Error {
  override readonly name = 'ActError'
  readonly code: string
  readonly status: 400 | 403 | 404 | 409 | 503

  constructor(status: 400 | 403 | 404 | 409 | 503, code: string, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}
