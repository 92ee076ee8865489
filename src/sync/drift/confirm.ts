/**
 * Reads accounts singly and says what of them is not as it should be: it is noted once, and what lets somebody in who is out is undone at
 * once, whatever anybody configured. One account that can't be read keeps no other from being looked at.
 */
import { recordAuditMany } from '../../audit/record.ts'
import type { ActualAccount } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { AccountId } from '../../model/id.ts'
import { isBusy } from '../../store/account-sql.ts'
import { type DriftOf, deleteDrifts, driftsOf, insertDrifts } from '../../store/drifts.ts'
import type { DriftRow } from '../../store/guards.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import type { Looked, LookTimes } from '../guard/look-through.ts'
import { inParallel } from '../in-parallel.ts'
import type { Owned } from '../owned-row.ts'
import { partOf } from '../parts.ts'
import { photoWanted } from '../reconcile/photo-part.ts'
import { claimsToLookAt, loadWork, type WorkItem } from '../reconcile/work-item.ts'
import { canTell, driftsBetween, type Found } from './compare-drift.ts'
import { changeNotes, endFights, type Fight, lockNotes } from './fights.ts'
import { leaveOutNoMore, leavesOut } from './leaves.ts'
import { type Opened, shutAgain } from './relock.ts'
import { fightsOf, isAbout, isSameDrift, toUndo } from './reverts.ts'
import { type Look, lookAt, shutStrangeCards } from './strange-cards.ts'

/** So many accounts that can't be read, if they are most of those that are asked for, are no longer a matter of single accounts. */
const unreadMax = 20

interface Read {
  readonly id: AccountId
  readonly version: number
  /** Of what was noted when it was read. */
  readonly noted: number | null
  readonly actual: ActualAccount | null | 'unreadable'
}

interface Sure extends Pick<Read, 'actual'> {
  readonly item: WorkItem
}

type SureLook = Sure & Pick<Look, 'found' | 'strange'>

export interface ConfirmOptions {
  /** Whether what was found then is as new as what is found now, though it was told before. */
  readonly isRecent: (foundAt: Date) => boolean
  /** Waited for after each read, which are one after the other then. */
  readonly between?: () => Promise<void>
  /** Given what was read, for whoever looks at what people present. */
  readonly looked?: (looks: readonly Looked[], when: LookTimes) => Promise<unknown>
}

export class Confirmation {
  readonly #context: SyncContext
  readonly #target: TargetSetup
  readonly #signal: AbortSignal
  readonly #options: ConfirmOptions
  /** Of accounts of ours, those that are missing or were changed since they were last looked at. */
  changed = 0
  readonly #undone = new Set<AccountId>()
  /** Accounts with a card that nobody is to get in by, and that can't be shut: see `shutStrangeCards`. */
  left = 0
  unreadable = 0

  constructor(context: SyncContext, target: TargetSetup, signal: AbortSignal, options: ConfirmOptions) {
    this.#context = context
    this.#target = target
    this.#signal = signal
    this.#options = options
  }

  /** Accounts that let somebody in who is out. */
  get undone(): number {
    return this.#undone.size
  }

