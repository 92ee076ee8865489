/** Cards by number, which is personal data and so never in a URL: shown, lost, returned, suspended, resumed and issued by an operator. */
import { createRoute, z } from '@hono/zod-openapi'
import type { CardRequest } from '../acts/cards.ts'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, problems, reason } from '../route.ts'
import { cardDone, cardUse, cardView } from '../schemas/cards.ts'

const card = z
  .string()
  .trim()
  .min(3)
  .max(100)
  .meta({
    description: '`H10301:facility:number`, `CSN:hex`, or another format with its fields.',
    examples: ['H10301:17:4711'],
  })

/** No number has so many readings. */
const usesMax = 100

const request = z.strictObject({
  card,
  person: z.uuid().optional().meta({ description: 'Whose it must be; left out: whoever has it.' }),
  reason,
})

const done = { 200: json(cardDone, 'Whose card it was, and the lock-outs to watch.'), ...problems }

const show = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/cards/find',
  summary: 'Whose a card is, in what state, and where',
  description: 'A POST, because numbers in URLs end up in logs.',
  request: { body: body(z.strictObject({ card })) },
  responses: {
    200: json(z.object({ cards: z.array(cardView).readonly() }), 'Who has it, and who waits for it.'),
    ...problems,
  },
})

const uses = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/cards/uses',
  summary: 'Who has or had one of these cards, by ids alone: for a number that can be meant in several ways',
  description: 'A POST, because numbers in URLs end up in logs.',
  request: { body: body(z.strictObject({ cards: z.array(card).min(1).max(usesMax) })) },
  responses: {
    200: json(z.object({ uses: z.array(cardUse).readonly() }), 'Cards that nobody knows are left out.'),
    ...problems,
  },
})

const lose = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/cards/lose',
  summary: 'Block a lost card everywhere, now; it is lost until somebody says in words that it is back',
  request: { body: body(request) },
  responses: done,
})

const giveBack = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/cards/return',
  summary: "Take a card off its holder's accounts; another person can have it then",
  request: { body: body(request) },
  responses: done,
})

const suspend = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/cards/suspend',
  summary: 'Block a card until it is resumed, whatever the sources say of it',
  request: { body: body(request) },
  responses: done,
})

const resume = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/cards/resume',
  summary: "Lift an operator's suspension of a card, and nothing else",
  request: { body: body(request) },
  responses: done,
})

const issue = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/cards',
  summary: 'Give a person a card, also one that was lost or given back before',
  request: { params: byId, body: body(z.strictObject({ card, reason })) },
  responses: done,
})

export function addCards(api: Api, acts: Acts): void {
  api.openapi(show, async (c) => c.json({ cards: await acts.card(c.req.valid('json').card) }, 200))
  api.openapi(uses, async (c) => c.json({ uses: await acts.cardUses(c.req.valid('json').cards) }, 200))
  api.openapi(lose, async (c) => c.json(await acts.loseCard(c.get('actor'), asked(c.req.valid('json'))), 200))
  api.openapi(giveBack, async (c) => c.json(await acts.returnCard(c.get('actor'), asked(c.req.valid('json'))), 200))
  api.openapi(suspend, async (c) => c.json(await acts.suspendCard(c.get('actor'), asked(c.req.valid('json'))), 200))
  api.openapi(resume, async (c) => c.json(await acts.resumeCard(c.get('actor'), asked(c.req.valid('json'))), 200))
  api.openapi(issue, async (c) => {
    const { card: number, reason: because } = c.req.valid('json')
    return c.json(await acts.issueCard(c.get('actor'), c.req.valid('param').id, number, because), 200)
  })
}

/** Without `person: undefined`, which an act may not be given. */
function asked({ person, ...rest }: z.output<typeof request>): CardRequest {
  return person === undefined ? rest : { ...rest, person }
}
