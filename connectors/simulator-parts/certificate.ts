/** Makes a fresh self-signed TLS certificate in this process, so that the simulator needs no tool and no file to speak HTTPS. */
import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

export interface Certificate {
  /** PEM private key of the server. It never leaves the process. */
  key: string
  /** PEM certificate; also the trust anchor a client pins. */
  cert: string
  /** SHA-256 over the DER certificate, upper case hex pairs with colons, as node:tls prints it. */
  fingerprint256: string
}

const dayMs = 86_400_000

// Object identifiers as RFC 5280 and RFC 5480 number them.
const oid = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
}

/**
 * An EC P-256 v3 certificate valid for ten years from yesterday. `title` is its common name, `names` are DNS names and IP addresses of the SAN.
 * Layout: RFC 5280 section 4.1.
 */
export function selfSignedCertificate(title: string, names: readonly string[], nowMs: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const algorithm = sequence(objectId(oid.ecdsaWithSha256))
  const name = sequence(set(sequence(objectId(oid.commonName), tlv(0x0c, Buffer.from(title)))))
  // A leading zero bit keeps the serial number positive, a leading one bit of the next byte keeps it from being trimmed.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const signed = sequence(
    tlv(0xa0, integer(2)),
    tlv(0x02, serial),
    algorithm,
    name,
    sequence(time(nowMs - dayMs), time(nowMs + 3650 * dayMs)),
    name,
    spki,
    tlv(0xa3, sequence(...extensions(names, spki))),
  )
  const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'der' })
  const der = sequence(signed, algorithm, bitString(signature, 0))
  const cert = pem('CERTIFICATE', der)
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert,
    fingerprint256: new X509Certificate(cert).fingerprint256,
  }
}

function extensions(names: readonly string[], spki: Buffer): Buffer[] {
  const yes = tlv(0x01, Buffer.from([0xff]))
  const keyId = createHash('sha1').update(spki).digest()
  return [
    // Its own authority: clients hand this very certificate to their TLS library as the only trust anchor.
    sequence(objectId(oid.basicConstraints), yes, octets(sequence(yes))),
    // digitalSignature (bit 0) and keyCertSign (bit 5); the two lowest bits of the byte are unused.
    sequence(objectId(oid.keyUsage), yes, octets(bitString(Buffer.from([0x84]), 2))),
    sequence(objectId(oid.extendedKeyUsage), octets(sequence(objectId(oid.serverAuth)))),
    sequence(objectId(oid.subjectKeyIdentifier), octets(tlv(0x04, keyId))),
    sequence(objectId(oid.subjectAltName), octets(sequence(...names.map(generalName)))),
  ]
}

function generalName(name: string): Buffer {
  const family = isIP(name)
  if (family === 0) return tlv(0x82, Buffer.from(name, 'ascii'))
  if (family === 4) return tlv(0x87, Buffer.from(name.split('.').map(Number)))
  return tlv(0x87, ipv6Bytes(name))
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : 8 - left.length - right.length
  const words = [...left, ...Array<string>(gap).fill('0'), ...right]
  return Buffer.from(words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]))
}

/** Tag, length (short or long form, X.690 section 8.1.3), value. */
function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, ...parts)
const set = (...parts: Buffer[]): Buffer => tlv(0x31, ...parts)
const octets = (content: Buffer): Buffer => tlv(0x04, content)
const integer = (value: number): Buffer => tlv(0x02, Buffer.from([value]))
const bitString = (content: Buffer, unusedBits: number): Buffer => tlv(0x03, Buffer.from([unusedBits]), content)

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80)
  return bytes
}

/** UTCTime, which RFC 5280 asks for until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return tlv(0x17, Buffer.from(`${digits}Z`))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