  /** Read anew, and held against what is desired now: of what a worker touched meanwhile nothing is said. @throws ConnectorError of the target as a whole. */
  async confirm(doubtful: readonly WorkItem[]): Promise<void> {
    if (doubtful.length === 0) return
    const { between } = this.#options
    const begunAt = this.#context.now()
    const reads = await inParallel(doubtful, between === undefined ? this.#target.concurrency : 1, async (item) => {
      const read = await this.#read(item)
      await between?.()
      return read
    })
    this.#checkMostRead(reads)
    const fresh = new Map((await loadItems(this.#context, reads)).map((item) => [item.row.id, item]))
    const busy = await busyAmong(this.#context, reads)
    const sure = reads.flatMap(({ id, version, noted, actual }): Sure[] => {
      const item = fresh.get(id)
      if (item === undefined || busy.has(id)) return []
      return item.row.desired_version !== version || item.row.actual_version !== noted ? [] : [{ item, actual }]
    })
    const looks = await this.#lookAt(sure)
    const since = this.#context.now()
    await this.#note(looks)
    await this.#options.looked?.(readable(looks), { begunAt, since })
    await endFights(
      this.#context,
      looks.flatMap((look) => this.#overFights(look)),
    )
    const opened = looks.flatMap(({ item, found }) => openedBy(item, found))
    await shutAgain(this.#context, this.#target.id, opened)
    for (const { id } of opened) this.#undone.add(id)
    await this.shutStrange(looks)
  }

  /** Cards that nobody is to get in by: shut also by the word of a list alone, where work that waits keeps the account from being read. */
  async shutStrange(looks: readonly Pick<Look, 'item' | 'strange'>[]): Promise<void> {
    const cards = looks.flatMap(({ strange }) => strange)
    const shut = await shutStrangeCards(this.#context, this.#target.id, cards)
    for (const id of shut) this.#undone.add(id)
    const isOpen = ({ item, strange }: (typeof looks)[number]) =>
      strange.length > 0 && !shut.includes(item.row.id) && !isBeingShut(item)
    this.left += looks.filter(isOpen).length
  }

  #lastFailure: ConnectorError | null = null

  async #read(item: WorkItem): Promise<Read> {
    const { id, desired_version: version, actual_version: noted } = item.row
    try {
      const photo = photoWanted(this.#target, item) !== undefined
      const { accounts } = this.#target.connection
      return { id, version, noted, actual: await accounts.read(item.externalId, this.#signal, { photo }) }
    } catch (error) {
      // Any other failure is the target's own, and would come with every account.
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      this.#lastFailure = error
      return { id, version, noted, actual: 'unreadable' }
    }
  }

  #checkMostRead(reads: readonly Read[]): void {
    const unread = reads.filter(({ actual }) => actual === 'unreadable').length
    if (this.#lastFailure !== null && unread > unreadMax && unread * 2 > reads.length) throw this.#lastFailure
    this.unreadable += unread
  }

  async #lookAt(sure: readonly Sure[]): Promise<readonly SureLook[]> {
    const readable = sure.flatMap(({ item, actual }) => (actual === 'unreadable' ? [] : [{ item, actual }]))
    const unreadable = sure.flatMap(({ item, actual }) =>
      actual === 'unreadable'
        ? [{ item, actual, found: [{ class: 'account-unreadable', part: '' } as const], strange: [] }]
        : [],
    )
    return [...(await lookAt(this.#context, this.#target, readable)), ...unreadable]
  }

  async #note(looks: readonly SureLook[]): Promise<void> {
    const { vault, database, now } = this.#context
    await inTransaction(database.pool, async (client) => {
      const ids = looks.map(({ item }) => item.row.id)
      const leaving = looks.flatMap(({ item }) => (item.owned.leaves === undefined ? [] : [item.row.id]))
      const leaves = await lockNotes(client, this.#context, leaving)
      const known = Map.groupBy(await driftsOf(client, vault, ids), (row) => row.account_id)
      const news: (DriftOf & { readonly account: AccountId })[] = []
      const over: string[] = []
      const back: Fight[] = []
      const hidden: AccountId[] = []
      for (const { item, actual, found: is } of looks) {
        const { id, external_digest: externalDigest } = item.row
        const told = known.get(id) ?? []
        const left = leaves.get(id)
        // A worker has come since: the next look says what became of it.
        if (left === undefined && leaving.includes(id)) continue
        over.push(...told.flatMap((row) => (this.#isOver(row, actual, is) ? [row.id] : [])))
        if (left !== undefined) back.push(...this.#back(id, left, actual, is))
        // What was accepted is so, whatever somebody did to its row.
        const accepted = is.filter((each) => left !== undefined && leavesOut(left, each))
        const robbed = accepted.filter(
          (each) => !told.some((row) => isSameDrift(row, each) && row.accepted_at !== null),
        )
        if (robbed.length > 0) hidden.push(id)
        const fresh = is.filter((each) => !told.some((row) => isSameDrift(row, each)))
        const recent = is.filter((each) =>
          told.some((row) => isSameDrift(row, each) && this.#options.isRecent(row.found_at)),
        )
        const of = { target: this.#target.id, account: id, externalDigest, sealId: null }
        news.push(
          ...fresh.filter((each) => !robbed.includes(each)).map((each) => ({ ...each, ...of })),
          ...robbed.map((each) => ({ ...each, ...of, accepted: { at: now(), by: null } })),
        )
        if (this.#isChange(item, [...fresh, ...recent])) this.changed += 1
      }
      await changeNotes(client, this.#context, back, leaveOutNoMore)
      await tellForged(client, this.#context, ...hidden)
      await deleteDrifts(client, over)
      await insertDrifts(client, vault, news, now())
      await recordAuditMany(
        client,
        vault,
        news.map(({ account, class: is, part }) => ({
          actor: 'engine',
          action: 'account.drifted' as const,
          object: account,
          details: { target: this.#target.id, class: is, part },
        })),
      )
    })
  }

  /** What was told of an account that can't be read may be so still. */
  #isOver(row: DriftRow, actual: Read['actual'], is: readonly Found[]): boolean {
    return actual !== 'unreadable' && !is.some((each) => isSameDrift(row, each))
  }

  /** Taken away by hand, left so, and there again. */
  #back(account: AccountId, owned: Owned, actual: Read['actual'], is: readonly Found[]): readonly Fight[] {
    if (actual === 'unreadable') return []
    const gone = (owned.leaves ?? []).filter((each) => !is.some((found) => isSameDrift(each, found)))
    return gone.map((drift) => ({ account, drift }))
  }

  #overFights({ item, actual, found: is }: SureLook) {
    if (actual === 'unreadable') return []
    return fightsOf(item.owned).flatMap((fight) =>
      canTell(this.#context, fight, actual) && !is.some((each) => isAbout(fight, each))
        ? [{ account: item.row.id, drift: fight }]
        : [],
    )
  }

  /** New since the account was last looked at, and something that only Gatehouse would have undone: no gift by hand. */
  #isChange(item: WorkItem, fresh: readonly Found[]): boolean {
    const { lastSeen } = item
    const before = lastSeen === null ? [] : driftsBetween(this.#context, this.#target, item, lastSeen)
    return fresh.some((each) => !before.some((old) => isSameDrift(old, each)) && !isGift(this.#context, each))
  }
}

function readable(looks: readonly SureLook[]): readonly Looked[] {
  return looks.flatMap(({ item, actual }) => (actual === null || actual === 'unreadable' ? [] : [{ item, actual }]))
}

function isBeingShut({ owned }: WorkItem): boolean {
  return toUndo(owned).some(({ shut }) => shut !== undefined)
}

function openedBy({ row }: WorkItem, found: readonly Found[]): readonly Opened[] {
  const cards = found.flatMap(({ class: is, part }) => {
    const named = partOf(part)
    return is === 'card-unblocked' && named.is === 'card' ? [named.id] : []
  })
  if (found.some((each) => each.class === 'opened')) return [{ id: row.id, cards: 'all' }]
  return cards.length === 0 ? [] : [{ id: row.id, cards }]
}

export async function loadItems(
  { database, vault, now }: SyncContext,
  accounts: readonly { readonly id: AccountId }[],
): Promise<readonly WorkItem[]> {
  return loadWork(database.pool, vault, claimsToLookAt(accounts.map(({ id }) => ({ id, intents: [] }))), now())
}

async function busyAmong(
  { database }: SyncContext,
  accounts: readonly { readonly id: AccountId }[],
): Promise<ReadonlySet<AccountId>> {
  const { rows } = await database.pool.query<{ id: AccountId }>(
    `select id from account a where id = any($1::uuid[]) and ${isBusy('a')}`,
    [accounts.map(({ id }) => id)],
  )
  return new Set(rows.map(({ id }) => id))
}

/** What somebody adds to many accounts by hand is theirs to give, unless it is a level that Gatehouse hands out. */
function isGift({ levels, policy }: SyncContext, { class: is, part }: Found): boolean {
  if (is === 'card-added' || is === 'account-unreadable') return true
  if (is !== 'level-added') return false
  const named = partOf(part)
  const ref = named.is === 'level' ? levels.nameOf(named.id) : undefined
  return ref === undefined || !policy.levels().includes(ref)
}
