/** JSON that somebody else may have written. */

/** Undefined for what is no JSON. The error of JSON.parse is not passed on: it quotes what it read, which may be a secret or a person. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
