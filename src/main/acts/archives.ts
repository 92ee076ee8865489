/** Acts about archived deliveries. */
import type { ArchiveActs } from '../../api/acts/archives.ts'
import type { KeyId } from '../../model/id.ts'
import { destroyArchive, openArchive } from '../../sync/pull/archives.ts'
import { archives } from '../archive-views.ts'
import type { ActsParts } from './parts.ts'

export function archiveActs({ engine: { context } }: ActsParts): ArchiveActs {
  return {
    archives: (source, page) => archives(context, source, page),
    openArchive: (actor, id, reason) => openArchive(context, id as KeyId, actor.subject, reason),
    destroyArchive: (actor, id, reason) => destroyArchive(context, id as KeyId, actor.subject, reason),
  }
}
