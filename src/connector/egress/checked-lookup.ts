/** Looks a name up anew for each connection, and gives only addresses that may be connected to: no packet goes to any other. */
import dns from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { ConnectorError } from '../errors.ts'

/** `refusal` says why an address may not be connected to; null where it may. When that goes for none of them, it is the error of the lookup. */
export function checkedLookup(refusal: (address: string) => ConnectorError | null): LookupFunction {
  return (host, options, callback) => {
    dns.lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, [])
        return
      }
      const allowed = found.filter(({ address }) => refusal(address) === null)
      const [first] = allowed
      if (first === undefined) callback(refusal(found[0]?.address ?? ''), [])
      else if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
