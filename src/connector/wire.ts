/** The bare connections that connectors are handed for whatever is not HTTP: one origin, its certificate rules and time limits built in. */
import type { ConnectorError } from './errors.ts'

export interface WireClient {
  /**
   * Opens a connection. `onData` is called with each piece that the other side sends; without it whatever comes is dropped.
   * @throws ConnectorError `transient` (`wire.timeout`, `wire.connection`), `unauthenticated` (`wire.certificate`,
   * `wire.client-certificate`, `wire.private-address`, `wire.forbidden-address`); the signal's reason.
   */
  open(signal: AbortSignal, onData?: (piece: Buffer) => void): Promise<Wire>
}

export interface Wire {
  /** Aborted when the connection is over, whoever ended it; its reason is a ConnectorError that says why. */
  readonly over: AbortSignal
  /**
   * One request of the system's budget. Resolves when the operating system has taken all the bytes; that they arrived is not said. However
   * it fails, the connection is over then.
   * @throws ConnectorError `transient` (`wire.timeout`, `wire.connection`), `unauthenticated` (`wire.client-certificate`); the signal's reason.
   */
  write(bytes: Buffer, signal: AbortSignal): Promise<void>
  /**
   * Ends our side, and waits until the other side has ended its own without any failure: it has read what was written, as far as a
   * connection can tell. The connection is over then.
   * @throws as `write`.
   */
  finish(signal: AbortSignal): Promise<void>
  /** Ends the connection at once; whoever waits for it is told `why`. */
  close(why?: ConnectorError): void
}
