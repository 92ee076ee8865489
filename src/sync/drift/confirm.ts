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
import { inParallel } from '../in-parallel.ts'
import { partOf } from '../parts.ts'
import { claimsToLookAt, loadWork, type WorkItem } from '../reconcile/work-item.ts'
import { canTell, driftsBetween, type Found } from './compare-drift.ts'
import { endFights } from './fights.ts'
import { type Opened, shutAgain } from './relock.ts'
import { fightsOf, isSameDrift } from './reverts.ts'
import { shutStrangeCards, strangeToShut } from './strange-cards.ts'

/** So many accounts that can't be read, if they are most of those that are asked for, are no longer a matter of single accounts. */
const unreadMax = 20

interface Read {
  readonly id: AccountId
  readonly version: number
  readonly actual: ActualAccount | null | 'unreadable'
}

interface Sure extends Pick<Read, 'actual'> {
  readonly item: WorkItem
}

export interface ConfirmOptions {
  /** Whether what was found then is as new as what is found now, though it was told before. */
  readonly isRecent: (foundAt: Date) => boolean
  /** Waited for after each read, which are one after the other then. */
  readonly between?: () => Promise<void>
}

export class Confirmation {
  readonly #context: SyncContext
  readonly #target: TargetSetup
  readonly #signal: AbortSignal
  readonly #options: ConfirmOptions
  /** Of accounts of ours, those that are missing or were changed since they were last looked at. */
  changed = 0
  /** Accounts that let somebody in who is out. */
  undone = 0
  unreadable = 0

  constructor(context: SyncContext, target: TargetSetup, signal: AbortSignal, options: ConfirmOptions) {
    this.#context = context
    this.#target = target
    this.#signal = signal
    this.#options = options
  }

  /** Read anew, and held against what is desired now: of what a worker touched meanwhile nothing is said. @throws ConnectorError of the target as a whole. */
  async confirm(doubtful: readonly WorkItem[]): Promise<void> {
    if (doubtful.length === 0) return
    const { between } = this.#options
    const reads = await inParallel(doubtful, between === undefined ? this.#target.concurrency : 1, async (item) => {
      const read = await this.#read(item)
      await between?.()
      return read
    })
    this.#checkMostRead(reads)
    const fresh = new Map((await loadItems(this.#context, reads)).map((item) => [item.row.id, item]))
    const busy = await busyAmong(this.#context, reads)
    const sure = reads.flatMap(({ id, version, actual }): Sure[] => {
      const item = fresh.get(id)
      return item === undefined || busy.has(id) || item.row.desired_version !== version ? [] : [{ item, actual }]
    })
    const found = await this.#note(sure)
    await endFights(
      this.#context,
      sure.flatMap(({ item, actual }) => this.#overFights(item, actual, found.get(item.row.id) ?? [])),
    )
    const opened = sure.flatMap(({ item }) => openedBy(item, found.get(item.row.id) ?? []))
    await shutAgain(this.#context, this.#target.id, opened)
    const shut = await this.#shutStrange(sure, found)
    this.undone += new Set([...opened.map(({ id }) => id), ...shut]).size
  }

  #lastFailure: ConnectorError | null = null

  async #read(item: WorkItem): Promise<Read> {
    const { id, desired_version: version } = item.row
    try {
      return { id, version, actual: await this.#target.connection.accounts.read(item.externalId, this.#signal) }
    } catch (error) {
      // Any other failure is the target's own, and would come with every account.
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      this.#lastFailure = error
      return { id, version, actual: 'unreadable' }
    }
  }

  #checkMostRead(reads: readonly Read[]): void {
    const unread = reads.filter(({ actual }) => actual === 'unreadable').length
    if (this.#lastFailure !== null && unread > unreadMax && unread * 2 > reads.length) throw this.#lastFailure
    this.unreadable += unread
  }

  /** Returns what was found, by account. */
  async #note(sure: readonly Sure[]): Promise<ReadonlyMap<AccountId, readonly Found[]>> {
    const { vault, database, now } = this.#context
    const found = new Map<AccountId, readonly Found[]>()
    await inTransaction(database.pool, async (client) => {
      const ids = sure.map(({ item }) => item.row.id)
      const known = Map.groupBy(await driftsOf(client, vault, ids), (row) => row.account_id)
      const news: (DriftOf & { readonly account: AccountId })[] = []
      const over: string[] = []
      for (const { item, actual } of sure) {
        const { id, external_digest: externalDigest } = item.row
        const is = this.#compare(item, actual)
        const told = known.get(id) ?? []
        found.set(id, is)
        over.push(...told.flatMap((row) => (this.#isOver(row, actual, is) ? [row.id] : [])))
        const fresh = is.filter((each) => !told.some((row) => isSameDrift(row, each)))
        const recent = is.filter((each) =>
          told.some((row) => isSameDrift(row, each) && this.#options.isRecent(row.found_at)),
        )
        news.push(
          ...fresh.map((each) => ({ ...each, target: this.#target.id, account: id, externalDigest, sealId: null })),
        )
        if (this.#isChange(item, [...fresh, ...recent])) this.changed += 1
      }
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
    return found
  }

  #compare(item: WorkItem, actual: Read['actual']): readonly Found[] {
    if (actual === 'unreadable') return [{ class: 'account-unreadable', part: '' }]
    return driftsBetween(this.#context, this.#target, item, actual)
  }

  /** What was told of an account that can't be read may be so still. */
  #isOver(row: DriftRow, actual: Read['actual'], is: readonly Found[]): boolean {
    return actual !== 'unreadable' && !is.some((each) => isSameDrift(row, each))
  }

  #overFights(item: WorkItem, actual: Read['actual'], is: readonly Found[]) {
    if (actual === 'unreadable') return []
    return fightsOf(item.owned).flatMap((fight) =>
      canTell(this.#context, fight, actual) && !is.some((each) => isSameDrift(each, fight))
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

  /** Cards that nobody may use, or whose holder is out, and that somebody put on another account. */
  async #shutStrange(
    sure: readonly Sure[],
    found: ReadonlyMap<AccountId, readonly Found[]>,
  ): Promise<readonly AccountId[]> {
    const looks = sure.flatMap(({ item, actual }) =>
      actual === 'unreadable' ? [] : [{ item, actual, found: found.get(item.row.id) ?? [] }],
    )
    const toShut = await strangeToShut(this.#context, this.#target, looks)
    await shutStrangeCards(this.#context, this.#target.id, toShut)
    return toShut.map(({ account }) => account)
  }
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
