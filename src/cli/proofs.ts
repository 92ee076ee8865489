/** Waits for the proof of lock-outs and says how far it went: whoever locks somebody out at night must know. */
import type { LockoutView } from '../api/acts/lockouts.ts'
import { lockoutView } from '../api/schemas/lockouts.ts'
import type { Client } from './client.ts'
import type { Context } from './command.ts'
import { exitCodes } from './exit.ts'
import { plain } from './plain.ts'
import { withProgress } from './progress.ts'

const waitMs = 10_000
const askEveryMs = 200

export interface ProofOptions {
  /** False with `--no-wait`. */
  readonly wait: boolean
}

/** The lock-outs as they are when all are proven that can be, or after ten seconds; at a paused target, nothing comes. */
export async function awaitProofs(
  { terminal }: Context,
  client: Client,
  ids: readonly string[],
  paused: readonly string[],
  { wait }: ProofOptions,
): Promise<readonly LockoutView[]> {
  const ask = () => Promise.all(ids.map((id) => client.get(`/v1/lockouts/${id}`, lockoutView)))
  const until = Date.now() + (wait ? waitMs : 0)
  const waitForAll = async (): Promise<readonly LockoutView[]> => {
    for (;;) {
      const lockouts = await ask()
      const open = lockouts.filter((lockout) => !isOver(lockout) && !paused.includes(lockout.target))
      if (open.length === 0 || Date.now() >= until) return lockouts
      await new Promise((resolve) => setTimeout(resolve, askEveryMs))
    }
  }
  return withProgress(terminal, 'waiting for the proof', waitForAll())
}

function isOver({ provenAt, endedAt }: LockoutView): boolean {
  return provenAt !== null || endedAt !== null
}

/** One line for each that is proven. */
export function proofText(lockouts: readonly LockoutView[]): string {
  return lockouts
    .flatMap(({ target, proof, arrivedAt, provenAt }) =>
      provenAt === null
        ? []
        : [`${plain(target)}: proven after ${Date.parse(provenAt) - Date.parse(arrivedAt)} ms (${plain(proof)})\n`],
    )
    .join('')
}

/** Says on standard error, and by the exit code, where somebody may still get in. */
export function tellUnproven(
  { terminal, finish }: Context,
  lockouts: readonly LockoutView[],
  paused: readonly string[],
  { wait }: ProofOptions,
): void {
  const open = lockouts.filter((lockout) => !isOver(lockout))
  for (const target of paused)
    terminal.err(
      `NOT carried out at ${plain(target)}, which is paused: gatehouse resume ${plain(target)} --reason "..."\n`,
    )
  for (const { id, target } of open.filter((lockout) => !paused.includes(lockout.target)))
    terminal.err(
      `NOT proven at ${plain(target)}${wait ? ` within ${waitMs / 1_000} s` : ' yet'}: gatehouse lockouts show ${plain(id)}\n`,
    )
  if (paused.length > 0 || (wait && open.length > 0)) finish(exitCodes.problems)
}
