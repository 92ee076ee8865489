/**
 * Accounts of a target that are nobody's: noted when they are new since its accounts were matched, and never touched. Who carries a card
 * there that nobody is to get in by is told in any case, whatever was said of the account.
 */
import { type AuditRecord, recordAuditMany } from '../../audit/record.ts'
import type { ListedAccount } from '../../connector/contract.ts'
import type { DriftClass } from '../../model/drift.ts'
import type { MatchRunId } from '../../model/id.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import { type Drift, deleteDrifts, insertDrifts, isGenuineDrift, unknownDrifts } from '../../store/drifts.ts'
import { cardDigest } from '../../store/identifiers.ts'
import { latestMatchRun } from '../../store/match-runs.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { textKey } from '../text-key.ts'
import { cardsOfNobody, cardsOn } from './strange-cards.ts'

/** Accounts noted by one sweep at most: whoever fills a target by the thousand does not fill our books. */
const most = 1000

export interface Stranger {
  readonly account: ListedAccount
  readonly digest: Buffer
}

interface News extends Stranger, Drift {
  readonly class: DriftClass
}

export class Strangers {
  readonly #context: SyncContext
  readonly #target: TargetSetup
  /** Of those that are noted, the rows; null until they were read. */
  #noted: Map<string, string> | null = null
  readonly #seen = new Set<string>()
  #run: MatchRunId | null = null
  #news = 0
  /** Cards that nobody is to get in by, and that are on. */
  cards = 0

  constructor(context: SyncContext, target: TargetSetup) {
    this.#context = context
    this.#target = target
  }

  /**
   * Without a match there is nothing that they could be new since: then they are only counted. `sinceMatched`: they are new since then,
   * though their ids are not.
   */
  async meet(strangers: readonly Stranger[], sinceMatched = false): Promise<void> {
    if (strangers.length === 0) return
    const noted = await this.#read()
    const unknown = strangers
      .filter(({ account }) => !account.untouchable)
      .map((each): News => ({ ...each, class: 'unknown-account', part: '' }))
    for (const each of unknown) if (noted.has(keyOf(each))) this.#seen.add(keyOf(each))
    // First, and all of them: no account with one may be accepted, however many accounts are new.
    await this.#note(await this.#cardsOn(strangers))
    const left = most - this.#news
    this.#news += await this.#note(await this.#newAmong(unknown, sinceMatched), left)
  }

  async #newAmong(unknown: readonly News[], sinceMatched: boolean): Promise<readonly News[]> {
    if (this.#run === null || sinceMatched) return this.#run === null ? [] : unknown
    const { rows } = await this.#context.database.pool.query<{ i: number }>(
      forEachDigest('$2', 16, 'select from match_row where run_id = $1 and external_digest = d.digest'),
      [this.#run, Buffer.concat(unknown.map(({ digest }) => digest))],
    )
    const matched = new Set(rows.map(({ i }) => i))
    return unknown.filter((_, i) => !matched.has(i))
  }

  /** Named by the credential that the card is. Of what a list does not tell, what was found before stays. */
  async #cardsOn(strangers: readonly Stranger[]): Promise<readonly News[]> {
    const noted = await this.#read()
    const shown = strangers.flatMap((stranger) => {
      const { account } = stranger
      if (account.told?.cards === false) {
        const own = [...noted.keys()].filter((key) => key.startsWith(startOf(stranger, 'unusable-card')))
        for (const key of own) this.#seen.add(key)
        this.cards += own.length
      }
      if (account.lock === 'closed') return []
      return cardsOn(account).map(({ card }) => ({ stranger, digest: cardDigest(this.#context.vault, card) }))
    })
    const bad = await cardsOfNobody(
      this.#context,
      this.#target.id,
      shown.map(({ digest }) => digest),
    )
    const found = shown.flatMap(({ stranger, digest }): News[] => {
      const card = bad.find((each) => each.digest.equals(digest))
      return card === undefined ? [] : [{ ...stranger, class: 'unusable-card', part: `card:${card.credential}` }]
    })
    for (const each of found) this.#seen.add(keyOf(each))
    this.cards += found.length
    return found
  }

  /** What is not noted yet, and so many of it at most. Returns how many. */
  async #note(found: readonly News[], atMost = Number.POSITIVE_INFINITY): Promise<number> {
    const noted = await this.#read()
    const news = new Map(found.flatMap((each) => (noted.has(keyOf(each)) ? [] : [[keyOf(each), each] as const])))
    const some = [...news.values()].slice(0, atMost)
    if (some.length === 0) return 0
    const { database, vault, now } = this.#context
    const { id: target } = this.#target
    await inTransaction(database.pool, async (client) => {
      const drifts = some.map(({ account: { externalId }, digest, class: is, part }) => ({
        ...{ target, account: null, externalDigest: digest, class: is, part },
        sealId: (row: string) =>
          vault.sealSystem({ table: 'drift', column: 'external_id', row, version: 1 }, externalId),
      }))
      await insertDrifts(client, vault, drifts, now())
      await recordAuditMany(
        client,
        vault,
        some.map(({ class: is, part }): AuditRecord => {
          const details = { target, class: is, ...(part === '' ? {} : { part }) }
          return { actor: 'engine', action: 'account.drifted', object: '', details }
        }),
      )
    })
    return some.length
  }

  /** Drops those that are there no more, or belong to somebody by now. */
  async forgetGone(): Promise<void> {
    const gone = [...(await this.#read())].filter(([key]) => !this.#seen.has(key)).map(([, id]) => id)
    await deleteDrifts(this.#context.database.pool, gone)
  }

  async #read(): Promise<Map<string, string>> {
    if (this.#noted !== null) return this.#noted
    const { database, vault } = this.#context
    this.#run = (await latestMatchRun(database.pool, vault, this.#target.id, true))?.id ?? null
    const rows = await unknownDrifts(database.pool, this.#target.id)
    // One that Gatehouse did not write is dropped with those that are gone.
    this.#noted = new Map(
      rows.map((row) => [isGenuineDrift(vault, row) ? keyOf({ ...row, digest: row.external_digest }) : row.id, row.id]),
    )
    return this.#noted
  }
}

function startOf({ digest }: Pick<Stranger, 'digest'>, is: string): string {
  return `${textKey(digest)} ${is} `
}

function keyOf(of: Drift & Pick<Stranger, 'digest'>): string {
  return `${startOf(of, of.class)}${of.part}`
}
