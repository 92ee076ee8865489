/** The text of a token: random, recognisable by secret scanners, and refused without a look-up when mistyped. */
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const prefix = 'gh_'
const shape = /^gh_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})$/

/** `gh_`, 32 random bytes and their CRC-32, both in base64url: 52 characters. */
export function newTokenText(): string {
  const secret = randomBytes(32).toString('base64url')
  return `${prefix}${secret}${checksum(secret)}`
}

/** Whether this could be a token at all. It tells nobody anything: everyone can compute the checksum. */
export function isTokenText(text: string): boolean {
  const [, secret, given] = shape.exec(text) ?? []
  return secret !== undefined && checksum(secret) === given
}

function checksum(secret: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(secret))
  return bytes.toString('base64url')
}
