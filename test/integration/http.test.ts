/** The HTTP surface of a running gateway, as monitoring and other programs meet it: probes, figures, and a description that is true. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { PlanView } from '../../src/api/acts/plans.ts'
import type { SourceView } from '../../src/api/acts/sources.ts'
import { problemDocument } from '../../src/api/problem.ts'
import { countedProposal } from '../support/configuration.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import {
  cardAlone,
  file,
  firstImport,
  heldPlan,
  isShutOut,
  withMoreColumns,
  worker,
  workers,
} from '../support/people.ts'
import { startPostgres, startRedis, type TestPostgres, type TestRedis, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let postgres: TestPostgres
let redis: TestRedis
let site: Site
let gateway: GatewayProcess
let description: Description
const rows = workers(6)
const reason = 'checked by phone'

beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  site = await openSite({ databaseUrl: postgres.url, redisUrl: redis.url })
  await writeFile(join(site.directory, 'alarms'), `whsec_${Buffer.alloc(32, 7).toString('base64')}`, { mode: 0o600 })
  await site.configure((config) => {
    Object.assign(config.targets.hq, { events: {} })
    Object.assign(config.sources.hr, { archive: { keep: '30d' }, brakes: { lockout_record: { min: 1, percent: 0 } } })
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
    Object.assign(config, { alarms: { webhook: { url: 'http://127.0.0.1:1/', secret: '${file:./alarms}' } } })
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
    const siem = { connector: 'webhook', settings: { url: 'http://127.0.0.1:1/', secret: '${file:./alarms}' } }
    Object.assign(config, { subscriptions: { siem } })
  })
  gateway = await site.start()
  await firstImport(site, gateway, rows)
  description = documentShape.parse(await (await ask('GET', '/openapi.json', { token: null })).json())
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await Promise.all([postgres[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()])
})

async function asOwner<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const owner = new pg.Client(postgres.admin)
  await owner.connect()
  const { rows } = await owner.query<Row>(sql)
  await owner.end()
  return rows
}

interface Asking {
  readonly token?: string | null
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

function ask(method: string, path: string, { token = site.token, body, headers }: Asking = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

const answerShape = z.strictObject({
  description: z.string().min(1),
  content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })).optional(),
})
const operationShape = z.object({
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  'x-gatehouse-role': z.enum(['viewer', 'operator', 'admin', 'security', 'attendance']).optional(),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean(),
        schema: z.object(),
      }),
    )
    .optional(),
  requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: z.object() }) }) }).optional(),
  responses: z.record(z.string().regex(/^([1-5]\d\d|default)$/), answerShape),
})
/** OpenAPI 3.1.0, as far as this document uses it: https://spec.openapis.org/oas/v3.1.0. */
const documentShape = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), operationShape),
  ),
  webhooks: z.strictObject({}),
  components: z.strictObject({
    schemas: z.record(z.string(), z.record(z.string(), z.unknown())),
    parameters: z.object(),
    securitySchemes: z.strictObject({
      token: z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer') }),
    }),
  }),
})
type Description = z.output<typeof documentShape>

/** A schema of the document by which an answer with a field more, or less, is found out. */
function closed(schema: unknown): z.ZodType {
  const strict = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(strict)
    if (typeof part !== 'object' || part === null) return part
    const inner = Object.entries(part).map(([key, value]) => [
      key,
      key === '$ref' ? String(value).replace('#/components/schemas/', '#/$defs/') : strict(value),
    ])
    const object: Record<string, unknown> = Object.fromEntries(inner)
    return object.type === 'object' && object.properties !== undefined
      ? { additionalProperties: false, ...object }
      : object
  }
  return z.fromJSONSchema({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: strict(description.components.schemas) as Record<string, never>,
    ...(strict(schema) as object),
  })
}

const operations = (): string[] =>
  Object.entries(description.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )

