/** Looks at every account of a target and says whose it is: reads only, and keeps what it found sealed. */
import { randomUUID } from 'node:crypto'
import { recordAudit } from '../../audit/record.ts'
import { withCallScope } from '../../connector/egress/call-scope.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import type { Dossier } from '../../store/dossier.ts'
import type { MatchRunRow } from '../../store/guards.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import {
  claimMatchRun,
  endMatchRun,
  insertMatchRows,
  isGenuineMatchRow,
  judgeMatchRows,
  linkedAmong,
  matchRows,
  type NewMatchRow,
  noteMatchProgress,
  requestMatchRun,
} from '../../store/match-runs.ts'
import { peopleAfter } from '../../store/people.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { errorCode } from '../error-code.ts'
import { tellForged } from '../forged.ts'
import { accountDigest } from '../identifiers.ts'
import { inParallel } from '../in-parallel.ts'
import { isMade } from '../owned-row.ts'
import { understand } from '../resolve/resolve.ts'
import { AccountBook } from './account-book.ts'
import { checkMostRead, lookAt, noLook } from './look-at.ts'
import { marksOfAccount, marksOfPerson, numbersOf, shownName, shownNumbers } from './marks.ts'

/** People, and rows, per transaction. */
const batch = 500

/** Asks whoever leads the target to look at its accounts. @throws Refusal `target.unknown`, `match.running`. */
export async function askForMatch(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  if (!context.targets.has(target)) throw new Refusal('target.unknown')
  await inTransaction(context.database.pool, async (client) => {
    const run = await requestMatchRun(client, context.vault, target, subject, context.now())
    if (run === null) throw new Refusal('match.running')
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'target.matched',
      object: target,
      details: { reason, run },
    })
  })
}

/** Carries out what somebody asked for, if anybody did; `owner` is the process that leads the target. */
export async function matchIfAsked(
  context: SyncContext,
  target: TargetSetup,
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  const { pool } = context.database
  const run = await inTransaction(pool, (client) => claimMatchRun(client, context.vault, target.id, owner))
  if (run === null) return
  const end = (state: 'done' | 'failed', code: string | null) =>
    inTransaction(pool, (client) => endMatchRun(client, context.vault, run, state, context.now(), code))
  try {
    const { result: book } = await withCallScope({ lane: 'bulk' }, () => readAccounts(context, target, run, signal))
    await readPeople(context, target, book, signal)
    await judge(context, run, book)
    await end('done', null)
    context.log('info', 'match.done', { target: target.id, count: book.size })
  } catch (error) {
    // Stopping, or overtaken: whoever leads next begins it anew.
    if (signal.aborted || error instanceof Overtaken) throw error
    await end('failed', errorCode(error))
    context.log('error', 'match.failed', { target: target.id, code: errorCode(error) })
  }
}

class Overtaken extends Error {}

async function readAccounts(
  context: SyncContext,
  target: TargetSetup,
  run: MatchRunRow,
  signal: AbortSignal,
): Promise<AccountBook> {
  const book = new AccountBook()
  let n = 0
  for await (const page of target.connection.accounts.list(signal)) {
    const digests = page.map(({ externalId }) => accountDigest(context.vault, target.id, externalId))
    const linked = await linkedAmong(context.database.pool, context.vault, target.id, digests)
    const unknown = page.map((account, i) => (linked.has(i) || account.untouchable ? null : account))
    const looks = await inParallel(unknown, target.concurrency, async (account) =>
      account === null ? noLook : lookAt(target, account, signal),
    )
    checkMostRead(looks)
    const rows = page.flatMap((account, i): NewMatchRow[] => {
      const { account: found, failure } = looks[i] ?? noLook
      const known = linked.get(i) ?? null
      const left = failure === undefined ? null : 'unread'
      const settled = account.untouchable ? 'untouchable' : known === null ? left : 'linked'
      // Deleted since it was listed.
      if (settled === null && found === null) return []
      n += 1
      const id = randomUUID()
      // Also what was not read: it may well be the account of somebody for whom another would then be certain.
      if (found !== null) {
        const { match } = target
        book.add(n, marksOfAccount(context.vault, target, found), shownName(match, found), shownNumbers(match, found))
      }
      const place = { table: 'match_row', column: 'found', row: id, version: 1 }
      return [
        {
          ...{ id, run_id: run.id, n, external_digest: digests[i] as Buffer },
          found: found === null ? null : context.vault.sealSystem(place, JSON.stringify(found)),
          class: settled,
          person_id: known,
          reasons: settled === null ? null : JSON.stringify(failure === undefined ? [] : [failure.code]),
        },
      ]
    })
    await inTransaction(context.database.pool, async (client) => {
      if (!(await noteMatchProgress(client, run, n))) throw new Overtaken()
      await insertMatchRows(client, context.vault, rows)
    })
  }
  return book
}

/** Everybody in the store, page by page: what leads from them to an account is noted in the book, and nothing else kept. */
async function readPeople(
  context: SyncContext,
  target: TargetSetup,
  book: AccountBook,
  signal: AbortSignal,
): Promise<void> {
  const { pool } = context.database
  let after: PersonId | null = null
  for (;;) {
    signal.throwIfAborted()
    const ids: readonly PersonId[] = await peopleAfter(pool, after, batch)
    if (ids.length === 0) return
    after = certain(ids.at(-1))
    await inTransaction(pool, async (client) => {
      const { dossiers, frozen } = await loadDossiers(client, context.vault, ids)
      await tellForged(client, context, ...frozen)
      for (const dossier of dossiers.values()) recognise(context, target, book, dossier)
    })
  }
}

function recognise(context: SyncContext, target: TargetSetup, book: AccountBook, dossier: Dossier): void {
  const { facts } = understand(context, dossier, context.now()).person
  const hasAccount = dossier.accounts.some(({ row }) => row.target === target.id && isMade(context.vault, row))
  book.meet({
    person: dossier.person.id,
    marks: marksOfPerson(context.vault, target, dossier, facts),
    facts,
    numbers: numbersOf(target.match, dossier),
    hasAccount,
  })
}

/** Classes are given when all people were met; of several accounts that one person would get, at most one is certain. */
async function judge(context: SyncContext, run: MatchRunRow, book: AccountBook): Promise<void> {
  const verdicts = book.verdicts()
  let after = 0
  for (;;) {
    const { length, last } = await inTransaction(context.database.pool, async (client) => {
      const rows = await matchRows(client, run.id, null, after, batch)
      const open: (typeof rows)[number][] = []
      for (const row of rows) {
        const verdict = verdicts.get(row.n)
        if (verdict === undefined) continue
        if (!isGenuineMatchRow(context.vault, row)) {
          await tellForged(client, context, row.id)
          continue
        }
        // It could not be read: what little is known of it makes nobody certain.
        if (row.class !== null) continue
        const { is, person, reasons } = verdict
        open.push({ ...row, class: is, person_id: person, reasons: JSON.stringify(reasons) })
      }
      await judgeMatchRows(client, context.vault, open)
      return { length: rows.length, last: rows.at(-1)?.n ?? 0 }
    })
    if (length < batch) return
    after = last
  }
}
