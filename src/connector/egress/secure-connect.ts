/** Opens the socket that a request travels on, and hands it out only after the server's certificate has been accepted. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import { ConnectorError } from '../errors.ts'
import { isPrivateAddress } from './private-address.ts'

export interface ServerTrust {
  /** PEM of the only authorities that count for this origin; the system's own when neither this nor a pin is given. */
  readonly ca?: string
  /** SHA-256 of the server's own certificate, hex with or without colons. Replaces the check of chain and host name. */
  readonly fingerprint256?: string
  /** False refuses private, loopback and link-local addresses, whatever name they hide behind. */
  readonly allowPrivate: boolean
  readonly connectTimeoutMs: number
}

/** A connector for undici. Every failure is a ConnectorError, and means that no byte of a request was sent. */
export function secureConnect(trust: ServerTrust): buildConnector.connector {
  const pin = trust.fingerprint256 === undefined ? undefined : parseFingerprint(trust.fingerprint256)
  return (options, callback) => {
    const secure = options.protocol === 'https:'
    const host = options.hostname
    const port = Number(options.port) || (secure ? 443 : 80)
    if (!trust.allowPrivate && isPrivateAddress(host)) {
      callback(privateAddress(), null)
      return
    }
    const socket = secure ? connectTls({ host, port, ...tlsOptions(host, trust, pin) }) : connectTcp({ host, port })
    socket.setNoDelay(true)

    const settle = (error: ConnectorError | null) => {
      clearTimeout(timer)
      socket.off('error', onError).off('close', onClose).off('connect', onConnect).off('secureConnect', onReady)
      if (error === null) {
        callback(null, socket)
        return
      }
      // The destroyed socket may still report why: that has been said already.
      socket.on('error', () => undefined)
      socket.destroy()
      callback(error, null)
    }
    const onError = (error: NodeJS.ErrnoException) => settle(connectFailure(error, socket))
    const onClose = () => settle(connection('the server closed the connection before it was established'))
    const onConnect = () => {
      if (!trust.allowPrivate && isPrivateAddress(socket.remoteAddress ?? '')) settle(privateAddress())
      else if (!secure) settle(null)
    }
    const onReady = () =>
      settle(pin === undefined || hasFingerprint(socket, pin) ? null : untrusted('it is not the pinned one'))
    const timer = setTimeout(
      () =>
        settle(
          new ConnectorError({ kind: 'transient', code: 'http.timeout', hint: 'no connection within the time limit' }),
        ),
      trust.connectTimeoutMs,
    )
    socket.once('error', onError).once('close', onClose).once('connect', onConnect)
    if (secure) socket.once('secureConnect', onReady)
  }
}

/** @throws RangeError when the text is not 32 bytes of hex. */
function parseFingerprint(text: string): Buffer {
  const hex = text.replaceAll(':', '')
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new RangeError('a certificate fingerprint is 64 hex digits (SHA-256)')
  return Buffer.from(hex, 'hex')
}

function tlsOptions(host: string, trust: ServerTrust, pin: Buffer | undefined): ConnectionOptions {
  return {
    // RFC 6066 section 3: an address is no server name.
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Without a pin Node checks chain and host name itself. With one, `hasFingerprint` decides alone and always:
    // no session is ever resumed, so every handshake shows the certificate.
    rejectUnauthorized: pin === undefined,
    ...(trust.ca !== undefined && pin === undefined ? { ca: trust.ca } : {}),
  }
}

function hasFingerprint(socket: Socket | TLSSocket, pin: Buffer): boolean {
  if (!('getPeerX509Certificate' in socket)) return false
  const shown = socket.getPeerX509Certificate()
  return shown !== undefined && timingSafeEqual(createHash('sha256').update(shown.raw).digest(), pin)
}

function connectFailure(error: NodeJS.ErrnoException, socket: Socket | TLSSocket): ConnectorError {
  // Node sets the reason here exactly when its own check refused the certificate, and null when it did not.
  const refusal = 'authorizationError' in socket ? socket.authorizationError : null
  if (refusal) return untrusted(/^[A-Z_]+$/.test(error.code ?? '') ? `${error.code}` : 'the check failed')
  return connection(connectHints[error.code ?? ''] ?? 'the connection could not be established')
}

// Node's own messages name address and port, so none of them is passed on.
const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refused the connection',
  ECONNRESET: 'the server reset the connection before it was established',
  EHOSTUNREACH: 'there is no route to the server',
  ENETUNREACH: 'there is no route to the server',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up just now',
  ETIMEDOUT: 'the server did not answer the connection',
}

function connection(hint: string): ConnectorError {
  return new ConnectorError({ kind: 'transient', code: 'http.connection', hint })
}

function untrusted(why: string): ConnectorError {
  const hint = `the server's certificate was not accepted: ${why}. Compare it with the configured authority or fingerprint.`
  return new ConnectorError({ kind: 'unauthenticated', code: 'http.certificate', hint })
}

function privateAddress(): ConnectorError {
  const hint = 'the address is private, and private addresses are not allowed for this connection'
  return new ConnectorError({ kind: 'rejected', code: 'http.private-address', hint })
}
