/** How a command ends: one number per kind of ending, for scripts, and a sentence for people. */

import { failureFields } from '../model/failure-fields.ts'
import { sqlState } from '../store/database.ts'

export const exitCodes = { ok: 0, failed: 1, usage: 2, refused: 3, unreachable: 4, problems: 5 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodeHelp = `
Exit codes:
  0  done
  1  failed
  2  the command line or a value in it makes no sense
  3  refused: no token, a wrong one, a role that may not, or a state that forbids it
  4  the gateway can't be reached
  5  problems were found (check, audit, lockouts verify), or a lock-out is not carried out or not proven
`

export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

// Ours are named like `vault.file-missing`, and their messages hold no personal data.
const ownCode = /^[a-z0-9-]+\.[a-z0-9.-]+$/

/** What to tell about an error from a local command. Standard error may be a log, so unknown messages are left out. */
export function describeError(error: unknown): string {
  const state = sqlState(error)
  if (state !== undefined) return `the database answered with error ${state}`
  if (error instanceof CliError) return error.message
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    if (ownCode.test(error.code)) return `${error.message} [${error.code}]`
    // The system's own words name a call and a path or an address.
    if ('syscall' in error) return error.message
  }
  const { error: name, code, where } = failureFields(error)
  return ['an unforeseen error:', name, code, where === undefined ? undefined : `at ${where}`].filter(Boolean).join(' ')
}
