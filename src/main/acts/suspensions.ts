/** Acts about suspended accounts and enrolment windows. */
import type { EnrolmentView, SuspensionActs } from '../../api/acts/suspensions.ts'
import type { EnrolmentId, PersonId, SuspensionId } from '../../model/id.ts'
import { approveSuspension, keepSuspended, releaseSuspension } from '../../sync/guard/approve.ts'
import { closeEnrolment, openEnrolment } from '../../sync/guard/enrolment.ts'
import { enrolmentPage, enrolmentViews, suspensionPage, suspensionView } from '../suspension-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function suspensionActs({ engine }: ActsParts): SuspensionActs {
  const { context } = engine
  return {
    suspensions: ({ all }, page) => suspensionPage(context, { all, ...page }),
    suspension: (id) => suspensionView(context, id),
    approveSuspension: (actor, id, reason) =>
      withLevels(engine, () => approveSuspension(context, id as SuspensionId, actor.subject, reason)),
    keepSuspended: (actor, id, reason) => keepSuspended(context, id as SuspensionId, actor.subject, reason),
    releaseSuspension: (actor, id, reason) =>
      withLevels(engine, async () => ({
        lockouts: await releaseSuspension(context, id as SuspensionId, actor.subject, reason),
      })),
    async openEnrolment(actor, person, request) {
      const row = await withLevels(engine, () => openEnrolment(context, person as PersonId, actor.subject, request))
      const [view] = await enrolmentViews(context, [{ row, genuine: true }])
      return view as EnrolmentView
    },
    closeEnrolment: (actor, id, reason) => closeEnrolment(context, id as EnrolmentId, actor.subject, reason),
    enrolments: ({ all }, page) => enrolmentPage(context, { all, ...page }),
  }
}
