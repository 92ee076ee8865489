/** The one place that a connection may reach, and how it is known to be that. */

/** A certificate and its key, both in PEM. */
export interface ClientIdentity {
  readonly certificate: string
  readonly key: string
}

export interface Address {
  /** `https://host[:port]` for requests, `tls://host:port` for bare connections; `http:` and `tcp:` for this machine only. */
  readonly origin: string
  /** PEM of the authority that signed the server's certificate; the system's own when neither this nor a fingerprint is given. */
  readonly ca?: string
  /** SHA-256 of the server's own certificate; replaces the check of chain and host name. */
  readonly fingerprint256?: string
  /** What we show of ourselves, where the server asks for it. */
  readonly identity?: ClientIdentity
  /** False refuses private and loopback addresses. Allowed by default: door systems rarely live anywhere else. */
  readonly allowPrivate?: boolean
}
