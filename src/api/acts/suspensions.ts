/** Accounts that are suspended since what somebody presents changed without an order, and times in which enrolling is expected. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

/** Holds what somebody typed as a reason: for those who may see the person. */
export interface SuspensionView {
  readonly id: string
  readonly account: string
  readonly person: string
  readonly target: string
  /** `forged`: its row was changed outside Gatehouse; it is suspended anew within seconds. */
  readonly state: 'waits' | 'shut' | 'lifted' | 'forged'
  readonly waitsFor: 'brake' | 'protected' | null
  /** How what was found last shows: event, biometrics, pin, card, record, unread. */
  readonly cause: string
  readonly foundAt: string
  readonly lastFoundAt: string
  readonly shutAt: string | null
  readonly keptAt: string | null
  /** Name of who said that it stays shut. */
  readonly keptBy: string | null
  readonly liftedAt: string | null
  /** Of what was found last, by whom; the reason is null in lists. */
  readonly approvals: readonly { readonly by: string | null; readonly at: string; readonly reason: string | null }[]
}

export interface EnrolmentView {
  readonly id: string
  readonly person: string
  readonly openedAt: string
  readonly openedBy: string | null
  readonly until: string
  readonly closedAt: string | null
  readonly closedBy: string | null
  /** Its row was changed outside Gatehouse: it explains nothing. */
  readonly forged: boolean
}

interface Filter {
  /** Also those that are over. */
  readonly all: boolean
}

export interface SuspensionActs {
  suspensions(filter: Filter, page: { after?: string; limit: number }): Promise<Paged<SuspensionView>>
  suspension(id: string): Promise<SuspensionView>
  /** The second different person's approval opens the account. */
  approveSuspension(actor: Actor, id: string, reason: string): Promise<{ lifted: boolean }>
  keepSuspended(actor: Actor, id: string, reason: string): Promise<void>
  /** Shuts what waited. */
  releaseSuspension(actor: Actor, id: string, reason: string): Promise<{ lockouts: readonly string[] }>
  /** `for` is a duration, such as `30m`. */
  openEnrolment(
    actor: Actor,
    person: string,
    request: { readonly for: string; readonly reason: string },
  ): Promise<EnrolmentView>
  closeEnrolment(actor: Actor, id: string, reason: string): Promise<void>
  enrolments(filter: Filter, page: { after?: string; limit: number }): Promise<Paged<EnrolmentView>>
}
