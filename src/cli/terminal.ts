/** Everything a command may touch of the world around it, so that tests can be that world. */
import { text } from 'node:stream/consumers'
import type { LocalGateway } from './local.ts'
import { loadLocalGateway } from './local.ts'

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether standard output shows colours. */
  readonly colours: boolean
  /** Whether a person watches standard error. */
  readonly watched: boolean
  out(text: string): void
  err(text: string): void
  /** All of standard input. */
  readInput(): Promise<string>
  /** Calls back for every SIGTERM and SIGINT until the returned function is called. */
  onSignal(react: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
  loadLocalGateway(): Promise<LocalGateway>
}

export function processTerminal(): Terminal {
  return {
    env: process.env,
    colours: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    watched: process.stderr.isTTY === true,
    out: (written) => void process.stdout.write(written),
    err: (written) => void process.stderr.write(written),
    readInput: () => text(process.stdin),
    onSignal(react) {
      process.on('SIGTERM', react).on('SIGINT', react)
      return () => void process.off('SIGTERM', react).off('SIGINT', react)
    },
    exit: (code) => process.exit(code),
    loadLocalGateway,
  }
}
