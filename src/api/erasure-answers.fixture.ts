/** Made-up answers about a person who is being erased. */
import type { ErasureActs } from './acts/erasures.ts'

export function erasureAnswers({
  erasure: id,
  person,
  lockout,
  at,
}: Readonly<Record<'erasure' | 'person' | 'lockout' | 'at', string>>): ErasureActs {
  const erasure = {
    ...{ id, person, askedAt: at, askedBy: person, state: 'removing' as const },
    ...{ accounts: [{ target: 'hq', outcome: null, at: null }], deletedAt: null, backupsUnreadableSince: null },
    ...{ liftedAt: null, statement: null, closing: null },
  }
  return {
    previewErasure: async () => ({
      ...{ person, accounts: [{ target: 'hq', made: true, waits: null }], sources: ['hr'], records: 1, cards: 1 },
      ...{ archivesUntil: null, backupsUntil: at },
    }),
    erasePerson: async () => ({ erasure: id, lockouts: [lockout] }),
    erasures: async () => ({ rows: [erasure], next: null }),
    erasure: async () => erasure,
    liftErasure: async () => ({ erasure: id }),
    signOffErasure: async () => undefined,
  }
}
