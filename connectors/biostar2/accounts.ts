/** The accounts of one server: read, listed, written and shut out by the engine's orders. */
import type {
  AccountChange,
  AccountsCapability,
  ActualAccount,
  Applied,
  Context,
} from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import { Cards } from './cards.ts'
import { cardsListed } from './cards-listed.ts'
import type { Client } from './client.ts'
import { protectedAccount } from './errors.ts'
import { GroupsListed } from './groups-listed.ts'
import { Levels } from './levels.ts'
import { lock } from './lock.ts'
import {
  accountOfDetail,
  accountOfRow,
  firstAdministrator,
  isProtectedId,
  type OwnAccount,
  photoShown,
  profileOf,
  userIdOf,
  vendorCardOf,
} from './mapping.ts'
import { checkPin } from './pins.ts'
import { put } from './put.ts'
import type { ReaderRefusals } from './reader-refusals.ts'
import type { UserRow } from './records.ts'
import type { Session } from './session.ts'
import type { Settings } from './settings.ts'
import { listUsers } from './users.ts'
import { isMissing, requireFullView } from './view.ts'

export function accounts(
  client: Client,
  session: Session,
  settings: Settings,
  refusals: ReaderRefusals,
  { now, log }: Pick<Context, 'now' | 'log'>,
): AccountsCapability {
  const cards = new Cards(client, settings)
  const levels = new Levels(client, now)
  const own = async (signal: AbortSignal): Promise<OwnAccount> => ({
    loginId: settings.login_id,
    userId: (await session.user(signal)).user_id ?? null,
  })

  /** Without the levels that come through user groups, which a lock-out and a removal do not need. */
  async function readOwn(externalId: string, signal: AbortSignal) {
    try {
      const detail = await client.user(externalId, signal)
      return { detail, account: accountOfDetail(detail, [], settings, await own(signal)) }
    } catch (error) {
      if (!isMissing(error)) throw error
      await requireFullView(session, signal)
      return null
    }
  }

  async function apply(change: AccountChange, signal: AbortSignal): Promise<Applied> {
    const applied = await carryOut(change, signal)
    return refusals.recent ? { ...applied, reach: 'accepted' } : applied
  }

  async function carryOut(change: AccountChange, signal: AbortSignal): Promise<Applied> {
    if (isProtectedId(change.externalId, await own(signal))) throw protectedAccount()
    switch (change.kind) {
      case 'put':
        if (change.actual?.untouchable) throw protectedAccount()
        return put(change, { client, cards, levels, settings }, signal)
      case 'lock':
        return lock(
          change,
          cards,
          client,
          {
            read: async () => (await readOwn(change.externalId, signal))?.account ?? null,
            async provenMissing() {
              await requireFullView(session, signal)
              return 'unchanged'
            },
          },
          signal,
        )
      case 'remove':
        return remove(change.externalId, signal)
      default:
        return change satisfies never
    }
  }

  async function remove(externalId: string, signal: AbortSignal): Promise<Applied> {
    const found = await readOwn(externalId, signal)
    if (found?.account.untouchable) throw protectedAccount()
    if (found !== null) await client.deleteUser(externalId, signal)
    return { parts: [{ part: { kind: 'lock' }, outcome: found === null ? 'unchanged' : 'applied' }] }
  }

  /** What the server does not let us look through is left to single reads: no reason to do without the list of users. */
  async function orUntold<T>(asked: Promise<T>, untold: T): Promise<T> {
    try {
      return await asked
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      log('warn', 'biostar2.list-shallow', { code: error.code as `${string}.${string}` })
      return untold
    }
  }

  return {
    zone: settings.server_zone,
    identify: (facts) => userIdOf(facts, settings),
    render: (facts) => profileOf(facts, settings),
    checkCard(card) {
      vendorCardOf(card, settings)
    },
    checkPin,
    discover: (signal) => levels.discover(signal),
    takesPhotos: settings.photos,
    async read(externalId, signal, also): Promise<ActualAccount | null> {
      // Side by side: the proof of a lock-out waits for this.
      const [found, inheritedBy] = await allDone([readOwn(externalId, signal), levels.inheritance(signal)])
      if (found === null) return null
      const { account, detail } = found
      const photo = also?.photo === true && settings.photos ? { photo: photoShown(detail) } : {}
      return { ...account, ...photo, inheritedLevels: inheritedBy(detail.user_group_id) }
    },
    async *list(signal, asked = []) {
      await requireFullView(session, signal)
      const ownAccount = await own(signal)
      const cardsOf = await orUntold(cardsListed(client, signal), null)
      const groups = new GroupsListed()
      for (const group of asked) groups.add(group, await orUntold(client.usersOfGroup(group, signal), nothingTold))
      const inheritedBy = groups.told.size > 0 ? await levels.inheritance(signal) : () => []
      const listed = ({ user_id, user_group_id }: UserRow) => ({
        cards: cardsOf === null ? null : (cardsOf.get(user_id) ?? []),
        levels: groups.of(user_id),
        inheritedLevels: inheritedBy(user_group_id),
        toldLevels: groups.told,
      })
      for await (const rows of listUsers(client, ownAccount.userId ?? firstAdministrator, signal))
        yield rows.map((row) => accountOfRow(row, listed(row), settings, ownAccount))
      // Our operator level may have been narrowed meanwhile.
      await requireFullView(session, signal)
    },
    apply,
  }
}

const nothingTold = { rows: [], whole: false }
