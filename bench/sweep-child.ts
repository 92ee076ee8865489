/** A connector in a process of its own, with the gateway's own way out and its rate limit lifted: lists accounts and reads them singly. */
import type { Connection } from '../src/connector/contract.ts'
import { inParallel } from '../src/sync/in-parallel.ts'
import { answerParent } from './child-process.ts'
import { connectTo } from './connect.ts'
import type { SimulatorFacts } from './door-systems.ts'
import { recordedRequests, recordRequests, type SentRequest } from './sent-requests.ts'

export interface ConnectRequest {
  readonly facts: SimulatorFacts
  readonly atOnce: number
}

/** What one look at all accounts came to. */
export interface Look {
  readonly ms: number
  readonly accounts: number
  /** Accounts whose cards, levels and lock were shown. */
  readonly cards: number
  readonly levels: number
  readonly locks: number
  readonly requests: readonly SentRequest[]
}

const signal = new AbortController().signal
let connection: Connection<'accounts'>
let concurrency = 1

async function look(run: (count: (of: Counted) => void) => Promise<void>): Promise<Look> {
  const seen = { accounts: 0, cards: 0, levels: 0, locks: 0 }
  recordRequests()
  const begun = performance.now()
  await run(({ cards, levels, lock }) => {
    seen.accounts += 1
    seen.cards += cards ? 1 : 0
    seen.levels += levels ? 1 : 0
    seen.locks += lock ? 1 : 0
  })
  return { ms: performance.now() - begun, ...seen, requests: recordedRequests() }
}

interface Counted {
  readonly cards: boolean
  readonly levels: boolean
  readonly lock: boolean
}

answerParent({
  async connect({ facts, atOnce }: ConnectRequest): Promise<void> {
    concurrency = atOnce
    connection = await connectTo(facts, concurrency, signal)
    // Logs in, and loads what is loaded once.
    await connection.health(signal)
  },
  list: (levels: readonly string[]): Promise<Look> =>
    look(async (count) => {
      for await (const page of connection.accounts.list(signal, levels))
        for (const { cards, told } of page)
          count({
            cards: told?.cards !== false && cards.length > 0,
            levels: levels.every((level) => told?.levels.has(level) !== false),
            lock: told?.lock !== false,
          })
    }),
  read: (ids: readonly string[]): Promise<Look> =>
    look(async (count) => {
      await inParallel(ids, concurrency, async (id) => {
        const account = await connection.accounts.read(id, signal)
        if (account === null) throw new Error('an account that was planted is not there')
        count({ cards: account.cards.length > 0, levels: account.levels.length > 0, lock: true })
      })
    }),
})
