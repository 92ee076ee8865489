import { describe, expect, test } from 'vitest'
import type { EventView } from '../api/acts/events.ts'
import { madeUpEvent } from '../api/event-answers.fixture.ts'
import { type FollowOptions, followEvents } from './follow-events.ts'
import { processTerminal } from './terminal.ts'

/** What is printed of a stream of these events, which comes in pieces of seven bytes. */
async function printed(events: readonly EventView[], options: FollowOptions): Promise<string[]> {
  const out: string[] = []
  const said: string[] = []
  const terminal = {
    ...processTerminal(),
    out: (text: string) => void out.push(text),
    err: (text: string) => void said.push(text),
  }
  const told = events.map((event, n) => `id: ${n}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`).join(': beat\n\n')
  async function* stream() {
    const bytes = Buffer.from(told)
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
  }
  await expect(followEvents({ terminal }, { stream }, options)).rejects.toMatchObject({
    ...{ exitCode: 1, message: expect.stringMatching(/^the gateway ended it: /) },
  })
  expect(said).toEqual([expect.stringMatching(/^following: /)])
  return out
}

const one = (more: Partial<EventView> = {}): EventView => ({ ...madeUpEvent, account: null, ...more })
const ids = (lines: readonly string[]) => lines.map((line) => (JSON.parse(line) as EventView).id)

describe('events as they come', () => {
  test('are a line each, or JSON, in which nothing moves the cursor', async () => {
    const door = { id: '17', name: 'Main\u009b31m entrance' }
    expect(await printed([one({ door, account: '4711' }), one()], {})).toEqual([
      '2026-03-01 08:00:00Z  access.granted  hq/17 Main?31m entrance in  4711\n',
      '2026-03-01 08:00:00Z  access.granted  hq/17 Main entrance in\n',
    ])
    const [line = ''] = await printed([one({ door })], { json: true })
    expect(line).toContain('Main\\u009b31m')
    expect(JSON.parse(line)).toEqual(one({ door }))
  })

  test('of cards that are nobody’s are those that the log finds: also where no number was told', async () => {
    const all = [
      one({ id: 'number', cardNumber: '4711' }),
      one({ id: 'card', card: 'CSN:04A1B2C3' }),
      one({ id: 'untold', type: 'access.denied.unknown_credential' }),
      one({ id: 'account', cardNumber: '4711', account: '12' }),
      one({ id: 'button' }),
    ]
    expect(ids(await printed(all, { unknownCards: true, json: true }))).toEqual(['number', 'card', 'untold'])
  })

  test('of a card are found however its number is written, and in whatever format a reader tells it', async () => {
    const all = [one({ id: 'same', card: 'H10301:7:4711' }), one({ id: 'other', card: 'H10301:7:4712' }), one()]
    for (const card of ['H10301:7:4711', 'h10301:007:04711', 'AWID26:7:4711'])
      expect(ids(await printed(all, { card, json: true }))).toEqual(['same'])
  })

  test('are filtered by door, type, class, source and person', async () => {
    const person = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01'
    const all = [one({ id: 'it', person }), one({ id: 'not', source: 'labs', type: 'door.opened', class: 'door' })]
    const asked: readonly FollowOptions[] = [
      ...[{ door: 'hq/17' }, { type: 'access.granted' }, { class: 'access' }, { source: 'hq' }, { person }],
    ]
    for (const options of asked) expect(ids(await printed(all, { ...options, json: true }))).toEqual(['it'])
  })
})

test.each([
  [{ from: '2026-03-01' }, /leave --from out/],
  [{ person: 'E-10017' }, /takes --person by id/],
  [{ door: 'front' }, /--door takes target\/id/],
  [{ card: '4711' }, /--card takes/],
])('what no event could ever be is refused before anything is asked: %o', async (options: FollowOptions, why) => {
  const client = { stream: () => expect.unreachable() }
  const following = followEvents({ terminal: processTerminal() }, client, options)
  await expect(following).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(why) })
})
