/** People: found by number or card, shown, explained, locked and unlocked; personal data, so never in a URL. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, byId, json, needs, nothing, problems, reason } from '../route.ts'
import { explanationView, personView, unlockedView } from '../schemas/people.ts'

// A month: whoever should stay longer belongs into the source.
const unlockHoursMax = 31 * 24

const find = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/find',
  summary: 'Find one person by employee number, card or id',
  description: 'A POST, because numbers in URLs end up in logs. Cards: `H10301:facility:number` or `CSN:hex`.',
  request: {
    body: body(
      z.strictObject({
        by: z.string().trim().min(1).max(200),
        acting: z.boolean().default(false).meta({
          description:
            'To do something to them: a card that is lost, or that somebody else waits for, names nobody then.',
        }),
      }),
    ),
  },
  responses: { 200: json(z.object({ id: z.string() }), 'The id of the person.'), ...problems },
})

const show = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/people/{id}',
  summary: 'One person with accounts and lock-outs',
  request: { params: byId },
  responses: { 200: json(personView, 'Personal data in clear.'), ...problems },
})

const explain = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/people/{id}/explain',
  summary: 'Why a person has what they have',
  request: { params: byId },
  responses: { 200: json(explanationView, 'Rule by rule, for each employment.'), ...problems },
})

const lock = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/lock',
  summary: 'Lock a person out everywhere, now',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: {
    200: json(
      z.object({
        lockouts: z.array(z.string()).readonly(),
        paused: z.array(z.string()).readonly(),
        observed: z.array(z.string()).readonly(),
      }),
      'The lock-outs to watch, and the targets where nothing happens until they are resumed, or enabled.',
    ),
    ...problems,
  },
})

const unlock = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/unlock',
  summary: "Lift an operator's lock, or hold the door open for some hours whatever the sources say",
  description:
    'Of a locked person, only the lock is lifted: who has left stays out. Of one who is not locked, but left or is suspended, the door is held open for `hours`.',
  request: {
    params: byId,
    body: body(z.strictObject({ reason, hours: z.number().min(1).max(unlockHoursMax) })),
  },
  responses: { 200: json(unlockedView, 'What was done, and what the sources say.'), ...problems },
})

const protect = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/protect',
  summary: 'Protect a person: no automatic lock-out or revoke, each waits for a release',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: nothing,
})

const unprotect = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/people/{id}/unprotect',
  summary: 'Protect a person no longer: a lock-out by record that waited runs now',
  request: { params: byId, body: body(z.strictObject({ reason })) },
  responses: nothing,
})

export function addPeople(api: Api, acts: Acts): void {
  api.openapi(find, async (c) => {
    const { by, acting } = c.req.valid('json')
    return c.json({ id: await acts.findPerson(by, acting) }, 200)
  })
  api.openapi(show, async (c) => c.json(await acts.person(c.req.valid('param').id), 200))
  api.openapi(explain, async (c) => c.json(await acts.explain(c.req.valid('param').id), 200))
  api.openapi(lock, async (c) =>
    c.json(await acts.lockPerson(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
  api.openapi(protect, async (c) => {
    await acts.protectPerson(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(unprotect, async (c) => {
    await acts.unprotectPerson(c.get('actor'), c.req.valid('param').id, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(unlock, async (c) => {
    const { reason, hours } = c.req.valid('json')
    return c.json(await acts.unlockPerson(c.get('actor'), c.req.valid('param').id, reason, hours), 200)
  })
}
