/** What is noted of an account for the next time: as it showed, but for what a run of ours must not explain away. */
import type { ActualAccount } from '../../connector/contract.ts'
import { hasOtherBiometrics, marksAfterRun } from '../guard/biometrics.ts'

/** An account as it is noted: `photoFor` is the picture that was written when it came to show another one, `photo`, in its place. */
export interface NotedAccount extends ActualAccount {
  readonly photoFor?: string
  /** When what somebody presents was last found to have changed there, and its marks were noted. */
  readonly changedAt?: string
  /** When the look began by which this was noted: whatever changed before is in it. */
  readonly lookedAt?: string
  /** A run of ours found another record than this, and left it to whoever looks next. */
  readonly kept?: KeptMarks
}

/** `visible`: what everybody can see was changed as well. */
export type KeptMarks = 'silent' | 'visible'

/**
 * To be noted after a run that began then (null: whatever was known before, nobody knows how old it is). What is known of the picture stays so
 * where nobody looked at it, as does when something changed; and counts of fingers and faces, of which only a look of the guard notes another.
 * So does a PIN that is not `pinOurs`, and the mark of the record where somebody else had changed it before the run (`kept`).
 */
export function noteOf(
  noted: NotedAccount | null,
  actual: NotedAccount,
  begunAt: Date | null,
  { kept = null, pinOurs = true }: { readonly kept?: KeptMarks | null; readonly pinOurs?: boolean } = {},
): NotedAccount {
  const { changedAt, lookedAt } = noted ?? {}
  const after = begunAt === null ? actual.marks : marksAfterRun(noted?.marks, actual.marks)
  // What nobody knows any more is another mark than any that is shown.
  const revision = kept === null ? undefined : (noted?.marks?.revision ?? '')
  const marks = after === undefined || revision === undefined ? after : { ...after, revision }
  const isPinOthers = !pinOurs && noted?.pin === false && actual.pin
  const isLeft = kept !== null || isPinOthers || hasOtherBiometrics(noted?.marks, actual.marks)
  const looked = begunAt !== null && isLeft ? lookedAt : begunAt?.toISOString()
  return {
    ...withPhoto(noted, actual),
    ...(isPinOthers ? { pin: false } : {}),
    ...(marks === undefined ? {} : { marks }),
    ...(kept === null ? {} : { kept }),
    ...(changedAt === undefined ? {} : { changedAt }),
    ...(looked === undefined ? {} : { lookedAt: looked }),
  }
}

function withPhoto(noted: NotedAccount | null, actual: NotedAccount): NotedAccount {
  if (noted === null || actual.photoFor !== undefined) return actual
  const { photo, photoFor } = noted
  const isSame = actual.photo === undefined || actual.photo === photo
  if (!isSame || photo === undefined) return actual
  return { ...actual, photo, ...(photoFor === undefined ? {} : { photoFor }) }
}
