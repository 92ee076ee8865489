/** The accounts of one server: read, listed, written and shut out by the engine's orders. */
import type { AccountChange, AccountsCapability, Applied, Context } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import { Authorisations } from './authorisations.ts'
import { BadgeLimits } from './badge-limits.ts'
import { badgeOf } from './badges.ts'
import { badgesHeld } from './badges-held.ts'
import { Carriers } from './carriers.ts'
import { Departments } from './departments.ts'
import { discoverLevels } from './levels.ts'
import { lock } from './lock.ts'
import { personnelNoOf, profileOf, typeOf } from './mapping.ts'
import type { Offered } from './offered.ts'
import { put } from './put.ts'
import type { Settings } from './settings.ts'
import type { Client } from './soap/client.ts'
import { ambiguousCarrier, isNotFound, ownFailure, readOnlyCarrier } from './soap/errors.ts'
import type { PersonRecord, Token } from './soap/records.ts'
import { TemplatesHeld, templatesHeld } from './templates-held.ts'
import { Tokens } from './tokens.ts'

export function accounts(
  client: Client,
  offered: Offered,
  settings: Settings,
  { now, log }: Pick<Context, 'now' | 'log'>,
): AccountsCapability {
  const departments = new Departments(client, settings, now)
  const carriers = new Carriers(client, departments, settings, now)
  const tokens = new Tokens(client, new BadgeLimits(client, settings, now), settings)
  const authorisations = new Authorisations(client, offered, settings)
  const writing = { client, carriers, tokens, authorisations, departments, offered, settings, now }

  async function apply(change: AccountChange, signal: AbortSignal): Promise<Applied> {
    switch (change.kind) {
      case 'put':
        if (change.actual?.untouchable) throw readOnlyCarrier()
        return put(change, writing, signal)
      case 'lock':
        return lock(change, writing, signal)
      case 'remove':
        return remove(change.externalId, signal)
      default:
        return change satisfies never
    }
  }

  /** With all that the person was before, which we shut ourselves. Several that are open may be several people, and so may one that others shut. */
  async function remove(externalId: string, signal: AbortSignal): Promise<Applied> {
    const found = await carriers.find(externalId, signal)
    if (found.some((record) => record.ReadOnly || typeOf(record) === null)) throw readOnlyCarrier()
    if (found.length > 1 && !(await areOne(externalId, found, signal))) throw ambiguousCarrier()
    await allDone(found.map((record) => removeOne(record, signal)))
    return { parts: [{ part: { kind: 'lock' }, outcome: found.length === 0 ? 'unchanged' : 'applied' }] }
  }

  /** Whether all but the one that is open bear our block. */
  async function areOne(externalId: string, found: readonly PersonRecord[], signal: AbortSignal): Promise<boolean> {
    const account = await carriers.read(externalId, signal)
    if (account?.profile.Id === undefined) return false
    const { lock: state, profile } = account
    const others = found.filter(({ Id }) => state === 'closed' || Id !== profile.Id)
    const shut = await allDone(others.map(({ Id }) => client.states(Id, signal)))
    return shut.every(({ Blocked, BlockReason }) => Blocked && BlockReason === settings.block_reasons.carrier)
  }

  /** Badges first: no document says what becomes of those of a carrier that is removed. */
  async function removeOne(record: PersonRecord, signal: AbortSignal): Promise<void> {
    try {
      const held = await client.tokensOf(record.Id, signal)
      const shutFirst = async () => {
        const { Blocked } = await client.states(record.Id, signal)
        if (!Blocked) await client.blockCarrier(record.Id, settings.block_reasons.carrier, signal)
      }
      const take = (some: readonly Token[]) =>
        allDone(some.map((token) => tokens.withdraw(token, { isLifted: false, shutFirst }, signal)))
      await take(held.filter(({ Replaced }) => !Replaced))
      // AEOS lets go of a card that waits only when nothing stands in for it any more.
      await take(held.filter(({ Replaced }) => Replaced))
      await client.removeCarrier(typeOf(record) ?? settings.carrier, record.Id, signal)
    } catch (error) {
      if (!(error instanceof ConnectorError) || !isNotFound(error)) throw error
      await carriers.mustBeGone(record.Id, error, signal)
    }
  }

  /** What the server does not let us look through is left to single reads: no reason to do without the list of people. */
  async function orUntold<T>(asked: Promise<T>, untold: T): Promise<T> {
    try {
      return await asked
    } catch (error) {
      if (!(error instanceof ConnectorError) || !isUntellable(error)) throw error
      log('warn', 'aeos.list-shallow', { code: error.code as `${string}.${string}` })
      return untold
    }
  }

  return {
    zone: settings.server_zone,
    identify: personnelNoOf,
    render: (facts) => profileOf(facts, settings),
    checkCard(card) {
      badgeOf(card, settings)
    },
    checkPin(pin) {
      if (settings.pins && /^\d{1,32}$/.test(pin)) return
      throw ownFailure('rejected', 'aeos.pin-refused', 'A PIN is digits only, and pins must be on in the settings.')
    },
    discover: (signal) => discoverLevels(client, settings, signal),
    takesPhotos: settings.photos,
    read: (externalId, signal, also) => carriers.read(externalId, signal, also?.photo === true && settings.photos),
    async *list(signal, levels = []) {
      const badges = await orUntold(badgesHeld(client, settings, signal), null)
      const templates = await orUntold(templatesHeld(client, offered, settings, levels, signal), new TemplatesHeld())
      yield* carriers.list(badges, templates, signal)
    },
    apply,
  }
}

function isUntellable({ kind, code }: ConnectorError): boolean {
  return kind === 'rejected' || code === 'aeos.list-incomplete' || code === 'aeos.find-failed'
}
