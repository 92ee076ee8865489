/** Acts about the whole of what the gateway holds. */
import type { Actor } from '../../auth/actor.ts'

export interface BackupActs {
  /** Sealed, and of one moment. Ends with an error when it is not whole. @throws Refusal `backup.busy`. */
  backUp(actor: Actor, reason: string): Promise<{ readonly content: AsyncIterable<Buffer> }>
}
