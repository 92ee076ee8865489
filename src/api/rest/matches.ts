/** Existing accounts of a target: whose they are, and the decision to link them. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, configuredId, json, needs, nothing, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { adopted, matchClassNames, matchRowView, matchView } from '../schemas/matches.ts'

const params = z.strictObject({ target: configuredId.openapi({ param: { name: 'target', in: 'path' } }) })
const act = { params, body: body(z.strictObject({ reason })) }

const start = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/match',
  summary: 'Read all accounts of a target, and say whose they are; writes nothing there',
  request: act,
  responses: nothing,
})

const show = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/targets/{target}/match',
  summary: 'How far the last match of a target is, and what it came to',
  request: { params },
  responses: { 200: json(matchView, 'Its state and counts.'), ...problems },
})

const accounts = createRoute({
  ...needs('operator'),
  method: 'get',
  path: '/v1/targets/{target}/match/accounts',
  summary: 'Account by account whose it is, and why',
  request: { params, query: z.strictObject({ class: z.enum(matchClassNames).optional(), ...pageQuery }) },
  responses: { 200: json(pageOf(matchRowView), 'One page of accounts.'), ...problems },
})

const adopt = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/match/adopt',
  summary: 'Link every account that is certain; what differs becomes a plan',
  request: act,
  responses: { 200: json(adopted, 'How many.'), ...problems },
})

const link = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/match/link',
  summary: 'Link one account by hand; a second one of a person is only ever locked with the first',
  request: {
    params,
    body: body(z.strictObject({ account: z.string().min(1).max(256), person: z.uuid(), reason })),
  },
  responses: nothing,
})

const leave = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/match/leave',
  summary: "Say that an account is none of ours, or that none is this person's: who waited for that is made an account",
  request: {
    params,
    body: body(
      z.union([
        z.strictObject({ account: z.string().min(1).max(256), reason }),
        z.strictObject({ person: z.uuid(), reason }),
      ]),
    ),
  },
  responses: nothing,
})

export function addMatches(api: Api, acts: Acts): void {
  api.openapi(start, async (c) => {
    await acts.startMatch(c.get('actor'), c.req.valid('param').target, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(show, async (c) => c.json(await acts.match(c.req.valid('param').target), 200))
  api.openapi(accounts, async (c) => {
    const { class: of, ...page } = c.req.valid('query')
    const filter = of === undefined ? {} : { class: of }
    return c.json(await acts.matchRows(c.req.valid('param').target, filter, toPage(page)), 200)
  })
  api.openapi(adopt, async (c) =>
    c.json(await acts.adoptMatches(c.get('actor'), c.req.valid('param').target, c.req.valid('json').reason), 200),
  )
  api.openapi(link, async (c) => {
    const { account, person, reason: why } = c.req.valid('json')
    await acts.linkAccount(c.get('actor'), c.req.valid('param').target, account, person, why)
    return c.body(null, 204)
  })
  api.openapi(leave, async (c) => {
    const { reason: why, ...of } = c.req.valid('json')
    await acts.leaveMatch(c.get('actor'), c.req.valid('param').target, of, why)
    return c.body(null, 204)
  })
}
