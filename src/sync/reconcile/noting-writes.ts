/** A target that notes when a run began to write to it, and what was there before: what readers tell of an account around then is our own doing, and nobody else's. */
import type { ActualAccount } from '../../connector/contract.ts'
import type { TargetSetup } from '../context.ts'
import type { Owned } from '../owned-row.ts'

export interface NotingWrites {
  readonly target: TargetSetup
  /** When the first order went out; null when none did. */
  beganAt(): Date | null
  /** The account as it was read before that; undefined when nobody did. */
  firstSeen(): ActualAccount | null | undefined
}

export function notingWrites(target: TargetSetup, now: () => Date): NotingWrites {
  const { connection } = target
  const { accounts } = connection
  let began: Date | null = null
  let first: ActualAccount | null | undefined
  const noting: TargetSetup['connection'] = {
    accounts: {
      zone: accounts.zone,
      identify: (facts) => accounts.identify(facts),
      render: (facts) => accounts.render(facts),
      checkCard: (card) => accounts.checkCard(card),
      checkPin: (pin) => accounts.checkPin(pin),
      discover: (signal) => accounts.discover(signal),
      list: (signal, levels) => accounts.list(signal, levels),
      ...(accounts.takesPhotos === undefined ? {} : { takesPhotos: accounts.takesPhotos }),
      async read(externalId, signal, also) {
        const read = await accounts.read(externalId, signal, also)
        if (began === null && first === undefined) first = read
        return read
      },
      apply(change, signal) {
        began ??= now()
        return accounts.apply(change, signal)
      },
    },
    health: (signal) => connection.health(signal),
    close: () => connection.close(),
  }
  return { target: { ...target, connection: noting }, beganAt: () => began, firstSeen: () => first }
}

/** The times of runs that are closer together than this are one. */
const closeMs = 10_000

/**
 * With the time of a run that wrote, up to `to`: until then the target may still carry it out, or what a run before it wrote. `unread`: the
 * run did not read back what came of that. A run that wrote nothing has read what came of the one before it, once its time is over.
 */
export function withWrite(
  owned: Owned,
  {
    began,
    to,
    unread,
    now,
  }: { readonly began: Date | null; readonly to: Date; readonly unread: boolean; readonly now: Date },
): Owned {
  const before = owned.wrote
  const isUnread = before?.unread === true && (unread || Date.parse(before.to) > now.getTime())
  if (began === null)
    return before?.unread === true && !isUnread ? { ...owned, wrote: { from: before.from, to: before.to } } : owned
  const goesOn = before !== undefined && began.getTime() - Date.parse(before.to) < closeMs
  const from = goesOn && Date.parse(before.from) < began.getTime() ? before.from : began.toISOString()
  const until = before !== undefined && Date.parse(before.to) > to.getTime() ? before.to : to.toISOString()
  return { ...owned, wrote: { from, to: until, ...(unread || isUnread ? { unread: true } : {}) } }
}
