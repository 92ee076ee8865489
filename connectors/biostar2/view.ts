/** How much of the server our login may see: what is hidden from it is answered like what is not there. */
import { ConnectorError } from '../../src/connector/errors.ts'
import { ownFailure } from './errors.ts'
import type { LoginUser } from './records.ts'
import type { Session } from './session.ts'

/** True where nothing of that kind is hidden from us. */
export interface View {
  readonly users: boolean
  readonly accessGroups: boolean
  readonly devices: boolean
}

/** The operator level with every permission (BioStar 2 API, Users, `permission`). */
export const administrator = '1'

/**
 * By the filters of our operator level, as the login answers them: `UserGroup` and `DeviceGroup` hold the roots of the trees, 1, and
 * `AccessGroup` holds 0 where all may be seen (BioStar 2 API, Login, sample answer). What a custom level does not tell counts as hidden.
 */
export function viewOf({ permission }: Pick<LoginUser, 'permission'>): View {
  const unfiltered = permission.filter === undefined && permission.id === administrator
  const sees = (ids: readonly (string | undefined)[] | undefined, all: string) =>
    unfiltered || (ids ?? []).includes(all)
  return {
    users: sees(permission.filter?.UserGroup, '1'),
    accessGroups: sees(permission.filter?.AccessGroup, '0'),
    devices: sees(permission.filter?.DeviceGroup, '1'),
  }
}

/** Somebody may change our operator level at any time: what we may see is asked anew before it proves that somebody is gone. */
export const viewKnownMs = 60_000

/** @throws ConnectorError `rejected` (`biostar2.view-limited`) when somebody whom the server does not show us may be there all the same. */
export async function requireFullView(session: Session, signal: AbortSignal): Promise<void> {
  if (viewOf(await session.user(signal, viewKnownMs)).users) return
  throw ownFailure(
    'rejected',
    'biostar2.view-limited',
    "The service account's operator level hides user groups, so who is not shown may be there: let it see all.",
  )
}

/** True for the answer that there is no such user, as far as we may see. */
export function isMissing(error: unknown): boolean {
  return error instanceof ConnectorError && error.code === 'biostar2.user-not-found'
}
