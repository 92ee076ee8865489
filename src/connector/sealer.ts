/** What connectors that keep files are handed: it seals with the keys of this gateway, which they never see. */
export interface Sealer {
  /** `place` names the piece: opened as any other, or changed in a bit, it fails. */
  seal(place: SealedPlace, text: string): Buffer
  /** @throws Error when it is not what was sealed for this place. */
  open(place: SealedPlace, sealed: Buffer): string
}

export interface SealedPlace {
  /** Of this file and no other. */
  readonly file: string
  /** Counts the pieces of the file from 0. */
  readonly piece: number
  /** Whether more must follow: what is cut off shows by that. */
  readonly last: boolean
}
