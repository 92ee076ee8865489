/** Every lock-out as a line that the gateway signs: when the news came, each step, and how far the proof goes; by random ids only. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { recordAudit } from '../audit/record.ts'
import { type PinnedKeys, signLine, verifyLine } from '../audit/signed-line.ts'
import type { SubjectId } from '../model/id.ts'
import { raiseAlarm } from '../store/alarms.ts'
import type { LockoutRow } from '../store/guards.ts'
import { areGenuineSteps, eachLockout, isGenuineDecision, isSignedOff, type LockoutFilter } from '../store/lockouts.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from './context.ts'

const lineType = 'lockout/1'
const endType = 'lockout-export/1'

const time = z.iso.datetime()
const timeOrNull = time.nullable()

const times = {
  lockout: z.uuid(),
  person: z.uuid().nullable(),
  account: z.uuid(),
  /** The one card that was blocked; null: the whole account was shut. */
  credential: z.uuid().nullable(),
  target: z.string(),
  cause: z.string(),
  arrivedAt: time,
  decidedAt: time,
  startedAt: timeOrNull,
  acceptedAt: timeOrNull,
  provenAt: timeOrNull,
  endedAt: timeOrNull,
  proof: z.string().nullable(),
  requests: z.int(),
  waitingMs: z.int(),
}

/** What a line states. Of a row that somebody else wrote to, `claimed` tells what it says now, which proves nothing. */
const statement = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('proven'), ...times, provenAt: time, proof: z.string() }),
  z.strictObject({ state: z.literal('open'), ...times }),
  z.strictObject({ state: z.literal('taken-back'), ...times, endedAt: time }),
  z.strictObject({ state: z.literal('signed-off'), ...times, endedAt: time }),
  z.strictObject({
    state: z.literal('not-provable'),
    lockout: z.uuid(),
    fault: z.enum(['decision', 'steps']),
    claimed: z.strictObject(times).omit({ lockout: true }),
  }),
])
export type LockoutStatement = z.output<typeof statement>
export type LockoutState = LockoutStatement['state']

/** The last line says how many there are, and their digest: a line less would show. */
const ending = z.strictObject({
  exportedAt: time,
  since: timeOrNull,
  until: timeOrNull,
  person: z.uuid().nullable(),
  lines: z.int(),
  /** Over all lines before, each with its line feed; in hex. */
  sha256: z.string(),
})

export function lockoutStatement(context: Pick<SyncContext, 'vault'>, row: LockoutRow): LockoutStatement {
  const iso = (at: Date | null): string | null => at?.toISOString() ?? null
  const claimed = {
    ...{ person: row.person_id, account: row.account_id, target: row.target, cause: row.cause },
    credential: row.credential_id,
    arrivedAt: row.arrived_at.toISOString(),
    decidedAt: row.decided_at.toISOString(),
    startedAt: iso(row.started_at),
    acceptedAt: iso(row.accepted_at),
    provenAt: iso(row.proven_at),
    endedAt: iso(row.ended_at),
    ...{ proof: row.proof, requests: row.requests, waitingMs: row.waiting_ms },
  }
  const fault = !isGenuineDecision(context.vault, row)
    ? 'decision'
    : areGenuineSteps(context.vault, row)
      ? null
      : 'steps'
  if (fault !== null) return { state: 'not-provable', lockout: row.id, fault, claimed }
  const stated = { lockout: row.id, ...claimed }
  const { provenAt, proof, endedAt } = stated
  if (provenAt !== null && proof !== null) return { state: 'proven', ...stated, provenAt, proof }
  if (endedAt === null) return { state: 'open', ...stated }
  return { state: isSignedOff(context.vault, row) ? 'signed-off' : 'taken-back', ...stated, endedAt }
}

/**
 * Lines with their line feeds, in the order in which the lock-outs were decided, and one that ends them. The audit names who took
 * them out. A row that is not as Gatehouse wrote it is alarmed.
 */
export async function exportLockouts(
  context: SyncContext,
  filter: LockoutFilter,
  subject: SubjectId,
): Promise<AsyncIterable<string>> {
  const asked = { since: iso(filter.since), until: iso(filter.until), person: filter.person ?? null }
  await inTransaction(context.database.pool, (client) =>
    recordAudit(client, context.vault, {
      actor: subject,
      action: 'lockout.exported',
      object: filter.person ?? '',
      details: asked,
    }),
  )
  return linesOf(context, filter, asked)
}

