/** One account in a look at its target, with all that only a single read shows: whoever can't be read keeps nobody else from it. */
import type { ActualAccount, ListedAccount } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { TargetSetup } from '../context.ts'

export interface Look {
  /** Null: deleted since it was listed, or an operator's by now. Of one that could not be read, what the list shows of it. */
  readonly account: ActualAccount | null
  readonly failure?: ConnectorError
}

const noLook: Look = { account: null }

/** So many accounts that can't be read, if they are most of a page, are no longer a matter of single accounts. */
const unreadMax = 20

/** @throws ConnectorError when the target rests or refuses our login: that is about no single account. */
export async function lookAt(target: TargetSetup, listed: ListedAccount, signal: AbortSignal): Promise<Look> {
  try {
    const account = await readTwice(target, listed.externalId, signal)
    // Somebody may have made an operator of it meanwhile.
    return account?.untouchable ? noLook : { account }
  } catch (failure) {
    if (!(failure instanceof ConnectorError) || isOfTarget(failure)) throw failure
    return { account: listed, failure }
  }
}

/** One request in a hundred thousand may get lost. */
async function readTwice({ connection: { accounts } }: TargetSetup, externalId: string, signal: AbortSignal) {
  try {
    return await accounts.read(externalId, signal)
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'transient') throw error
    return accounts.read(externalId, signal)
  }
}

function isOfTarget({ kind }: ConnectorError): boolean {
  return kind === 'throttled' || kind === 'unauthenticated'
}

/** @throws ConnectorError the last failure, when most of a page could not be read: the target is down, or shows nothing to our login. */
export function checkMostRead(looks: readonly Look[]): void {
  const failures = looks.flatMap(({ failure }) => failure ?? [])
  const read = looks.filter(({ account, failure }) => account !== null && failure === undefined).length
  const last = failures.at(-1)
  if (last !== undefined && failures.length > unreadMax && failures.length > read) throw last
}
