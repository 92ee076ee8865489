/** The picture of one account: which it shows, what is sent for it, and what a target made of that which keeps pictures in its own way. */
import type { ActualAccount, PartOutcome } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { PersonId } from '../../model/id.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { fetchPhoto } from '../photo.ts'
import type { NotedAccount } from './noted-account.ts'
import type { WorkItem } from './work-item.ts'

/** What the account is to show: a SHA-256, or null for no picture; undefined where it is left alone. */
export function photoWanted({ connection }: TargetSetup, { desired, facts }: WorkItem): string | null | undefined {
  return connection.accounts.takesPhotos === true && desired.lock === 'open' ? facts.facts.photo : undefined
}

/** The picture shown, as we know it: where the target made another file of ours, and still shows that one, it is ours. */
export function photoShown(noted: NotedAccount | null, actual: NotedAccount): string | null | undefined {
  if (actual.photoFor !== undefined) return actual.photoFor
  return noted !== null && actual.photo === noted.photo ? (noted.photoFor ?? actual.photo) : actual.photo
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