async function* linesOf(
  context: SyncContext,
  filter: LockoutFilter,
  asked: Pick<z.input<typeof ending>, 'since' | 'until' | 'person'>,
): AsyncGenerator<string> {
  const { database, vault } = context
  const digest = createHash('sha256')
  let lines = 0
  for await (const rows of eachLockout(database.pool, filter)) {
    let text = ''
    for (const row of rows) {
      const stated = lockoutStatement(context, row)
      if (stated.state === 'not-provable' && (await raiseAlarm(database.pool, context.vault, 'guard.failed', row.id)))
        context.log('error', 'guard.failed', { lockout: row.id })
      text += `${signLine(vault, lineType, stated)}\n`
    }
    lines += rows.length
    digest.update(text)
    yield text
  }
  const exportedAt = context.now().toISOString()
  yield `${signLine(vault, endType, { exportedAt, ...asked, lines, sha256: digest.digest('hex') })}\n`
}

function iso(at: Date | undefined): string | null {
  return at?.toISOString() ?? null
}

/**
 * - `malformed`: no line of such an export. - `unknown-key`: signed with a key that was not pinned. - `forged`: it was changed.
 * - `foreign`: of another gateway than the lines before. - `cut-off`: the last line, which ends an export, is missing.
 * - `incomplete`: lines are missing, were added or stand elsewhere. - `after-end`: there is more behind the last line.
 */
export type ExportFault = 'malformed' | 'unknown-key' | 'forged' | 'foreign' | 'cut-off' | 'incomplete' | 'after-end'

export interface ExportVerdict {
  readonly ok: boolean
  readonly gateway: string | null
  /** How many lock-outs were verified before the fault, if any. */
  readonly lockouts: number
  readonly states: Readonly<Record<LockoutState, number>>
  /** Of the proven ones, by level. */
  readonly proofs: Readonly<Record<string, number>>
  /** From the news to the proof, in ms; null when nothing is proven. */
  readonly slowestMs: number | null
  readonly end: z.output<typeof ending> | null
  /** The first line that is wrong, from 1 up, and why. */
  readonly brokenAt: number | null
  readonly why: ExportFault | null
}

/** Verifies an export with nothing but its lines and the pinned keys. */
export async function verifyLockouts(
  lines: AsyncIterable<string> | Iterable<string>,
  keys: PinnedKeys,
): Promise<ExportVerdict> {
  const reader = new ExportReader(keys)
  let at = 0
  for await (const line of lines) {
    if (line.trim() === '') continue
    at += 1
    const why = reader.read(line)
    if (why !== null) return reader.verdict(at, why)
  }
  return reader.ended ? reader.verdict(null, null) : reader.verdict(at + 1, 'cut-off')
}

class ExportReader {
  readonly #keys: PinnedKeys
  readonly #digest = createHash('sha256')
  readonly #states = { proven: 0, open: 0, 'taken-back': 0, 'signed-off': 0, 'not-provable': 0 }
  readonly #proofs: Record<string, number> = {}
  #gateway: string | null = null
  #lockouts = 0
  #slowestMs: number | null = null
  #end: z.output<typeof ending> | null = null

  constructor(keys: PinnedKeys) {
    this.#keys = keys
  }

  get ended(): boolean {
    return this.#end !== null
  }

  /** Null when the line fits behind those before. */
  read(line: string): ExportFault | null {
    if (this.#end !== null) return 'after-end'
    const verified = verifyLine(line, this.#keys)
    if (typeof verified === 'string') return verified
    if (this.#gateway !== null && this.#gateway !== verified.gateway) return 'foreign'
    this.#gateway = verified.gateway
    if (verified.type === endType) return this.#close(verified.content)
    const stated = verified.type === lineType ? statement.safeParse(verified.content).data : undefined
    if (stated === undefined) return 'malformed'
    this.#count(stated)
    this.#digest.update(`${line.replace(/\r?\n$/, '')}\n`)
    return null
  }

  #count(stated: LockoutStatement): void {
    this.#lockouts += 1
    this.#states[stated.state] += 1
    if (stated.state !== 'proven') return
    this.#proofs[stated.proof] = (this.#proofs[stated.proof] ?? 0) + 1
    this.#slowestMs = Math.max(this.#slowestMs ?? 0, Date.parse(stated.provenAt) - Date.parse(stated.arrivedAt))
  }

  #close(content: unknown): ExportFault | null {
    const end = ending.safeParse(content).data
    if (end === undefined) return 'malformed'
    if (end.lines !== this.#lockouts || end.sha256 !== this.#digest.digest('hex')) return 'incomplete'
    this.#end = end
    return null
  }

  verdict(brokenAt: number | null, why: ExportFault | null): ExportVerdict {
    return {
      ok: why === null,
      gateway: this.#gateway,
      lockouts: this.#lockouts,
      states: this.#states,
      proofs: this.#proofs,
      slowestMs: this.#slowestMs,
      end: this.#end,
      brokenAt,
      why,
    }
  }
}
