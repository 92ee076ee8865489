/** What tells that the fingers, faces and mobile credentials of an account changed, without any of them. */

/** How many of each there are: null where the system does not say. */
export interface CredentialMarks {
  readonly fingers: number | null
  /** Templates of all kinds of faces together. */
  readonly faces: number | null
  readonly mobiles: number | null
  /** Another text after each change of the account, by whomever, ourselves included; in the system's own words. */
  readonly revision: string | null
  /** What `Context.templateDigests` made of its templates; absent where nothing did, and in lists. */
  readonly templates?: readonly string[]
}
