/** What is noted as ours of an account, as its row says so and signs it. */
import type { DriftClass } from '../model/drift.ts'
import type { AccessLevelId, CredentialId, PinIssueId } from '../model/id.ts'
import { type AccountRow, ownedGuard } from '../store/guards.ts'
import type { Vault } from '../vault/vault.ts'
import { unlessRowFault, VaultError } from '../vault/vault-error.ts'

/** What Gatehouse itself brought about on the account, or took over, and so may take away again. */
export interface Owned {
  /** The account itself is there by us, or was taken over; else one of that id, if there is any, is a stranger's. */
  readonly made: boolean
  /** It was there before, and nothing has been written to it since it was taken over. */
  readonly adopted?: true
  readonly levels: readonly AccessLevelId[]
  readonly cards: readonly CredentialId[]
  /** Cards whose block, and the account whose closing, is ours to lift. */
  readonly blocked: readonly CredentialId[]
  readonly closed: boolean
  /** Cards on the account that are none of the person's, and whose block is ours: by keyed name. */
  readonly strange?: readonly string[]
  /** The newest PIN that we issued and that is set there, by random id. */
  readonly pin?: PinIssueId
  /**
   * Found there after a restore, when nobody could tell who gave it: levels by the target's own id, cards by keyed digest. Ours as soon
   * as it is desired, else left alone.
   */
  readonly maybe?: { readonly levels: readonly string[]; readonly cards: readonly string[] }
  /** What was made as desired again there, or is to be: here, because nobody can take that away without its showing. */
  readonly reverts?: readonly Revert[]
  /** Levels and cards that somebody took away by hand, and that may stay so: not given back. Here, since the row of a drift can be deleted. */
  readonly leaves?: readonly Left[]
  /** When runs of ours wrote to it last: what its readers tell of then is our own doing. `unread`: nobody has seen yet all that came of it. */
  readonly wrote?: { readonly from: string; readonly to: string; readonly unread?: true }
  /** Levels that were known to be given by hand when the target forgot, at that time: they are not what came back with its old state. */
  readonly given?: { readonly at: string; readonly levels: readonly AccessLevelId[] }
}

export interface Left {
  readonly class: 'level-removed' | 'card-removed'
  /** As in the row of the drift. */
  readonly part: string
}

/** One drift of the account that is undone. */
export interface Revert {
  readonly class: DriftClass
  /** As in the row of the drift. */
  readonly part: string
  /** When the configuration had it undone, oldest first; only what counts towards a fight. */
  readonly at: readonly string[]
  /** The next run is to undo it, if it comes soon after `noted`. */
  readonly now?: true
  readonly noted?: string
  /** It was done by somebody else as often as it was undone: left until it is gone, or somebody takes a side. */
  readonly fought?: true
  /** A card that nobody may use, by the credential that it is: blocked first, as a lock-out, however long that takes. */
  readonly shut?: CredentialId
}

/** `made` comes first: stores are searched by how the text begins (`isMade`, `store/account-sql.ts`). */
export function encodeOwned({ made, ...rest }: Owned): string {
  return JSON.stringify({ made, ...rest })
}

export const nothingOwned: Owned = { made: false, levels: [], cards: [], blocked: [], closed: false }

/** @throws VaultError `vault.open-failed` when somebody else wrote it. */
export function ownedOf(
  vault: Vault,
  { id, owned, owned_guard: signed }: Pick<AccountRow, 'id' | 'owned' | 'owned_guard'>,
): Owned {
  if (!vault.verifyGuard('account_owned', ownedGuard(id, owned), signed ?? Buffer.alloc(0)))
    throw new VaultError('vault.open-failed')
  return owned === null ? nothingOwned : (JSON.parse(owned) as Owned)
}

/** Whether the account is there by us, or was taken over; of a row that can't be trusted nobody may say no. */
export function isMade(vault: Vault, row: AccountRow): boolean {
  return unlessRowFault(() => ownedOf(vault, row).made) ?? true
}
