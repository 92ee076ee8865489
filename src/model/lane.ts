/** The two ways to a target, and what each is for. */

/** `urgent` is for lock-outs and for what they wait on; all else is `bulk`. */
export type Lane = 'urgent' | 'bulk'
