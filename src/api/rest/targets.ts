/** Targets: let Gatehouse write to one, stop all writing to one, or all but lock-outs at one or everywhere, and let it go on. */
import { createRoute, z } from '@hono/zod-openapi'
import { driftClasses } from '../../model/drift.ts'
import type { Acts } from '../acts.ts'
import type { Api } from '../env.ts'
import { body, configuredId, json, needs, nothing, pageOf, pageQuery, problems, reason, toPage } from '../route.ts'
import { driftCount, driftDecision, driftView } from '../schemas/targets.ts'
import { count } from '../schemas/values.ts'

const request = {
  params: z.strictObject({ target: configuredId.openapi({ param: { name: 'target', in: 'path' } }) }),
  body: body(z.strictObject({ reason })),
}

const enable = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/enable',
  summary: 'Let Gatehouse write to a target: lock-outs at once, all else after the release of the first plan',
  request,
  responses: nothing,
})

const observe = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/observe',
  summary: 'Only observe a target: nothing is written any more, lock-outs neither',
  request,
  responses: nothing,
})

const settle = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/settle',
  summary: 'Let a target that seems to have forgotten go on: every account is made as desired again',
  request,
  responses: { 200: json(z.object({ accounts: count }), 'How many accounts are looked at.'), ...problems },
})

const drift = createRoute({
  ...needs('viewer'),
  method: 'get',
  path: '/v1/drift',
  summary: 'What changed at targets behind our back, and is still so',
  request: { query: z.strictObject({ target: configuredId.optional(), ...pageQuery }) },
  responses: {
    200: json(pageOf(driftView).extend({ counts: z.array(driftCount).readonly() }), 'One page, and counts of all.'),
    ...problems,
  },
})

const chosenDrift = {
  params: request.params,
  body: body(
    z
      .strictObject({
        reason,
        id: z.uuid().optional().meta({ description: 'One change.' }),
        account: z.uuid().optional().meta({ description: 'Those of this account, by random id.' }),
        class: z.enum(driftClasses).optional().meta({ description: 'Those of this class.' }),
      })
      .refine((value) => [value.id, value.account, value.class].some((each) => each !== undefined), {
        error: 'name at least one of id, account and class',
      }),
  ),
}
const decided = { 200: json(driftDecision, 'How many were decided about, and how many were left.'), ...problems }

const acceptDrift = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/drift/accept',
  summary: 'Changes by hand may stay: reported no more, and left by the next write',
  request: chosenDrift,
  responses: decided,
})

const revertDrift = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/drift/revert',
  summary: 'Changes by hand are undone, once',
  request: chosenDrift,
  responses: decided,
})

const withdrawDrift = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/drift/withdraw',
  summary: 'Changes that were accepted may stay no longer',
  request: chosenDrift,
  responses: decided,
})

const pause = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/pause',
  summary: 'Stop all writing to a target, lock-outs too, until it is resumed',
  request,
  responses: nothing,
})

const resume = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/targets/{target}/resume',
  summary: 'Let a paused target go on, whatever paused it',
  request,
  responses: nothing,
})

const anywhere = {
  body: body(
    z.strictObject({
      reason,
      target: configuredId.optional().meta({ description: 'Id of a target; left out: everywhere.' }),
    }),
  ),
}

const freeze = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/freeze',
  summary: 'Stop all but lock-outs, at a target or everywhere',
  request: anywhere,
  responses: nothing,
})

const unfreeze = createRoute({
  ...needs('operator'),
  method: 'post',
  path: '/v1/unfreeze',
  summary: 'Lift a freeze: what waits is begun, and plans that it held are made anew',
  request: anywhere,
  responses: nothing,
})

export function addTargets(api: Api, acts: Acts): void {
  api.openapi(settle, async (c) =>
    c.json(await acts.settleTarget(c.get('actor'), c.req.valid('param').target, c.req.valid('json').reason), 200),
  )
  api.openapi(drift, async (c) => {
    const { target, ...page } = c.req.valid('query')
    return c.json(await acts.drifts(target, toPage(page)), 200)
  })
  api.openapi(acceptDrift, async (c) => {
    const { reason: why, ...chosen } = c.req.valid('json')
    return c.json(await acts.acceptDrift(c.get('actor'), c.req.valid('param').target, chosen, why), 200)
  })
  api.openapi(revertDrift, async (c) => {
    const { reason: why, ...chosen } = c.req.valid('json')
    return c.json(await acts.revertDrift(c.get('actor'), c.req.valid('param').target, chosen, why), 200)
  })
  api.openapi(withdrawDrift, async (c) => {
    const { reason: why, ...chosen } = c.req.valid('json')
    return c.json(await acts.withdrawDrift(c.get('actor'), c.req.valid('param').target, chosen, why), 200)
  })
  api.openapi(enable, async (c) => {
    await acts.enableTarget(c.get('actor'), c.req.valid('param').target, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(observe, async (c) => {
    await acts.observeTarget(c.get('actor'), c.req.valid('param').target, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(pause, async (c) => {
    await acts.pauseTarget(c.get('actor'), c.req.valid('param').target, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(resume, async (c) => {
    await acts.resumeTarget(c.get('actor'), c.req.valid('param').target, c.req.valid('json').reason)
    return c.body(null, 204)
  })
  api.openapi(freeze, async (c) => {
    const { target = null, reason: why } = c.req.valid('json')
    await acts.freeze(c.get('actor'), target, why)
    return c.body(null, 204)
  })
  api.openapi(unfreeze, async (c) => {
    const { target = null, reason: why } = c.req.valid('json')
    await acts.unfreeze(c.get('actor'), target, why)
    return c.body(null, 204)
  })
}
