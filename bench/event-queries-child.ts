/** Fills the log with a year of events and asks it, as the gateway does: in a process of its own. */
import { randomUUID } from 'node:crypto'
import type { EventsContext } from '../src/events/context.ts'
import { findEvents } from '../src/events/find-events.ts'
import type { PersonId } from '../src/model/id.ts'
import { saveMonths } from '../src/store/events/months.ts'
import { ensureSource, newSourceState, saveSource } from '../src/store/events/source-row.ts'
import { keysOfPeople } from '../src/store/events/who.ts'
import { inTransaction } from '../src/store/transaction.ts'
import { answerParent } from './child-process.ts'
import { type Asked, questions, rangesOf, timesAsked } from './event-asked.ts'
import { drawHistory, type History, type Leaf, people as peopleCount } from './event-history.ts'
import { rowsOf, type Someone } from './event-history-rows.ts'
import { fillLeaf } from './event-leaf.ts'
import { planOf, type Query } from './event-plan.ts'
import { type EventsRequest, openEvents } from './open-events.ts'
import { source } from './plain-events.ts'

export interface HistoryRequest extends EventsRequest {
  readonly size: number
  /** Days since 1970. */
  readonly today: number
}

export interface Answered {
  /** Of each time that it was asked. */
  readonly ms: readonly number[]
  /** Events on the last page. */
  readonly found: number
  readonly plan: string
}

/** As the API has it. */
const pageRows = 100

interface Opened {
  readonly context: EventsContext
  readonly history: History
  readonly people: readonly Someone[]
  readonly asked: Asked
  /** What is asked of the log since this was emptied. */
  readonly queries: Query[]
}

let opened: Opened | null = null

function here(): Opened {
  if (opened === null) throw new Error('nothing is open')
  return opened
}

async function open({ size, today, ...request }: HistoryRequest): Promise<Opened> {
  const context = await openEvents(request)
  const { pool } = context.database
  const { rows } = await pool.query<{ id: PersonId }>('select id from person order by id limit $1', [peopleCount])
  const { keys } = await keysOfPeople(
    pool,
    context.vault,
    rows.map(({ id }) => id),
  )
  const people = [...keys].map(([id, key]) => ({ id, key }))
  if (people.length < peopleCount) throw new Error(`there are ${people.length} people, and ${peopleCount} are needed`)
  const ids = people.map(({ id }) => id)
  const asked = { people: ids, stranger: randomUUID() as PersonId, today }
  return { context, history: drawHistory(size, today), people, asked, queries: overhear(pool) }
}

/** Whatever is asked of the log, which still gets its answer as if nobody listened. */
function overhear(pool: EventsContext['database']['pool']): Query[] {
  const queries: Query[] = []
  const query = pool.query.bind(pool) as (...given: unknown[]) => unknown
  const heard = (...given: unknown[]): unknown => {
    const [text, values] = given
    if (typeof text === 'string' && text.includes(' from event where ') && Array.isArray(values))
      queries.push({ text, values })
    return query(...given)
  }
  pool.query = heard as typeof pool.query
  return queries
}

answerParent(
  {
    async open(request: HistoryRequest): Promise<readonly Leaf[]> {
      opened = await open(request)
      return opened.history.leaves
    },
    async fill(leaf: Leaf): Promise<void> {
      const { context, history, people } = here()
      const client = await context.database.pool.connect()
      try {
        await fillLeaf(client, leaf, rowsOf(context, history, leaf, people))
      } finally {
        client.release()
      }
    },
    /** What is known of months and source, once all is there; returns how many events there are. */
    async finish(): Promise<number> {
      const { context, history } = here()
      const { vault, database } = context
      await inTransaction(database.pool, async (client) => {
        const months = history.leaves.map((leaf) => ({
          ...{ source, class: leaf.class, month: leaf.month, events: leaf.events },
          ...{ first: 1, last: history.events, forgottenAt: null },
        }))
        await saveMonths(client, vault, months)
        await ensureSource(client, vault, source)
        await saveSource(client, vault, { ...newSourceState(source), position: history.events }, null)
      })
      return history.events
    },
    async ask({ question, range }: { readonly question: string; readonly range: string }): Promise<Answered> {
      const { context, asked, queries } = here()
      const ms: number[] = []
      let found = 0
      for (let n = 0; n < timesAsked; n += 1) {
        const whole = { ...questions[question]?.(asked, n), ...rangesOf(asked)[range] }
        queries.length = 0
        const begun = performance.now()
        const page = await findEvents(context, whole, null, pageRows)
        ms.push(performance.now() - begun)
        if (page.erased > 0) throw new Error(`${page.erased} events count as those of people who were erased`)
        found = page.events.length
      }
      return { ms, found, plan: await planOf(context.database.pool, queries.splice(0)) }
    },
    /** The floor: as many rows, by the primary key of the month that they lie in. */
    async readPages({ class: of, month, events }: Leaf): Promise<readonly number[]> {
      const { pool } = here().context.database
      const leaf = `event_${of}_${month.replace('-', '')}`
      const { rows } = await pool.query<{ first: string }>(`select min(position) as first from ${leaf}`)
      const ms: number[] = []
      for (let n = 0; n < timesAsked; n += 1) {
        const after = Number(rows[0]?.first) + Math.floor((events * n) / timesAsked)
        const begun = performance.now()
        await pool.query(`select * from ${leaf} where source = $1 and position > $2 order by position limit $3`, [
          ...[source, after, pageRows],
        ])
        ms.push(performance.now() - begun)
      }
      return ms
    },
    /** What was said to be wrong with what was read. */
    alarms: async (): Promise<readonly string[]> => {
      const { rows } = await here().context.database.pool.query<{ code: string }>(
        `select code from alarm where code like 'events.%'`,
      )
      return rows.map(({ code }) => code)
    },
  },
  async () => opened?.context.database.close(),
)
