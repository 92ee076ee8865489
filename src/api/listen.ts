/** Where the API may be reached, and under which names: nothing is open to the network by accident. */
import { isIP, isIPv4 } from 'node:net'

export interface ListenSettings {
  readonly host: string
  readonly port: number
  /** The API serves its own certificate. */
  readonly tls: boolean
  /** The operator declares that a proxy ends TLS in front of it. */
  readonly behindProxy: boolean
  /** Further host names that callers may use. */
  readonly names: readonly string[]
}

export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code = 'api.public-without-tls'

  constructor() {
    super(
      'The API would be reachable from the network without encryption: give it a certificate, declare the proxy that ends TLS before it, or listen on 127.0.0.1.',
    )
  }
}

/** 127.0.0.0/8, ::1 and `localhost` (RFC 6761, section 6.3). */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  const v4 = bare.startsWith('::ffff:') ? bare.slice('::ffff:'.length) : bare
  return bare === 'localhost' || bare === '::1' || (isIPv4(v4) && v4.startsWith('127.'))
}

/** @throws ListenError when tokens and personal data would cross the network in the clear. */
export function refuseUnsafeListen({ host, tls, behindProxy }: ListenSettings): void {
  if (!isLoopback(host) && !tls && !behindProxy) throw new ListenError()
}

/**
 * The host names that a request may carry, or null when any will do. On loopback only known names pass: a web page that points
 * its own name at 127.0.0.1 (DNS rebinding) is refused.
 */
export function allowedHosts({ host, names }: ListenSettings): readonly string[] | null {
  const own = names.map((name) => hostName(name) ?? name.toLowerCase())
  if (isLoopback(host)) return ['localhost', '127.0.0.1', '[::1]', ...own]
  if (own.length === 0) return null
  const address = hostName(isIP(host) === 6 ? `[${host}]` : host)
  return address === null ? own : [address, ...own]
}

/** The name in a Host header (RFC 9110, section 7.2) without its port, or null when it is none. */
export function hostName(header: string): string | null {
  return /^[A-Za-z0-9.:_[\]-]+$/.test(header) && URL.canParse(`http://${header}`)
    ? new URL(`http://${header}`).hostname
    : null
}
