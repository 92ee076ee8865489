/** The calls to a target as spans of the run that they belong to: what is read after a write is a read-back. */
import type { AccountsCapability } from '../../connector/contract.ts'
import type { Traces } from '../../telemetry/traces.ts'

export function tracedAccounts(traces: Traces, target: string, accounts: AccountsCapability): AccountsCapability {
  /** Each run has a signal of its own. */
  const written = new WeakSet<AbortSignal>()
  return {
    zone: accounts.zone,
    identify: (facts) => accounts.identify(facts),
    render: (facts) => accounts.render(facts),
    checkCard: (card) => accounts.checkCard(card),
    checkPin: (pin) => accounts.checkPin(pin),
    discover: (signal) => accounts.discover(signal),
    list: (signal, levels) => accounts.list(signal, levels),
    ...(accounts.takesPhotos === undefined ? {} : { takesPhotos: accounts.takesPhotos }),
    read: (externalId, signal, also) =>
      traces.span(written.has(signal) ? 'account.read-back' : 'account.read', { target }, () =>
        accounts.read(externalId, signal, also),
      ),
    apply: (change, signal) =>
      traces.span('account.write', { target, change: change.kind }, async (span) => {
        written.add(signal)
        const applied = await accounts.apply(change, signal)
        span.set({ failedParts: applied.parts.filter(({ failure }) => failure !== undefined).length })
        return applied
      }),
  }
}
