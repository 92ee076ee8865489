/** What the acts about cards answer in tests of the API. */
import type { CardActs } from './acts/cards.ts'

export function cardAnswers(ids: {
  readonly credential: string
  readonly person: string
  readonly lockout: string
  readonly at: string
}): CardActs {
  const { credential, person, lockout, at } = ids
  const held = { card: 'H10301:7:4711', person, state: 'active', waits: false }
  const accounts = [{ target: 'hq', desired: 'on', actual: 'on', actualAt: at }]
  const done = async () => ({
    ...{ credential, person, waits: false, lockouts: [lockout], paused: [] },
    refused: [{ target: 'hq', code: 'biostar2.card-format' }],
  })
  return {
    card: async () => [
      {
        ...{ ...held, credential, accounts, name: 'Zelda Samplewoman' },
        ...{ suspendedSince: null, source: 'hr', lockouts: [] },
      },
    ],
    cardUses: async () => [{ ...held, asked: 'H10301:7:4711', accounts }],
    loseCard: done,
    returnCard: done,
    suspendCard: done,
    resumeCard: done,
    issueCard: done,
  }
}
