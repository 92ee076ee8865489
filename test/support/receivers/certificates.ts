/** The certificates of the receivers in tests, all by one authority; `test/fixtures/tls/receivers/make.sh` makes them anew. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../fixtures/tls/receivers')

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  /** The same as PEM. */
  readonly cert: string
  readonly key: string
}

function pair(name: string): CertificateFiles {
  const certFile = join(folder, `${name}-cert.pem`)
  const keyFile = join(folder, `${name}-key.pem`)
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}

/** What a server may show: a good certificate for `localhost` and `127.0.0.1`, one that ended in 2021, one for another name. */
export const serverCertificates = { good: pair('server'), expired: pair('expired'), elsewhere: pair('elsewhere') }
export type ServerCertificate = keyof typeof serverCertificates

/** What a client may show: one by the authority, and one that only says so, with the same name. */
export const clientCertificates = { good: pair('client'), stranger: pair('stranger') }

const caFile = join(folder, 'ca-cert.pem')
export const authority = { file: caFile, pem: readFileSync(caFile, 'utf8') }
