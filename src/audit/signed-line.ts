/** One statement of the gateway as one line of JSON, signed so that anybody with its public key can check it, anywhere. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../model/parse-json.ts'
import { publicKeyId } from '../vault/signing-key.ts'
import type { Vault } from '../vault/vault.ts'

/** What a line states; the number counts the shapes that this kind of line has had. */
export type LineType = `${string}/${number}`

export interface SignedLine {
  readonly type: string
  readonly gateway: string
  readonly content: Readonly<Record<string, unknown>>
}

/**
 * Without a line end. The signature covers every byte of the line before `,"signature":`, so that no reader needs rules for how JSON
 * is to be written: `openssl pkeyutl -verify -rawin` can check it.
 */
export function signLine(vault: Vault, type: LineType, content: Readonly<Record<string, unknown>>): string {
  const head = { type, gateway: vault.gatewayId, key: vault.signing.id, content }
  const signed = JSON.stringify(head).slice(0, -1)
  return `${signed},"signature":"${vault.signing.sign(Buffer.from(signed, 'utf8')).toString('base64')}"}`
}

/** The public keys that a reader trusts, by their id. */
export type PinnedKeys = ReadonlyMap<string, KeyObject>

/** Takes one or more keys in PEM, as `gatehouse keys public` prints them. @throws RangeError for anything else. */
export function pinnedKeys(pem: string): PinnedKeys {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g) ?? []
  const keys = blocks.map(publicKey)
  if (keys.length === 0) throw new RangeError('there is no public key in it')
  return new Map(keys.map((key) => [publicKeyId(key), key]))
}

function publicKey(block: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPublicKey(block)
  } catch {
    // Not a key at all, which is said below.
  }
  if (key?.asymmetricKeyType !== 'ed25519') throw new RangeError('it is no Ed25519 key')
  return key
}

const tail = /^(.*),"signature":"([A-Za-z0-9+/]{86}==)"\}$/s

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

const head = z.strictObject({
  type: z.string(),
  gateway: z.string(),
  key: z.string(),
  // As it is: a record would lose a key that is called __proto__.
  content: z.custom<Readonly<Record<string, unknown>>>(isObject),
})

/** Why a line proves nothing: it is none of ours, its key is not among the pinned ones, or it was changed. */
export type LineFault = 'malformed' | 'unknown-key' | 'forged'

/** What the line states, when one of these keys signed exactly it. */
export function verifyLine(line: string, keys: PinnedKeys): SignedLine | LineFault {
  const [, signed, signature] = tail.exec(line.replace(/\r?\n$/, '')) ?? []
  if (signed === undefined || signature === undefined) return 'malformed'
  const parsed = head.safeParse(parseJson(`${signed}}`)).data
  if (parsed === undefined) return 'malformed'
  const key = keys.get(parsed.key)
  if (key === undefined) return 'unknown-key'
  const { type, gateway, content } = parsed
  const bytes = Buffer.from(signature, 'base64')
  // The last letter has bits that no byte holds: there is one way to write a signature, and no other is ours.
  const isOurs = bytes.toString('base64') === signature && verify(null, Buffer.from(signed, 'utf8'), key, bytes)
  return isOurs ? { type, gateway, content } : 'forged'
}
