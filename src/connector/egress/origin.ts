/** Reads where a connection may go: a scheme, a host and a port, and nothing else. */
import { ConnectorError } from '../errors.ts'
import type { Area } from './connect-failures.ts'
import { isLoopbackHost } from './private-address.ts'

export interface Origin {
  readonly text: string
  readonly area: Area
  readonly secure: boolean
  /** Without brackets around an IPv6 address. */
  readonly host: string
  readonly port: number
}

/** @throws ConnectorError `rejected` (`http.origin`, `wire.origin`). */
export function originOf(text: string): Origin {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? []
  const wire = scheme === 'tls' || scheme === 'tcp'
  const secure = scheme === 'https' || scheme === 'tls'
  // The parser knows the many ways to write an address only in schemes of the web.
  const url = URL.parse(wire ? `http://${rest}` : text)
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === ''
  if (!plain || !(secure || isLoopbackHost(url.hostname))) throw noOrigin(wire)
  // A port that is the web's own is left out by the parser; whoever opens a bare connection has to name one.
  const port = Number(url.port) || (wire ? (/:80$/.test(rest) ? 80 : null) : secure ? 443 : 80)
  if (port === null) throw noOrigin(wire)
  return {
    text: wire ? `${scheme}://${url.hostname}:${port}` : url.origin,
    area: wire ? 'wire' : 'http',
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
  }
}

function noOrigin(wire: boolean): ConnectorError {
  return new ConnectorError({
    kind: 'rejected',
    code: wire ? 'wire.origin' : 'http.origin',
    hint: wire
      ? 'an origin is tls://host:port without path, query or user; tcp is for this machine only'
      : 'an origin is https://host[:port] without path, query or user; http is for this machine only',
  })
}
