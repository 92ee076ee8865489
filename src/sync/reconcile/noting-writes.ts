/** A target that notes when a run began to write to it: what readers tell of an account around then is our own doing, and nobody else's. */
import type { TargetSetup } from '../context.ts'
import type { Owned } from '../owned-row.ts'

export interface NotingWrites {
  readonly target: TargetSetup
  /** When the first order went out; null when none did. */
  beganAt(): Date | null
}

export function notingWrites(target: TargetSetup, now: () => Date): NotingWrites {
  const { connection } = target
  const { accounts } = connection
  let began: Date | null = null
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
      read: (externalId, signal, also) => accounts.read(externalId, signal, also),
      apply(change, signal) {
        began ??= now()
        return accounts.apply(change, signal)
      },
    },
    health: (signal) => connection.health(signal),
    close: () => connection.close(),
  }
  return { target: { ...target, connection: noting }, beganAt: () => began }
}

/** The times of runs that are closer together than this are one. */
const closeMs = 10_000

/** With the time of a run that wrote, up to `to`: until then the target may still carry it out, or what a run before it wrote. */
export function withWrite(owned: Owned, began: Date | null, to: Date): Owned {
  if (began === null) return owned
  const before = owned.wrote
  const goesOn = before !== undefined && began.getTime() - Date.parse(before.to) < closeMs
  const from = goesOn && Date.parse(before.from) < began.getTime() ? before.from : began.toISOString()
  const until = before !== undefined && Date.parse(before.to) > to.getTime() ? before.to : to.toISOString()
  return { ...owned, wrote: { from, to: until } }
}
