/** The picture of one account: which it shows, what is sent for it, and what is remembered of a target that keeps pictures in its own way. */
import type { ActualAccount, PartOutcome } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { PersonId } from '../../model/id.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { hasOtherCounts, marksAfterRun } from '../guard/counts.ts'
import { fetchPhoto } from '../photo.ts'
import type { WorkItem } from './work-item.ts'

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

/** What the account is to show: a SHA-256, or null for no picture; undefined where it is left alone. */
export function photoWanted({ connection }: TargetSetup, { desired, facts }: WorkItem): string | null | undefined {
  return connection.accounts.takesPhotos === true && desired.lock === 'open' ? facts.facts.photo : undefined
}

/** The picture shown, as we know it: where the target made another file of ours, and still shows that one, it is ours. */
export function photoShown(noted: NotedAccount | null, actual: NotedAccount): string | null | undefined {
  if (actual.photoFor !== undefined) return actual.photoFor
  return noted !== null && actual.photo === noted.photo ? (noted.photoFor ?? actual.photo) : actual.photo
}

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
  const isLeft = kept !== null || isPinOthers || hasOtherCounts(noted?.marks, actual.marks)
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

/** What is sent; undefined leaves the picture alone. */
export interface PhotoToSend {
  readonly photo: Buffer | null | undefined
  readonly failed: readonly PartOutcome[]
}

const nothing: PhotoToSend = { photo: undefined, failed: [] }

/** Fetched only when it is to be written. What fails here costs this part alone. */
export async function photoToSend(
  context: SyncContext,
  item: WorkItem,
  wanted: string | null | undefined,
  before: ActualAccount | null,
  signal: AbortSignal,
): Promise<PhotoToSend> {
  if (wanted === undefined) return nothing
  if (before !== null) {
    if (before.photo === undefined) return failed(new ConnectorError({ kind: 'rejected', code: 'photo.not-shown' }))
    if (photoShown(item.lastSeen, before) === wanted) return nothing
  }
  if (wanted === null) return before === null ? nothing : { photo: null, failed: [] }
  try {
    return { photo: await fetchPhoto(context, item.row.person_id as PersonId, wanted, signal), failed: [] }
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    return failed(error)
  }
}

/** What the account shows after the write of `wanted`: another picture than before, where there is one, is what the target made of ours. */
export function afterSending(wanted: string | null | undefined, before: ActualAccount | null, after: ActualAccount) {
  const isTheirs = typeof wanted === 'string' && after.photo != null && after.photo !== wanted
  return isTheirs && after.photo !== before?.photo ? { ...after, photoFor: wanted } : after
}

/** Of a write that was taken, and is not to be seen: once more would change nothing. */
export const notKept = new ConnectorError({ kind: 'rejected', code: 'photo.not-kept' })

function failed(failure: ConnectorError): PhotoToSend {
  return { photo: undefined, failed: [{ part: { kind: 'photo' }, outcome: 'failed', failure }] }
}
