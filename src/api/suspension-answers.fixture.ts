/** What the acts about suspended accounts and enrolment windows answer in tests of the API. */
import type { SuspensionActs } from './acts/suspensions.ts'

export function suspensionAnswers(ids: {
  readonly id: string
  readonly person: string
  readonly account: string
  readonly at: string
}): SuspensionActs {
  const { id, person, account, at } = ids
  const suspension = {
    ...{ id, person, account, target: 'hq', state: 'shut' as const, waitsFor: null, cause: 'event' },
    ...{ foundAt: at, lastFoundAt: at, shutAt: at, keptAt: null, keptBy: null, liftedAt: null },
    approvals: [{ by: 'Night desk', at, reason: 'she stood before me' }],
  }
  const enrolment = {
    ...{ id, person, openedAt: at, openedBy: 'Night desk', until: at, closedAt: null, closedBy: null, forged: false },
  }
  return {
    suspensions: async (_filter, page) => ({ rows: [suspension], next: page.after === undefined ? id : null }),
    suspension: async () => suspension,
    approveSuspension: async () => ({ lifted: false }),
    keepSuspended: async () => undefined,
    releaseSuspension: async () => ({ lockouts: [id] }),
    openEnrolment: async () => enrolment,
    closeEnrolment: async () => undefined,
    enrolments: async (_filter, page) => ({ rows: [enrolment], next: page.after === undefined ? id : null }),
  }
}
