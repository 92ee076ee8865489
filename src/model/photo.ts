/** The picture of a person, of which only its digest is kept: what a source says of it, and what may pass for a picture at all. */

import { hash } from 'node:crypto'

/** In bytes: a larger picture is not fetched to its end, and written nowhere. */
export const photoBytesMax = 1024 * 1024

/** What a source writes where it has a picture and can't tell which: it says neither that there is none nor that it is another one. */
export const unreadPhoto = 'unread'

/** A picture as a source names it. */
export interface PhotoRef {
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string
  /** By which the source finds it, in its own words; empty where the digest is enough. */
  readonly reference: string
}

const form = /^([0-9a-f]{64})(?: (.+))?$/s

/** As a cell and a record hold it: the digest, and behind a blank what the source finds it by. */
export function photoText({ sha256, reference }: PhotoRef): string {
  return reference === '' ? sha256 : `${sha256} ${reference}`
}

/** Null for a text that names no picture: `unreadPhoto`, or none of these at all. */
export function parsePhoto(text: string): PhotoRef | null {
  const [, sha256, reference = ''] = form.exec(text) ?? []
  return sha256 === undefined ? null : { sha256, reference }
}

/** By which a picture is named everywhere: the SHA-256 of its bytes, in hex. */
export function pictureDigest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

/** Whether a record may say so of its picture. */
export function isPhotoText(text: string): boolean {
  return text === unreadPhoto || parsePhoto(text) !== null
}

const jpeg = [0xff, 0xd8, 0xff]
const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** Whether the bytes begin as those of a JPEG or PNG: what is none of these goes to no door system. */
export function isPicture(bytes: Uint8Array): boolean {
  return [jpeg, png].some((magic) => magic.every((byte, at) => bytes[at] === byte))
}