test('the description is OpenAPI 3.1: references lead somewhere, paths and their parameters fit, what needs a token says so', () => {
  const text = JSON.stringify(description)
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
    expect(description.components.schemas).toHaveProperty(name)
  expect(text).not.toMatch(/"\$ref":"(?!#\/components\/schemas\/)/)
  // OpenAPI 3.0 had this; JSON Schema 2020-12 has not.
  expect(text).not.toContain('"nullable"')
  for (const [path, item] of Object.entries(description.paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    for (const operation of Object.values(item)) {
      const inPath = (operation.parameters ?? []).filter((each) => each.in === 'path')
      expect(inPath.map(({ name }) => name)).toEqual(named)
      expect(inPath.every(({ required }) => required)).toBe(true)
      const open = ['/livez', '/readyz'].includes(path)
      expect([operation.security, operation['x-gatehouse-role'] === undefined]).toEqual(
        open ? [undefined, true] : [[{ token: [] }], false],
      )
    }
  }
})

/** Asks, and holds the answer to its description: the status, the type, and every field. */
async function asDescribed(method: string, path: string, at: string, body?: unknown): Promise<unknown> {
  const operation = Object.entries(description.paths[at] ?? {}).find(([name]) => name === method.toLowerCase())?.[1]
  // Only a stream behind the wall asks for it: it has no body.
  const headers = { 'x-gatehouse-reason': encodeURIComponent(reason) }
  const response = await ask(method, path, { body, headers })
  const answer = operation?.responses[String(response.status)]
  expect([method, path, response.status, answer?.description]).toEqual([
    method,
    path,
    response.status,
    expect.any(String),
  ])
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  expect(Object.keys(answer?.content ?? {})).toEqual(type === '' ? [] : [type])
  if (type !== 'application/json') return response.text()
  const json: unknown = await response.json()
  expect(closed(answer?.content?.[type]?.schema).safeParse(json).error?.issues).toBeUndefined()
  return json
}

type Call = <T>(
  operation: string,
  values?: Readonly<Record<string, string>>,
  body?: unknown,
  query?: string,
) => Promise<T>

/** Of none that there is; what is found, and what becomes of it, is played in a file of its own. */
async function suspensions(call: Call, called: string[]): Promise<void> {
  await call('GET /v1/suspensions', {}, undefined, '?limit=5')
  const unknown = '/v1/suspensions/00000000-0000-4000-8000-000000000000'
  for (const act of ['approve', 'keep', 'release']) {
    expect((await ask('POST', `${unknown}/${act}`, { body: { reason } })).status).toBe(404)
    called.push(`POST /v1/suspensions/{id}/${act}`)
  }
  expect((await ask('GET', unknown)).status).toBe(404)
  called.push('GET /v1/suspensions/{id}')
}

test('every path answers as it is described, field by field', { timeout: 60_000 }, async () => {
  const called: string[] = []
  const call = async <T>(
    operation: string,
    values: Readonly<Record<string, string>> = {},
    body?: unknown,
    query = '',
  ): Promise<T> => {
    called.push(operation)
    const [method = '', at = ''] = operation.split(' ')
    const path = at.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
    return (await asDescribed(method, path + query, at, body)) as T
  }
  const standing = async () => (await call<SourceView>('GET /v1/sources/{source}', { source: 'hr' })).standing
  const [person, other] = rows as [(typeof rows)[0], (typeof rows)[0]]
  await call('GET /livez')
  await call('GET /readyz')
  await call('GET /v1/status')
  await call('POST /v1/sync', {}, { source: 'hr' })
  await site.drop('changes-1.csv', file([20, 21, 22, 23, 25, 26].map((index) => worker(index))))
  const held = await heldPlan(gateway, site.token)
  await call('POST /v1/plans/{id}/reject', { id: held.id }, { reason })
  const again = await call<{ plan: string }>('POST /v1/plans/{id}/again', { id: held.id }, { reason })
  await call('POST /v1/plans/{id}/reject', { id: again.plan }, { reason })
  await site.drop('changes-2.csv', file([20, 21, 22, 23, 24, 25, 26].map((index) => worker(index))))
  const next = await heldPlan(gateway, site.token)
  await call('GET /v1/plans', {}, undefined, '?state=held&limit=1')
  await call('GET /v1/plans/{id}', { id: next.id })
  await call('GET /v1/plans/{id}/changes', { id: next.id }, undefined, '?limit=2')
  await call('POST /v1/plans/{id}/release', { id: next.id }, { reason })
  await site.drop('changes-3.csv', file([{ ...other, department: 'Legal' }]))
  const moved = await until('the move is planned', async () => {
    const { rows: plans } = await gateway.call<{ rows: PlanView[] }>(site.token, '/v1/plans?limit=5')
    return plans.find(({ kinds }) => kinds.some(({ kind }) => kind === 'revoke'))
  })
  await call('GET /v1/plans/{id}/changes', { id: moved.id })
  const { id } = await call<{ id: string }>('POST /v1/people/find', {}, { by: person.employeeNumber })
  await call('GET /v1/people/{id}', { id })
  await call('GET /v1/people/{id}/explain', { id })
  await call('POST /v1/people/{id}/pin', { id }, { reason })
  const grant = await call<{ id: string; waits: string | null }>(
    'POST /v1/people/{id}/grants',
    { id },
    { level: 'hq/Legal doors', until: '1h', reason },
  )
  expect(grant.waits).toBeNull()
  await call('GET /v1/people/{id}/grants', { id })
  await call('GET /v1/grants', {}, undefined, '?limit=1')
  await call('GET /v1/people/{id}', { id })
  await call('GET /v1/people/{id}/explain', { id })
  await call('POST /v1/grants/{id}/revoke', { id: grant.id }, { reason })
  const card = `H10301:${other.cardFacility}:${other.cardNumber}`
  await call('POST /v1/cards/suspend', {}, { card, reason })
  await call('POST /v1/cards/resume', {}, { card, reason })
  const lost = await call<{ lockouts: string[]; person: string }>('POST /v1/cards/lose', {}, { card, reason })
  await call('GET /v1/lockouts/{id}', { id: lost.lockouts[0] ?? '' })
  await call('POST /v1/cards/find', {}, { card })
  await call('POST /v1/cards/uses', {}, { cards: [card] })
  await call('POST /v1/cards/return', {}, { card, person: lost.person, reason })
  await call('POST /v1/people/{id}/cards', { id: lost.person }, { card, reason })
  const { lockouts } = await call<{ lockouts: string[] }>('POST /v1/people/{id}/lock', { id }, { reason })
  await until('the person is out', () => isShutOut(site, person))
  await until(
    'the proof is there',
    async () => (await call<{ provenAt: string | null }>('GET /v1/lockouts/{id}', { id: lockouts[0] ?? '' })).provenAt,
  )
  expect(await call<string>('POST /v1/lockouts/export', {}, { person: id })).toMatch(/^\{"type":"lockout\/1",/)
  const worked = { by: id, punch: 'in', at: '2026-03-02T07:00:00Z', reason }
  const { n } = await call<{ n: number }>('POST /v1/attendance/punches', {}, worked)
  const ofMarch = { by: rows[0]?.employeeNumber, from: '2026-03-01', to: '2026-03-31', reason }
  await call('POST /v1/attendance/shifts/list', {}, ofMarch)
  await call('POST /v1/attendance/punches/{n}/void', { n: String(n) }, { reason })
  await call('POST /v1/attendance/punches/list', {}, ofMarch)
  const { by: _, ...everybody } = ofMarch
  expect(await call<string>('POST /v1/attendance/export', {}, everybody)).toMatch(/\n# shifts=0 .+\n$/)
  await call('POST /v1/events/find', {}, { person: id, class: 'access', limit: 5, reason })
  expect(await call<string>('GET /v1/events/stream', {}, undefined, '?follow=false')).toBe(': gatehouse\n\n')
  await call('GET /v1/events/sources')
  await call('GET /v1/events/types')
  await call('GET /v1/events/types/{system}', { system: 'biostar2' })
  await call('GET /v1/keys/public')
  await call('GET /v1/people/{id}', { id })
  await call('POST /v1/people/{id}/unlock', { id }, { reason, hours: 1 })
  const { id: window } = await call<{ id: string }>('POST /v1/people/{id}/enrolments', { id }, { for: '30m', reason })
  await call('GET /v1/enrolments', {}, undefined, '?limit=5')
  await call('POST /v1/enrolments/{id}/close', { id: window }, { reason })
  await call('POST /v1/people/{id}/protect', { id }, { reason })
  await call('POST /v1/people/{id}/unprotect', { id }, { reason })
  await call('POST /v1/targets/{target}/pause', { target: 'hq' }, { reason })
  const { id: third } = await call<{ id: string }>('POST /v1/people/find', {}, { by: rows[2]?.employeeNumber })
  const waiting = await call<{ lockouts: string[] }>('POST /v1/people/{id}/lock', { id: third }, { reason })
  await call('POST /v1/lockouts/{id}/sign-off', { id: waiting.lockouts[0] ?? '' }, { reason })
  await call('GET /v1/lockouts/{id}', { id: waiting.lockouts[0] ?? '' })
  await call('GET /v1/lockouts', {}, undefined, `?state=signed-off&target=hq&person=${third}`)
  await call('GET /v1/status')
  await call('POST /v1/targets/{target}/resume', { target: 'hq' }, { reason })
  await call('POST /v1/freeze', {}, { reason })
  await call('POST /v1/freeze', {}, { reason, target: 'hq' })
  await call('GET /v1/alarms', {}, undefined, '?all=true')
  await call('POST /v1/alarms/test')
  await call('GET /v1/failures', {}, undefined, '?target=hq&limit=5')
  await call('POST /v1/failures/retry', {}, { all: true, reason })
  const { id: fourth } = await call<{ id: string }>('POST /v1/people/find', {}, { by: rows[3]?.employeeNumber })
  await suspensions(call, called)
  // Somebody else's: whoever is thawed below is locked by it, and a lock-out is never discarded.
  const [account] = await asOwner<{ id: string }>(
    `update gatehouse.account set failures = '{"profile":{"kind":"rejected","code":"made.up"}}'
      where id = (select id from gatehouse.account where desired::jsonb ->> 'lock' = 'open' and person_id <> '${fourth}' and id not in (select account_id from gatehouse.account_work)
                      and id not in (select account_id from gatehouse.lockout where proven_at is null and ended_at is null) limit 1) returning id`,
  )
  await call('GET /v1/failures')
  await asOwner(`update gatehouse.person set protected = true where id = '${fourth}'`)
  await asOwner(`insert into gatehouse.alarm (code, scope) values ('guard.failed', '${fourth}')`)
  await call('GET /v1/frozen', {}, undefined, '?limit=5')
  await call('POST /v1/frozen/{id}/thaw', { id: fourth }, { reason })
  await call('POST /v1/failures/{id}/discard', { id: account?.id ?? '' }, { reason })
  await asOwner(`insert into gatehouse.alarm (code, scope) values ('guard.failed', 'made-up')`)
  const siem = { subscription: 'siem' }
  await call('GET /v1/subscriptions')
  await call('GET /v1/subscriptions/{subscription}', siem)
  await call('POST /v1/subscriptions/{subscription}/disable', siem, { reason })
  await call('POST /v1/subscriptions/{subscription}/test', siem)
  await call('POST /v1/subscriptions/{subscription}/enable', siem, { reason })
  await call('POST /v1/subscriptions/{subscription}/replay', siem, { reason, from: new Date(0).toISOString() })
  await call('GET /v1/subscriptions/{subscription}/deliveries', siem)
  called.push('POST /v1/subscriptions/{subscription}/files/{file}/open')
  expect(
    (await ask('POST', '/v1/subscriptions/siem/files/a-2026-11-26.csv.sealed/open', { body: { reason } })).status,
  ).toBe(409)
  await call('POST /v1/alarms/clear', {}, { code: 'guard.failed', scope: 'made-up', reason })
  await call('GET /v1/status')
  await call('POST /v1/unfreeze', {}, { reason, target: 'hq' })
  await call('POST /v1/unfreeze', {}, { reason })
  await call('GET /v1/sources/{source}', { source: 'hr' })
  await call('GET /v1/levels', {}, undefined, '?target=hq')
  await call('GET /v1/audit', {}, undefined, '?after=2&limit=5')
  const { head } = await call<{ head: string }>('GET /v1/audit/verify')
  await call('GET /v1/audit/verify', {}, undefined, `?head=${head}`)
  expect(await call<string>('POST /v1/audit/export', {}, {})).toMatch(/\n\{"type":"audit-export\/1",.+\}\n$/)
  const { rows: archives } = await call<{ rows: { id: string; bytes: number }[] }>(
    'GET /v1/archives',
    {},
    undefined,
    '?limit=2',
  )
  const archive = archives[0]?.id ?? ''
  expect(await call<string>('POST /v1/archives/{id}/open', { id: archive }, { reason })).toContain(other.familyName)
  await call('POST /v1/archives/{id}/destroy', { id: archive }, { reason })
  expect(await call<string>('POST /v1/backup', {}, { reason })).toMatch(/^{"gatehouse":"backup",/)
  const made = await call<{ id: string }>('POST /v1/tokens', {}, { name: 'Test Monitor', role: 'viewer', days: 1 })
  await call('POST /v1/keys/rotate', {}, { reason })
  await call('GET /v1/keys')
  await call('GET /v1/tokens')
  await call('DELETE /v1/tokens/{id}', { id: made.id })
  const at = { target: 'hq' }
  await call('POST /v1/targets/{target}/match', at, { reason })
  await until('all accounts were read', async () => {
    const { state } = await call<{ state: string }>('GET /v1/targets/{target}/match', at)
    return state === 'done'
  })
  await call('GET /v1/targets/{target}/match/accounts', at, undefined, '?limit=3')
  await call('POST /v1/targets/{target}/match/adopt', at, { reason })
  site.simulator.hand({ action: 'create', user: { id: 'second', name: 'Second Account' } })
  site.simulator.hand({
    action: 'create',
    user: { id: 'namesake', name: `${rows[5]?.givenName} ${rows[5]?.familyName}` },
  })
  await call('POST /v1/targets/{target}/match', at, { reason })
  await until('all accounts were read', async () => {
    const { state } = await call<{ state: string }>('GET /v1/targets/{target}/match', at)
    return state === 'done'
  })
  await call('POST /v1/targets/{target}/match/link', at, { account: 'second', person: id, reason })
  await call('POST /v1/targets/{target}/match/leave', at, { account: 'namesake', reason })
  await call('GET /v1/people/{id}/erasure', { id })
  const { erasure } = await call<{ erasure: string }>('POST /v1/people/{id}/erase', { id }, { reason })
  await until(
    'the person is gone',
    async () => {
      const view = await call<{ state: string }>('GET /v1/erasures/{id}', { id: erasure })
      return view.state === 'deleted'
    },
    30_000,
  )
  await call('GET /v1/erasures', {}, undefined, '?limit=1')
  expect((await ask('POST', `/v1/erasures/${erasure}/sign-off`, { body: { target: 'hq', reason } })).status).toBe(409)
  called.push('POST /v1/erasures/{id}/sign-off')
  await call('POST /v1/erasures/lift', {}, { by: person.employeeNumber, reason })
  await call('POST /v1/configuration/propose')
  await call('GET /v1/configuration')
  const proposeDays = async (days: number) => {
    await site.configure((config) => Object.assign(config, { leaver: { remove_after: `${days}d` } }))
    await call('POST /v1/configuration/propose')
    const { digest } = await countedProposal(gateway, site.token)
    await call('GET /v1/configuration')
    return { digest, reason }
  }
  await call('POST /v1/configuration/reject', {}, await proposeDays(8))
  await call('POST /v1/configuration/release', {}, await proposeDays(9))
  await call('GET /v1/drift', {}, undefined, '?target=hq&limit=5')
  for (const act of ['accept', 'revert', 'withdraw']) {
    called.push(`POST /v1/targets/{target}/drift/${act}`)
    const body = { reason, class: 'level-added' }
    expect((await ask('POST', `/v1/targets/hq/drift/${act}`, { body })).status).toBe(404)
  }
  called.push('POST /v1/targets/{target}/settle')
  expect((await ask('POST', '/v1/targets/hq/settle', { body: { reason } })).status).toBe(409)
  const leaving = rows.slice(4, 6).map((row) => ({ ...row, status: 'terminated' as const }))
  await site.drop('changes-4.csv', file(leaving))
  await until('the source is suspect', async () => (await standing()).suspectSince)
  expect(await standing()).toMatchObject({ lockedOut: 1, heldBack: 1 })
  expect(await call('POST /v1/sources/{source}/clear', { source: 'hr' }, { reason })).toEqual({ people: 1 })
  await until('both are out', () => leaving.every((row) => isShutOut(site, row)))
  await site.drop('changes-5.csv', withMoreColumns(rows.slice(3, 4)))
  await until('its columns are noticed', async () => (await standing()).columnsMoved)
  await call('POST /v1/sources/{source}/accept', { source: 'hr' }, { reason })
  await until(
    'it is read',
    async () => !(await call<SourceView>('GET /v1/sources/{source}', { source: 'hr' })).standing.columnsMoved,
  )
  await call('POST /v1/targets/{target}/observe', { target: 'hq' }, { reason })
  await call('POST /v1/targets/{target}/enable', { target: 'hq' }, { reason })
  await call('GET /metrics')
  expect([...new Set(called)].sort()).toEqual(operations().sort())
})

test.each<[string, string, Asking, number, string]>([
  ['GET', '/v1/status', { token: null }, 401, 'api.no-token'],
  ['GET', '/v1/status?token=gh_x', { token: null }, 401, 'api.no-token'],
  ['GET', '/v1/status', { token: 'gh_nobody' }, 401, 'api.bad-token'],
  ['GET', '/v1/nothing', {}, 404, 'api.no-such-path'],
  ['POST', '/v1/people/find', { body: '{"by":' }, 400, 'api.malformed'],
  ['POST', '/v1/people/find', { body: 'by', headers: { 'content-type': 'text/plain' } }, 415, 'api.not-json'],
  ['POST', '/v1/people/find', { body: { by: 'x', also: 1 } }, 400, 'api.invalid'],
  ['POST', '/v1/people/find', { body: { by: 'x'.repeat(70_000) } }, 413, 'api.too-large'],
  ['GET', '/v1/plans?limit=501', {}, 400, 'api.invalid'],
  ['GET', '/v1/plans?after=x', {}, 400, 'page.unknown-cursor'],
  ['GET', '/v1/archives?after=x', {}, 400, 'page.unknown-cursor'],
  ['GET', '/v1/audit?after=x', {}, 400, 'page.unknown-cursor'],
  ['GET', '/v1/audit/verify?head=17', {}, 400, 'api.invalid'],
  ['POST', '/v1/audit/export', { body: { sealed: 'yes' } }, 400, 'api.invalid'],
  ['GET', '/v1/plans/x', {}, 400, 'api.invalid'],
  ['POST', '/v1/configuration/release', { body: { digest: 'c0ffee', reason } }, 400, 'api.invalid'],
  ['POST', '/v1/configuration/release', { body: { digest: 'c0ffee'.repeat(2), reason } }, 409, 'config.not-proposed'],
  ['GET', '/v1/lockouts?state=shut', {}, 400, 'api.invalid'],
  ['GET', '/v1/lockouts?target=nowhere', {}, 404, 'target.unknown'],
  ['GET', '/v1/lockouts?after=x', {}, 400, 'page.unknown-cursor'],
  ['POST', '/v1/lockouts/export', { body: { since: 'yesterday' } }, 400, 'api.invalid'],
  ['GET', '/v1/lockouts/0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01', {}, 404, 'lockout.unknown'],
])('%s %s %o is refused with %i %s, as a problem document', async (method, path, asking, status, code) => {
  const response = await ask(method, path, asking)
  const problem = problemDocument.parse(await response.json())
  expect([response.status, problem.status, problem.code]).toEqual([status, status, code])
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(problem.instance).toBe(`urn:uuid:${response.headers.get('x-request-id')}`)
})

test('the figures need a token, parse line by line, count what was done, and tell nothing about anybody', async () => {
  expect((await ask('GET', '/metrics', { token: null })).status).toBe(401)
  await until('nobody is still to be shut out', async () => {
    const open = await asOwner('select 1 from gatehouse.lockout where proven_at is null and ended_at is null')
    return open.length === 0
  })
  const proven = await asOwner<{ proof: string; cause: string; count: number }>(
    `select proof, cause, count(*)::int as count from gatehouse.lockout where proven_at is not null group by 1, 2`,
  )
  const text = await (await ask('GET', '/metrics')).text()
  const sample =
    /^[a-z_][a-z0-9_]*(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? (-?\d+(\.\d+)?(e[+-]?\d+)?|[+-]Inf|NaN)$/
  const lines = text.split('\n').filter((line) => line !== '' && !/^# (HELP|TYPE) [a-z_]\w* \S/.test(line))
  expect(lines.filter((line) => !sample.test(line))).toEqual([])
  for (const { 1: name = '' } of text.matchAll(/^(gatehouse_\w+?)(?:_bucket|_sum|_count)?[{ ]/gm))
    expect(text).toContain(`# TYPE ${name} `)
  // The person who is locked by name, and everybody else whom this file has shut out: each counted once.
  expect(proven).toContainEqual({ proof: 'read-back', cause: 'operator', count: expect.any(Number) })
  expect(text.match(/^gatehouse_lockout_seconds_count\{.*$/gm)?.sort()).toEqual(
    proven
      .map(
        ({ proof, cause, count }) =>
          `gatehouse_lockout_seconds_count{target="hq",proof="${proof}",cause="${cause}"} ${count}`,
      )
      .sort(),
  )
  expect(text).toMatch(/^gatehouse_http_requests_total\{method="GET",route="\/v1\/people\/:id",status="200"\} \d+$/m)
  for (const row of rows) {
    for (const value of [row.familyName, row.email, row.employeeNumber]) expect(text).not.toContain(value)
    expect(text).not.toMatch(cardAlone(row))
  }
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
})

/** What both probes say: the process answers whatever is missing, and it knows what is missing. */
async function probes(): Promise<{ live: number; ready: number; missing: readonly string[] }> {
  const [live, ready] = await Promise.all([
    ask('GET', '/livez', { token: null }),
    ask('GET', '/readyz', { token: null }),
  ])
  const { checks } = (await ready.json()) as { checks: { name: string; ok: boolean }[] }
  return { live: live.status, ready: ready.status, missing: checks.filter(({ ok }) => !ok).map(({ name }) => name) }
}
const well = { live: 200, ready: 200, missing: [] }

test('without its queue store the gateway is alive and not ready, and ready again once it is back', async () => {
  expect(await probes()).toEqual(well)
  await redis.kill()
  await until('it is noticed', async () => (await probes()).ready === 503)
  expect(await probes()).toEqual({ live: 200, ready: 503, missing: ['queue (redis)'] })
  await redis.start()
  await until('it is back', async () => (await probes()).ready === 200, 20_000)
})

test('without its database the gateway is alive and not ready, refuses in words, and is ready again once it is back', async () => {
  await postgres.kill()
  expect(await probes()).toEqual({ live: 200, ready: 503, missing: ['database'] })
  const refused = await ask('GET', '/v1/status')
  expect([refused.status, problemDocument.parse(await refused.json()).code]).toEqual([503, 'api.unavailable'])
  await postgres.start()
  await until('it is back', async () => (await probes()).ready === 200, 20_000)
  expect((await ask('GET', '/v1/status')).status).toBe(200)
  expect(gateway.output()).not.toMatch(/unforeseen|unhandled/i)
})
