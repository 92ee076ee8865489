/** The settings that all receivers of events share: by what their server is known, what we show it, and whether it may be near. */
import { z } from 'zod'
import type { Address } from './address.ts'

const pem = (title: string, kind: string) =>
  z
    .string()
    .regex(new RegExp(`^-----BEGIN ${kind}-----`), { error: `expected PEM` })
    .meta({ title, takes: 'PEM' })

/** Scheme, host and port of an address of the web that names nobody; null for any other text. */
export function originOf(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  return url.username === '' && url.password === '' ? url.origin : null
}

/** `host:port`, with brackets where the host is an address with colons. */
export function hostAndPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

export const receiverFields = {
  ca: pem('Certificate authority', 'CERTIFICATE')
    .optional()
    .meta({
      title: 'Certificate authority',
      description:
        'PEM of the only authority that may have signed the certificate of the server. Left out: those that the system trusts.',
      takes: 'PEM',
      examples: [`\${file:/etc/gatehouse/receiver-ca.pem}`],
    }),
  fingerprint256: z
    .string()
    .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, { error: 'expected 64 hex digits, with or without colons' })
    .optional()
    .meta({
      title: 'Certificate fingerprint',
      description: 'SHA-256 of the certificate of the server, instead of an authority and of its name.',
      examples: ['02C6399DD4206AA1C893C9E33BF72896B9BEB0B49B047A271183FAEA7EC217F2'],
    }),
  client_certificate: z
    .strictObject({
      certificate: pem('Certificate', 'CERTIFICATE').meta({
        description: 'PEM of the certificate, with those between it and its authority, if any.',
        examples: [`\${file:/etc/gatehouse/events.pem}`],
      }),
      key: pem('Key', '[A-Z ]*PRIVATE KEY').meta({
        description: 'PEM of its private key, as a reference to a secret.',
        examples: [`\${file:/etc/gatehouse/events-key.pem}`],
        secret: true,
      }),
    })
    .optional()
    .meta({
      title: 'Client certificate',
      description: 'What we show a server that asks who we are.',
      examples: [{ certificate: `\${file:/etc/gatehouse/events.pem}`, key: `\${file:/etc/gatehouse/events-key.pem}` }],
    }),
  allow_private: z
    .boolean()
    .default(false)
    .meta({
      title: 'Allow private addresses',
      description:
        'Whether the server may have a private address, or be this machine. Link-local addresses, where clouds tell machines their passwords, are refused whatever is said here.',
      examples: [true],
    }),
} as const

export type ReceiverSettings = z.output<z.ZodObject<typeof receiverFields>>

export function hasOneTrust({ ca, fingerprint256 }: Pick<ReceiverSettings, 'ca' | 'fingerprint256'>): boolean {
  return ca === undefined || fingerprint256 === undefined
}

export const oneTrust = { error: 'give either ca or fingerprint256', path: ['fingerprint256'] }

export function receiverAddress(origin: string, settings: ReceiverSettings): Address {
  const { ca, fingerprint256, client_certificate: identity, allow_private: allowPrivate } = settings
  return {
    origin,
    allowPrivate,
    ...(ca === undefined ? {} : { ca }),
    ...(fingerprint256 === undefined ? {} : { fingerprint256 }),
    ...(identity === undefined ? {} : { identity }),
  }
}
