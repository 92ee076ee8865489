/** Digests as keys of a map: one character per byte. */
export function textKey(digest: Buffer): string {
  return digest.toString('latin1')
}
