/** Opens the socket that requests or bytes travel on, and hands it out only after address and certificate have been accepted. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import type { ClientIdentity } from '../address.ts'
import { ConnectorError } from '../errors.ts'
import { checkedLookup } from './checked-lookup.ts'
import {
  type Area,
  connectFailure,
  notConnected,
  notInTime,
  otherThanPinned,
  refusedAddress,
  refusedCertificate,
  refusedIdentity,
} from './connect-failures.ts'

export interface ServerTrust {
  /** PEM of the only authorities that count for this origin; the system's own when neither this nor a pin is given. */
  readonly ca?: string
  /** SHA-256 of the server's own certificate, hex with or without colons. Replaces the check of chain and host name. */
  readonly fingerprint256?: string
  /** What we show of ourselves, where the server asks for it. */
  readonly identity?: ClientIdentity
  /** False refuses private and loopback addresses, whatever name they hide behind. Link-local ones are always refused. */
  readonly allowPrivate: boolean
  readonly connectTimeoutMs: number
}

export interface Peer {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly area: Area
}

type OnOpened = (error: ConnectorError | null, socket: Socket | null) => void

/** A connector for undici. Every failure is a ConnectorError, and means that no byte of a request was sent. */
export function secureConnect(trust: ServerTrust): buildConnector.connector {
  const open = socketOpener(trust)
  return (options, callback) => {
    const secure = options.protocol === 'https:'
    const port = Number(options.port) || (secure ? 443 : 80)
    open({ host: options.hostname, port, secure, area: 'http' }, (error, socket) => {
      if (error !== null) callback(error, null)
      else if (socket !== null) callback(null, socket)
    })
  }
}

/**
 * Opens one connection at each call, and tells once how it went. Returns what gives it up.
 * @throws RangeError when the fingerprint is not 32 bytes of hex.
 */
export function socketOpener(trust: ServerTrust): (peer: Peer, onOpened: OnOpened) => () => void {
  const pin = trust.fingerprint256 === undefined ? undefined : parseFingerprint(trust.fingerprint256)
  return (peer, onOpened) => {
    const { host, port, secure, area } = peer
    const refusal = (address: string) => refusedAddress(area, address, trust.allowPrivate)
    const refused = refusal(host)
    if (refused !== null) {
      onOpened(refused, null)
      return () => undefined
    }
    const to = { host, port, lookup: checkedLookup(refusal) }
    const socket = secure ? connectTls({ ...to, ...tlsOptions(peer, trust, pin) }) : connectTcp(to)
    socket.setNoDelay(true)

    let settled = false
    const settle = (error: ConnectorError | null) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      socket.off('error', onError).off('close', onClose).off('connect', onConnect).off('secureConnect', onReady)
      if (error === null) {
        onOpened(null, socket)
        return
      }
      // The destroyed socket may still report why: that has been said already.
      socket.on('error', () => undefined)
      socket.destroy()
      onOpened(error, null)
    }
    const onError = (error: NodeJS.ErrnoException) => settle(failureOf(error, socket, area))
    const onClose = () => settle(notConnected(area, 'the server closed the connection before it was established'))
    const onConnect = () => {
      // Once more, of what was really reached.
      const late = refusal(socket.remoteAddress ?? '')
      if (late !== null) settle(late)
      else if (!secure) settle(null)
    }
    const onReady = () => settle(pin === undefined || hasFingerprint(socket, pin) ? null : otherThanPinned(area))
    const timer = setTimeout(() => settle(notInTime(area)), trust.connectTimeoutMs)
    socket.once('error', onError).once('close', onClose).once('connect', onConnect)
    if (secure) socket.once('secureConnect', onReady)
    return () => settle(notConnected(area, 'nobody waits for this connection any more'))
  }
}

/** @throws RangeError when the text is not 32 bytes of hex. */
function parseFingerprint(text: string): Buffer {
  const hex = text.replaceAll(':', '')
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new RangeError('a certificate fingerprint is 64 hex digits (SHA-256)')
  return Buffer.from(hex, 'hex')
}

function tlsOptions({ host, area }: Peer, trust: ServerTrust, pin: Buffer | undefined): ConnectionOptions {
  return {
    // RFC 6066 section 3: an address is no server name.
    servername: isIP(host) === 0 ? host : '',
    ...(area === 'http' ? { ALPNProtocols: ['http/1.1'] } : {}),
    minVersion: 'TLSv1.2',
    // Without a pin Node checks chain and host name itself. With one, `hasFingerprint` decides alone and always:
    // no session is ever resumed, so every handshake shows the certificate.
    rejectUnauthorized: pin === undefined,
    ...(trust.ca !== undefined && pin === undefined ? { ca: trust.ca } : {}),
    ...(trust.identity === undefined ? {} : { cert: trust.identity.certificate, key: trust.identity.key }),
  }
}

function hasFingerprint(socket: Socket | TLSSocket, pin: Buffer): boolean {
  if (!('getPeerX509Certificate' in socket)) return false
  const shown = socket.getPeerX509Certificate()
  return shown !== undefined && timingSafeEqual(createHash('sha256').update(shown.raw).digest(), pin)
}

function failureOf(error: NodeJS.ErrnoException, socket: Socket | TLSSocket, area: Area): ConnectorError {
  // The lookup said why in our own words.
  if (error instanceof ConnectorError) return error
  // Node sets the reason here exactly when its own check refused the certificate, and null when it did not.
  const refusal = 'authorizationError' in socket ? socket.authorizationError : null
  if (refusal) return refusedCertificate(area, error.code)
  return refusedIdentity(area, error.code) ?? connectFailure(area, error.code)
}
