/** The bare loop beside live events: what the socket of the door system tells is posted at once, with nothing kept and nothing sealed. */
import { once } from 'node:events'
import { Agent, Pool, WebSocket } from 'undici'
import { reportedEvent } from '../connectors/biostar2/events/mapping.ts'
import { eventRecord } from '../connectors/biostar2/events/record.ts'
import type { ReportedEvent } from '../src/connector/contract.ts'
import { postBare } from './bare-post.ts'
import { answerParent } from './child-process.ts'
import type { SimulatorFacts } from './door-systems.ts'
import { logIn } from './log-in.ts'
import type { ReceiverFacts } from './receiver-child.ts'

export interface LiveRequest {
  readonly facts: SimulatorFacts
  readonly receiver: ReceiverFacts
}

interface Frame {
  readonly Event?: unknown
  readonly id?: unknown
}

let waiting: ReportedEvent[] = []
let posted = 0
let wake = (): void => undefined

answerParent({
  /** Returns when events are told from now on. */
  async follow({ facts, receiver }: LiveRequest): Promise<void> {
    const tls = { connect: { ca: facts.ca } }
    const doors = new Pool(facts.url, { ...tls, connections: 1 })
    const session = await logIn(doors, facts)
    const headers = { 'bs-session-id': session }
    const socket = new WebSocket(`${facts.url.replace('https', 'wss')}/wsapi`, { dispatcher: new Agent(tls), headers })
    await once(socket, 'open')
    const greeted = once(socket, 'message')
    socket.send(`bs-session-id=${session}`)
    await greeted
    socket.addEventListener('message', ({ data }) => hear(String(data)))
    const body = '{}'
    const answer = await doors.request({
      method: 'POST',
      path: '/api/events/start',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    })
    await answer.body.dump()
    const pool = new Pool(new URL(receiver.url).origin, { connections: 1, connect: { ca: receiver.ca } })
    // Ends with the process; a failure ends that.
    void post(pool, receiver)
  },
})

function hear(text: string): void {
  const { Event, id } = JSON.parse(text) as Frame
  const record = Event === undefined ? null : eventRecord(Event, id)
  if (record === null) return
  waiting.push(reportedEvent(record, () => null, {}, new Date()))
  wake()
}

async function post(pool: Pool, receiver: ReceiverFacts): Promise<never> {
  for (;;) {
    if (waiting.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    const events = waiting
    waiting = []
    await postBare(pool, receiver, events, posted + 1)
    posted += events.length
  }
}
