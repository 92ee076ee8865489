/** Looks at every account of a target and says whose it is: reads only, and keeps what it found sealed. */
import { recordAudit } from '../../audit/record.ts'
import { withCallScope } from '../../connector/egress/call-scope.ts'
import { errorCode } from '../../model/error-code.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import type { MatchRunRow } from '../../store/guards.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import {
  claimMatchRun,
  deleteMatchRows,
  endMatchRun,
  isGenuineMatchRow,
  judgeMatchRows,
  matchRows,
  requestMatchRun,
} from '../../store/match-runs.ts'
import { peopleAfter } from '../../store/people.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import type { AccountBook } from './account-book.ts'
import type { Verdict } from './classify.ts'
import type { Look } from './look-at.ts'
import { metOf } from './marks.ts'
import { AccountReader, Overtaken } from './read-accounts.ts'

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
  const run = await inTransaction(pool, (client) =>
    claimMatchRun(client, context.vault, target.id, owner, context.now()),
  )
  if (run === null) return
  const end = (ended: Parameters<typeof endMatchRun>[3]) =>
    inTransaction(pool, (client) => endMatchRun(client, context.vault, run, ended, context.now()))
  try {
    const reader = new AccountReader(context, target, run, signal)
    await withCallScope({ lane: 'bulk' }, () => reader.read())
    await readPeople(context, target, reader.book, signal)
    const verdicts = reader.book.verdicts()
    const { result: left } = await withCallScope({ lane: 'bulk' }, () => reader.readCertain(verdicts))
    await judge(context, run, verdicts, left)
    const leads = reader.book.leads(verdicts, (n) => left.get(n)?.account === null)
    await end({ leads })
    context.log('info', 'match.done', { target: target.id, count: reader.book.size })
  } catch (error) {
    // Stopping, or overtaken: whoever leads next goes on with it.
    if (signal.aborted || error instanceof Overtaken) throw error
    await end({ code: errorCode(error) })
    context.log('error', 'match.failed', { target: target.id, code: errorCode(error) })
  }
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
      for (const dossier of dossiers.values()) book.meet(metOf(context, target, dossier))
    })
  }
}

/** Classes are given when all people were met; `left` are accounts that could not be read since, or are gone. */
async function judge(
  context: SyncContext,
  run: MatchRunRow,
  verdicts: ReadonlyMap<number, Verdict>,
  left: ReadonlyMap<number, Look>,
): Promise<void> {
  let after = 0
  for (;;) {
    const { length, last } = await inTransaction(context.database.pool, async (client) => {
      const rows = await matchRows(client, run.id, null, after, batch)
      const open: (typeof rows)[number][] = []
      const gone: string[] = []
      for (const row of rows) {
        const verdict = verdicts.get(row.n)
        if (verdict === undefined) continue
        if (!isGenuineMatchRow(context.vault, row)) {
          await tellForged(client, context, row.id)
          continue
        }
        // It could not be read: what little is known of it makes nobody certain.
        if (row.class !== null) continue
        const look = left.get(row.n)
        if (look?.account === null) gone.push(row.id)
        else open.push({ ...row, ...judged(verdict, look) })
      }
      await judgeMatchRows(client, context.vault, open)
      await deleteMatchRows(client, gone)
      return { length: rows.length, last: rows.at(-1)?.n ?? 0 }
    })
    if (length < batch) return
    after = last
  }
}

function judged({ is, person, reasons }: Verdict, look: Look | undefined) {
  if (look?.failure !== undefined)
    return { class: 'unread', person_id: null, reasons: JSON.stringify([look.failure.code]) }
  return { class: is, person_id: person, reasons: JSON.stringify(reasons) }
}
