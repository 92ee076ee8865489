/** Accounts of a target that are nobody's: noted when they are new since its accounts were matched, and never touched. */
import { recordAuditMany } from '../../audit/record.ts'
import type { ListedAccount } from '../../connector/contract.ts'
import type { MatchRunId } from '../../model/id.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import { deleteDrifts, insertDrifts, isGenuineDrift, unknownDrifts } from '../../store/drifts.ts'
import { latestMatchRun } from '../../store/match-runs.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { textKey } from '../text-key.ts'

/** Noted by one sweep at most: whoever fills a target by the thousand does not fill our books. */
const most = 1000

export interface Stranger {
  readonly account: ListedAccount
  readonly digest: Buffer
}

export class Strangers {
  readonly #context: SyncContext
  readonly #target: TargetSetup
  /** Of those that are noted, the rows; null until they were read. */
  #noted: Map<string, string> | null = null
  readonly #seen = new Set<string>()
  #run: MatchRunId | null = null
  #news = 0

  constructor(context: SyncContext, target: TargetSetup) {
    this.#context = context
    this.#target = target
  }

  /**
   * Without a match there is nothing that they could be new since: then they are only counted. `sinceMatched`: they are new since then,
   * though their ids are not.
   */
  async meet(strangers: readonly Stranger[], sinceMatched = false): Promise<void> {
    const noted = await this.#read()
    for (const { digest } of strangers) if (noted.has(textKey(digest))) this.#seen.add(textKey(digest))
    if (this.#run === null || strangers.length === 0 || this.#news >= most) return
    const { database, vault, now } = this.#context
    const { rows } = await database.pool.query<{ i: number }>(
      forEachDigest('$2', 16, 'select from match_row where run_id = $1 and external_digest = d.digest'),
      [this.#run, Buffer.concat(strangers.map(({ digest }) => digest))],
    )
    const matched = new Set(rows.map(({ i }) => i))
    const news = strangers.filter(({ digest }, i) => (sinceMatched || !matched.has(i)) && !noted.has(textKey(digest)))
    const some = news.slice(0, most - this.#news)
    this.#news += some.length
    const { id: target } = this.#target
    await inTransaction(database.pool, async (client) => {
      const drifts = some.map(({ account: { externalId }, digest }) => ({
        ...{ target, account: null, externalDigest: digest, class: 'unknown-account', part: '' },
        sealId: (row: string) =>
          vault.sealSystem({ table: 'drift', column: 'external_id', row, version: 1 }, externalId),
      }))
      await insertDrifts(client, vault, drifts, now())
      const details = { target, class: 'unknown-account' }
      const entry = { actor: 'engine', action: 'account.drifted' as const, object: '', details }
      await recordAuditMany(
        client,
        vault,
        some.map(() => entry),
      )
    })
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
      rows.map((row) => [isGenuineDrift(vault, row) ? textKey(row.external_digest) : row.id, row.id]),
    )
    return this.#noted
  }
}
