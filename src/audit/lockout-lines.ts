/** What the lines of an export of lock-outs state, and whether such lines are whole: it takes nothing but them and a public key. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type PinnedKeys, verifyLine } from './signed-line.ts'

export const lockoutLineType = 'lockout/1'
export const lockoutEndType = 'lockout-export/1'

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
export type LockoutEnding = z.output<typeof ending>

/**
 * - `malformed`: no line of such an export. - `unknown-key`: signed with a key that was not pinned. - `forged`: it was changed.
 * - `foreign`: of another gateway than the lines before. - `cut-off`: the last line, which ends an export, is missing.
 * - `incomplete`: lines are missing, were added or stand elsewhere. - `after-end`: there is more behind the last line.
 */
export type LockoutExportFault =
  | 'malformed'
  | 'unknown-key'
  | 'forged'
  | 'foreign'
  | 'cut-off'
  | 'incomplete'
  | 'after-end'

export interface LockoutsVerdict {
  readonly ok: boolean
  readonly gateway: string | null
  /** How many lock-outs were verified before the fault, if any. */
  readonly lockouts: number
  readonly states: Readonly<Record<LockoutState, number>>
  /** Of the proven ones, by level. */
  readonly proofs: Readonly<Record<string, number>>
  /** From the news to the proof, in ms; null when nothing is proven. */
  readonly slowestMs: number | null
  readonly end: LockoutEnding | null
  /** The first line that is wrong, from 1 up, and why. */
  readonly brokenAt: number | null
  readonly why: LockoutExportFault | null
}

/** Verifies an export with nothing but its lines and the pinned keys. */
export async function verifyLockouts(
  lines: AsyncIterable<string> | Iterable<string>,
  keys: PinnedKeys,
): Promise<LockoutsVerdict> {
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
  #end: LockoutEnding | null = null

  constructor(keys: PinnedKeys) {
    this.#keys = keys
  }

  get ended(): boolean {
    return this.#end !== null
  }

  /** Null when the line fits behind those before. */
  read(line: string): LockoutExportFault | null {
    if (this.#end !== null) return 'after-end'
    const verified = verifyLine(line, this.#keys)
    if (typeof verified === 'string') return verified
    if (this.#gateway !== null && this.#gateway !== verified.gateway) return 'foreign'
    this.#gateway = verified.gateway
    if (verified.type === lockoutEndType) return this.#close(verified.content)
    const stated = verified.type === lockoutLineType ? statement.safeParse(verified.content).data : undefined
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

  #close(content: unknown): LockoutExportFault | null {
    const end = ending.safeParse(content).data
    if (end === undefined) return 'malformed'
    if (end.lines !== this.#lockouts || end.sha256 !== this.#digest.digest('hex')) return 'incomplete'
    this.#end = end
    return null
  }

  verdict(brokenAt: number | null, why: LockoutExportFault | null): LockoutsVerdict {
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
