/** Says in our own words why there is no connection: Node's name address and port, so none of them is passed on. */
import { ConnectorError } from '../errors.ts'
import { isForbiddenAddress, isPrivateAddress } from './private-address.ts'

/** What the codes begin with: `http` for requests, `wire` for bare connections. */
export type Area = 'http' | 'wire'

const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refused the connection',
  ECONNRESET: 'the server reset the connection before it was established',
  EHOSTUNREACH: 'there is no route to the server',
  ENETUNREACH: 'there is no route to the server',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up just now',
  ETIMEDOUT: 'the server did not answer the connection',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what answers there does not speak TLS',
}

const certificateHints: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired. The server needs a new one',
  CERT_NOT_YET_VALID: 'it is not valid yet. Compare the clocks of both machines',
  CERT_REVOKED: 'it was revoked. The server needs a new one',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name than the configured one',
}

/** What Node says of a connection that did not come about. */
export function connectFailure(area: Area, code: string | undefined): ConnectorError {
  return notConnected(area, connectHints[code ?? ''] ?? 'the connection could not be established')
}

export function notConnected(area: Area, hint: string): ConnectorError {
  return new ConnectorError({ kind: 'transient', code: `${area}.connection`, hint })
}

export function notInTime(area: Area): ConnectorError {
  return new ConnectorError({
    kind: 'transient',
    code: `${area}.timeout`,
    hint: 'no connection within the time limit',
  })
}

/** Node's check refused the certificate, for the reason that `code` names. */
export function refusedCertificate(area: Area, code: string | undefined): ConnectorError {
  const known = certificateHints[code ?? '']
  if (known !== undefined) return untrusted(area, known)
  const why = /^[A-Z_]+$/.test(code ?? '') ? `${code}` : 'the check failed'
  return untrusted(area, `${why}. Compare it with the configured authority or fingerprint`)
}

export function otherThanPinned(area: Area): ConnectorError {
  return untrusted(area, 'it is not the pinned one. Compare it with the configured fingerprint')
}

function untrusted(area: Area, why: string): ConnectorError {
  const hint = `the server's certificate was not accepted: ${why}.`
  return new ConnectorError({ kind: 'unauthenticated', code: `${area}.certificate`, hint })
}

/** The server did not like the certificate that we showed, or that we showed none; null for an error of another sort. */
export function refusedIdentity(area: Area, code: string | undefined): ConnectorError | null {
  // OpenSSL's names of the alerts of RFC 8446 section 6.2 that speak of the other side's certificate.
  if (
    !/ALERT_(NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)$/.test(
      code ?? '',
    )
  )
    return null
  const hint =
    'the server did not accept the certificate that we showed it, or asks for one. Look at client_certificate.'
  return new ConnectorError({ kind: 'unauthenticated', code: `${area}.client-certificate`, hint })
}

/** Why nobody is sent to this address; null where they may be. A text that is no address says nothing. */
export function refusedAddress(area: Area, address: string, allowPrivate: boolean): ConnectorError | null {
  if (isForbiddenAddress(address)) {
    const hint =
      'the address is link-local, or one at which a cloud tells its machines their passwords: no connection is ever made to it'
    return new ConnectorError({ kind: 'unauthenticated', code: `${area}.forbidden-address`, hint })
  }
  if (allowPrivate || !isPrivateAddress(address)) return null
  const hint =
    'the address is private or of this machine, and such addresses are not allowed for this connection. If it is meant, set allow_private: true'
  return new ConnectorError({ kind: 'unauthenticated', code: `${area}.private-address`, hint })
}
