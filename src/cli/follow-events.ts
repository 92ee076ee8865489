/** Events as they come, line by line: the stream tells all that the role may know, and what was not asked for is left out here. */
import { z } from 'zod'
import type { EventView } from '../api/acts/events.ts'
import { eventView } from '../api/schemas/events.ts'
import { readCard, wireKey } from '../model/card.ts'
import { showsCard } from '../model/events/event.ts'
import { plainJson } from '../model/plain-json.ts'
import type { Client } from './client.ts'
import type { Context } from './command.ts'
import { CliError, exitCodes } from './exit.ts'
import { plain, plainTime } from './plain.ts'

export interface FollowOptions {
  readonly source?: string
  /** By id alone: only the gateway knows numbers and cards of people. */
  readonly person?: string
  readonly card?: string
  readonly door?: string
  readonly type?: string
  readonly class?: string
  readonly unknownCards?: boolean
  readonly from?: string
  readonly to?: string
  readonly after?: string
  readonly reason?: string
  readonly json?: boolean
}

/**
 * Tells until it is interrupted.
 * @throws CliError `usage` for what is asked of the past, or in a form that no event has; `failed` when the gateway ends it.
 */
export async function followEvents(
  { terminal }: Pick<Context, 'terminal'>,
  client: Pick<Client, 'stream'>,
  options: FollowOptions,
): Promise<never> {
  const isAsked = askedBy(options)
  const headers = options.reason === undefined ? {} : { 'x-gatehouse-reason': encodeURIComponent(options.reason) }
  const chunks = saidWhenOpen(client.stream('/v1/events/stream', headers), () =>
    terminal.err('following: what happens from now on is told here, until it is interrupted\n'),
  )
  for await (const event of eventsIn(chunks))
    if (isAsked(event)) terminal.out(options.json === true ? `${plainJson(event)}\n` : lineOf(event))
  throw new CliError(
    exitCodes.failed,
    'the gateway ended it: the token is over, or what came was not taken in time. What happened since is in gatehouse events list',
  )
}

/** The gateway says something as soon as it listens: what happened before that moment is not told. */
async function* saidWhenOpen(chunks: AsyncIterable<Uint8Array>, say: () => void): AsyncGenerator<Uint8Array> {
  let isOpen = false
  for await (const chunk of chunks) {
    if (!isOpen) say()
    isOpen = true
    yield chunk
  }
}

/** Server-sent events, of which only the data counts here. */
async function* eventsIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<EventView> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      const data = /^data: (.*)$/m.exec(part)?.[1]
      if (data !== undefined) yield eventView.parse(JSON.parse(data))
    }
  }
}

/** What can't be asked is refused before anything is told: else nothing would ever come, without a word. */
function askedBy(options: FollowOptions): (event: EventView) => boolean {
  const past = (['from', 'to', 'after'] as const).find((name) => options[name] !== undefined)
  if (past !== undefined) throw usage(`--follow tells what comes from now on: leave --${past} out, or --follow`)
  const { source, person, door, type, unknownCards } = options
  if (person !== undefined && !z.uuid().safeParse(person).success)
    throw usage('--follow takes --person by id: it is in the column WHO of gatehouse events list --person')
  if (door !== undefined && !/^[^/]+\/./.test(door))
    throw usage('--door takes target/id, as the column WHERE of gatehouse events list begins')
  const card = options.card === undefined ? undefined : keyOfCard(options.card)
  if (card === null) throw usage('--card takes H10301:facility:number or CSN:hex')
  return (event) => {
    const wanted: readonly (readonly [unknown, unknown])[] = [
      [source, event.source],
      [person, event.person],
      [card, event.card === null ? null : keyOfCard(event.card)],
      [door, `${event.source}/${event.door?.id}`],
      [type, event.type],
      [options.class, event.class],
    ]
    const isStrange = event.person === null && event.account === null && showsCard(event)
    return wanted.every(([asked, is]) => asked === undefined || asked === is) && (unknownCards !== true || isStrange)
  }
}

/** The same for all that a reader can not tell apart, as where the log is searched; null for what is no card. */
function keyOfCard(text: string): string | null {
  const card = readCard(text)
  return card === null ? null : wireKey(card)
}

function usage(message: string): CliError {
  return new CliError(exitCodes.usage, message)
}

function lineOf(event: EventView): string {
  const { at, type, person, account, card, cardNumber } = event
  const who = person ?? account ?? card ?? cardNumber ?? ''
  return `${[plainTime(at), type, placeOf(event), who].map(plain).join('  ').trimEnd()}\n`
}

/** Where an event was, such as `hq/17 Main entrance in`: it begins with what `--door` takes, or is the system alone. */
export function placeOf({ source, door, direction }: Pick<EventView, 'source' | 'door' | 'direction'>): string {
  const [at, name] = door === null ? [source, null] : [`${source}/${door.id}`, door.name]
  return [at, name, direction].filter((each) => (each ?? '') !== '').join(' ')
}
