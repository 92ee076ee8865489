/** Reads the accounts of a target for a look at them: the list first, and singly only what a rule needs and the list leaves out. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ActualAccount, ListedAccount } from '../../connector/contract.ts'
import type { MatchRow, MatchRunRow } from '../../store/guards.ts'
import { accountDigest } from '../../store/identifiers.ts'
import {
  dropEarlierMatchRows,
  earlierMatchRows,
  insertMatchRows,
  isGenuineMatchRow,
  lastMatchPlace,
  linkedAmong,
  type NewMatchRow,
  noteMatchProgress,
  replaceFound,
} from '../../store/match-runs.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { handedOut } from '../handed-out.ts'
import { inParallel } from '../in-parallel.ts'
import { AccountBook } from './account-book.ts'
import type { Verdict } from './classify.ts'
import { openFound, sealFound } from './found.ts'
import { checkMostRead, type Look, lookAt } from './look-at.ts'
import { shownBy } from './marks.ts'

/** Another process has taken the look over: whatever this one would still write is none of its business. */
export class Overtaken extends Error {}

/** Accounts that are read singly, per transaction and word about how far it is. */
const batch = 100

/** An account of which the list did not show all. */
interface Partly {
  readonly account: ListedAccount
  /** Of its row, which only who is left out of the rules has before they are read. */
  readonly row: string
}

export class AccountReader {
  readonly book = new AccountBook()
  readonly #context: SyncContext
  readonly #target: TargetSetup
  readonly #run: MatchRunRow
  readonly #signal: AbortSignal
  /** Levels that a plan may be about. */
  readonly #levels: readonly string[]
  /** Places of the rows that an earlier try of this look has left end here. */
  #before = 0
  #kept: string[] = []
  #place = 0
  #listed = 0
  /** Listed, and by the rules not to be judged before they are read. */
  #unread: ListedAccount[] = []
  /** By place: judged by the list alone. */
  readonly #partly = new Map<number, Partly>()

  constructor(context: SyncContext, target: TargetSetup, run: MatchRunRow, signal: AbortSignal) {
    this.#context = context
    this.#target = target
    this.#run = run
    this.#signal = signal
    this.#levels = handedOut(context, target.id)
  }

