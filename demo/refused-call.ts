/** What the gateway answers to whoever asks for something that it does not do. */
export class RefusedCall extends Error {
  override readonly name = 'RefusedCall'
  /** Stable: `suspension.approved-already`. */
  readonly code: string

  constructor(path: string, status: number, code: string) {
    super(`the gateway answered ${path} with status ${status}`)
    this.code = code
  }
}

/** With this code; any other outcome is none. */
export function isRefused(asked: Promise<unknown>, code: string): Promise<boolean> {
  return asked.then(
    () => false,
    (error: unknown) => error instanceof RefusedCall && error.code === code,
  )
}
