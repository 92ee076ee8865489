/** The events of one server: follows its log by polling, and tells what happened in the words of all systems. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, EventBatch, EventsCapability } from '../../../src/connector/contract.ts'
import { withCallScope } from '../../../src/connector/egress/call-scope.ts'
import { ConnectorError } from '../../../src/connector/errors.ts'
import { durationMs } from '../../../src/model/duration.ts'
import type { Settings } from '../settings.ts'
import type { Client } from '../soap/client.ts'
import type { EventRecord } from '../soap/records.ts'
import { decode, lostBetween } from './decode.ts'
import { EventLog } from './event-log.ts'
import { Follower, type Look } from './follower.ts'
import { Position } from './position.ts'
import { TypeNames } from './type-names.ts'
import { WhoseEvents } from './whose.ts'

const pollMsOtherwise = 1_000
/** Where nothing happens, that the server was heard is told so often. */
const heartbeatMs = 10_000

export class Events implements EventsCapability {
  readonly #client: Client
  readonly #settings: Settings
  readonly #context: Context
  readonly #names: TypeNames
  readonly #whose: WhoseEvents
  readonly #closing = new AbortController()

  constructor(client: Client, settings: Settings, context: Context) {
    this.#client = client
    this.#settings = settings
    this.#context = context
    this.#names = new TypeNames(client, context.now)
    this.#whose = new WhoseEvents(client, settings, context)
  }

  close(): void {
    this.#closing.abort(new ConnectorError({ kind: 'transient', code: 'aeos.closed' }))
  }

  async *follow(cursor: string | null, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const ending = AbortSignal.any([signal, this.#closing.signal])
    const { server_zone: zone, events } = this.#settings
    const pollMs = durationMs(events.poll_every) ?? pollMsOtherwise
    const log = new EventLog(this.#client, zone)
    const follower = new Follower(log, Position.parse(cursor, zone), zone, this.#context)
    await this.#names.load(ending)
    let heardAt = Number.NEGATIVE_INFINITY
    // That it is followed shows with the first look, also where nothing happens.
    let isQuietTold = false
    for (;;) {
      let isQuiet = true
      const looks = follower.look(ending)
      for (;;) {
        // Beside lock-outs and whatever else is waited for: events wait.
        const { result } = await withCallScope({ lane: 'bulk' }, () => looks.next())
        if (result.done) break
        isQuiet = false
        yield await this.#told(result.value, ending)
        heardAt = this.#context.now().getTime()
      }
      if (isQuiet && (!isQuietTold || this.#context.now().getTime() - heardAt >= heartbeatMs)) {
        isQuietTold = true
        yield { events: [], live: false }
        heardAt = this.#context.now().getTime()
      }
      await pause(pollMs, ending)
    }
  }

  async #told({ events, lost, cursor, live }: Look, signal: AbortSignal): Promise<EventBatch> {
    const { server_zone: zone } = this.#settings
    const now = this.#context.now()
    const [nameOf, whose] = [await this.#names.of(events, signal), await this.#whose.of(events, signal)]
    const reported = events.map((event: EventRecord) =>
      decode(event, { typeName: nameOf(event), ...whose(event) }, zone, now),
    )
    const missing = lost === undefined ? [] : [lostBetween(lost.after, lost.before, zone, now)]
    return { events: [...missing, ...reported], live, ...(cursor === undefined ? {} : { cursor }) }
  }
}

/** Throws the reason of the signal, as a call would. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