  /** All accounts, each in the book with what the rules judge by. @throws Overtaken; ConnectorError when the target can't be read. */
  async read(): Promise<void> {
    const { pool } = this.#context.database
    this.#before = await lastMatchPlace(pool, this.#run.id)
    this.#place = this.#before
    for await (const page of this.#target.connection.accounts.list(this.#signal, this.#levels)) await this.#list(page)
    await dropEarlierMatchRows(pool, this.#run.id, this.#before, this.#kept)
    const unread = this.#unread
    this.#unread = []
    await this.#inBatches(unread, async (some, looks) => {
      const rows = some.flatMap((account, i) => this.#rowOf(account, looks[i] as Look))
      return (client) => insertMatchRows(client, this.#context.vault, rows)
    })
  }

  /**
   * Reads those singly that are certain and were judged by the list alone, so that adoption knows what they have already. Returns what is to
   * be said of them instead: null of one that is gone, or can't be read.
   */
  async readCertain(verdicts: ReadonlyMap<number, Verdict>): Promise<ReadonlyMap<number, Look>> {
    const left = new Map<number, Look>()
    const some = [...this.#partly].filter(([n]) => verdicts.get(n)?.is === 'certain')
    const accounts = new Map(some.map(([n, { account, row }]) => [account, { n, row }]))
    await this.#inBatches([...accounts.keys()], async (page, looks) => {
      const found = page.flatMap((listed, i) => {
        const { n, row } = certain(accounts.get(listed))
        const look = looks[i] as Look
        if (look.account === null || look.failure !== undefined) left.set(n, look)
        return look.account === null ? [] : [{ id: row, found: this.#seal(row, look.account) }]
      })
      return (client) => replaceFound(client, found)
    })
    return left
  }

  async #list(page: readonly ListedAccount[]): Promise<void> {
    const { database, vault } = this.#context
    const digests = page.map(({ externalId }) => accountDigest(vault, this.#target.id, externalId))
    const linked = await linkedAmong(database.pool, vault, this.#target.id, digests)
    const earlier = await this.#earlier(digests)
    this.#listed += page.length
    const rows = page.flatMap((account, i): NewMatchRow[] => {
      const person = linked.get(i) ?? null
      if (account.untouchable || person !== null)
        return [this.#row(account, { is: account.untouchable ? 'untouchable' : 'linked', person })]
      if (this.#keep(account, earlier.get(i))) return []
      if (!this.#isToldByRules(account)) {
        this.#unread.push(account)
        return []
      }
      const row = this.#row(account, { found: account })
      if (!this.#isToldForPlan(account)) this.#partly.set(row.n, { account, row: row.id })
      return [row]
    })
    await this.#note((client) => insertMatchRows(client, vault, rows), this.#unread.length)
  }

  async #earlier(digests: readonly Buffer[]): Promise<ReadonlyMap<number, MatchRow>> {
    const { database, vault } = this.#context
    const rows = await earlierMatchRows(database.pool, this.#run.id, this.#before, digests)
    const forged = [...rows.values()].filter((row) => !isGenuineMatchRow(vault, row))
    if (forged.length > 0)
      await inTransaction(database.pool, (client) => tellForged(client, this.#context, ...forged.map(({ id }) => id)))
    return new Map([...rows].filter(([, row]) => !forged.includes(row)))
  }

  /** Whether an earlier try has read this account singly, and the list shows it as it was then. */
  #keep(account: ListedAccount, row: MatchRow | undefined): boolean {
    if (row === undefined || row.class !== null || account.told === undefined) return false
    const found = openFound(this.#context.vault, row)
    if (found === null || !found.whole || !isDeepStrictEqual(plain(found.account), plain(account))) return false
    this.#kept.push(row.id)
    this.#enter(row.n, found.account)
    return true
  }

  #isToldByRules({ told }: ListedAccount): boolean {
    return told === undefined || told.cards || !this.#target.match.card
  }

  /** Also what no rule asks for, and adoption would take for missing. */
  #isToldForPlan({ told }: ListedAccount): boolean {
    return told === undefined || (told.cards && this.#levels.every((level) => told.levels.has(level)))
  }

  #rowOf(account: ListedAccount, { account: found, failure }: Look): NewMatchRow[] {
    // Deleted since it was listed, or an operator's by now.
    if (found === null) return []
    // Also what was not read: it may well be the account of somebody for whom another would then be certain.
    return [this.#row(account, failure === undefined ? { found } : { found, is: 'unread', why: failure.code })]
  }

  #row(
    { externalId }: ListedAccount,
    of: { found?: ListedAccount; is?: string; person?: NewMatchRow['person_id']; why?: string },
  ): NewMatchRow {
    const { vault } = this.#context
    const id = randomUUID()
    this.#place += 1
    if (of.found !== undefined) this.#enter(this.#place, of.found)
    return {
      ...{ id, run_id: this.#run.id, n: this.#place },
      external_digest: accountDigest(vault, this.#target.id, externalId),
      found: of.found === undefined ? null : this.#seal(id, of.found),
      class: of.is ?? null,
      person_id: of.person ?? null,
      reasons: of.is === undefined ? null : JSON.stringify(of.why === undefined ? [] : [of.why]),
    }
  }

  #seal(row: string, account: ListedAccount): Buffer {
    return sealFound(this.#context.vault, row, account, this.#isToldForPlan(account))
  }

  #enter(n: number, account: ActualAccount): void {
    this.book.add(n, shownBy(this.#context.vault, this.#target, account))
  }

  async #inBatches(
    accounts: readonly ListedAccount[],
    take: (
      some: readonly ListedAccount[],
      looks: readonly Look[],
    ) => Promise<Parameters<typeof inTransaction<void>>[1]>,
  ): Promise<void> {
    const { concurrency } = this.#target
    for (let start = 0; start < accounts.length; start += batch) {
      const some = accounts.slice(start, start + batch)
      const looks = await inParallel(some, concurrency, (account) => lookAt(this.#target, account, this.#signal))
      checkMostRead(looks)
      await this.#note(await take(some, looks), accounts.length - start - some.length)
    }
  }

  /** With how far it is, in one transaction; `left` are still to be read singly. */
  async #note(write: Parameters<typeof inTransaction<void>>[1], left: number): Promise<void> {
    await inTransaction(this.#context.database.pool, async (client) => {
      if (!(await noteMatchProgress(client, this.#run, this.#listed - left, this.#listed))) throw new Overtaken()
      await write(client)
    })
  }
}

/** What every list shows. */
function plain({ externalId, profile, validity }: ActualAccount) {
  return { externalId, profile, validity }
}
