import { expect, test } from 'vitest'
import {
  archiveId,
  configDigest,
  delivered,
  grantId,
  personId,
  planId,
  testGateway,
  tokenId,
} from './gateway.fixture.ts'

const reason = 'Checked with HR'
const auditHead = `17:${'ab'.repeat(32)}`

test.each([
  ['GET', '/v1/status', 'viewer', undefined, 'status', []],
  ['POST', '/v1/sync', 'operator', { source: 'hr' }, 'sync', ['hr']],
  ['POST', '/v1/sync', 'operator', undefined, 'sync', [undefined]],
  ['GET', '/v1/sources/hr', 'viewer', undefined, 'source', ['hr']],
  ['GET', '/v1/plans', 'viewer', undefined, 'plans', [{}, { limit: 100 }]],
  [
    'GET',
    '/v1/plans?state=held&limit=2&after=x',
    'viewer',
    undefined,
    'plans',
    [{ state: 'held' }, { after: 'x', limit: 2 }],
  ],
  ['GET', `/v1/plans/${planId}`, 'viewer', undefined, 'plan', [planId]],
  ['GET', '/v1/subscriptions', 'viewer', undefined, 'subscriptions', []],
  ['GET', '/v1/subscriptions/siem', 'viewer', undefined, 'subscription', ['siem']],
  ['GET', '/v1/subscriptions/siem/deliveries?limit=7', 'viewer', undefined, 'deliveries', ['siem', { limit: 7 }]],
  ['POST', '/v1/subscriptions/siem/enable', 'operator', { reason }, 'enableSubscription', ['siem', reason]],
  ['POST', '/v1/subscriptions/siem/disable', 'operator', { reason }, 'disableSubscription', ['siem', reason]],
  ['POST', '/v1/subscriptions/siem/test', 'operator', undefined, 'testSubscription', ['siem']],
  [
    'POST',
    '/v1/subscriptions/siem/replay',
    'operator',
    { reason, from: '2026-03-01T08:00:00Z' },
    'replaySubscription',
    ['siem', { time: '2026-03-01T08:00:00Z' }, reason],
  ],
  [
    'POST',
    '/v1/subscriptions/siem/replay',
    'operator',
    { reason, event: { source: 'hq', position: 4_711 } },
    'replaySubscription',
    ['siem', { source: 'hq', position: 4_711 }, reason],
  ],
  [
    'POST',
    '/v1/subscriptions/siem/files/punches-2026-11-26.csv.sealed/open',
    'admin',
    { reason },
    'openSubscriptionFile',
    ['siem', 'punches-2026-11-26.csv.sealed', reason],
  ],
  ['POST', '/v1/sources/hr/clear', 'operator', { reason }, 'clearSource', ['hr', reason]],
  ['POST', '/v1/sources/hr/accept', 'operator', { reason }, 'acceptSource', ['hr', reason]],
  ['GET', `/v1/plans/${planId}/changes?limit=7`, 'viewer', undefined, 'planChanges', [planId, {}, { limit: 7 }]],
  [
    'GET',
    `/v1/plans/${planId}/changes?dropped=true`,
    'viewer',
    undefined,
    'planChanges',
    [planId, { dropped: true }, { limit: 100 }],
  ],
  ['POST', `/v1/people/${personId}/protect`, 'operator', { reason }, 'protectPerson', [personId, reason]],
  ['POST', `/v1/people/${personId}/unprotect`, 'operator', { reason }, 'unprotectPerson', [personId, reason]],
  ['POST', `/v1/plans/${planId}/release`, 'operator', { reason }, 'releasePlan', [planId, reason]],
  ['POST', `/v1/plans/${planId}/reject`, 'operator', { reason }, 'rejectPlan', [planId, reason]],
  ['POST', `/v1/plans/${planId}/again`, 'operator', { reason }, 'askAgain', [planId, reason]],
  ['GET', '/v1/configuration', 'operator', undefined, 'configuration', []],
  ['POST', '/v1/configuration/propose', 'admin', undefined, 'proposeConfiguration', []],
  [
    'POST',
    '/v1/configuration/release',
    'admin',
    { digest: configDigest, reason },
    'releaseConfiguration',
    [configDigest, reason],
  ],
  [
    'POST',
    '/v1/configuration/reject',
    'admin',
    { digest: configDigest.slice(0, 12), reason },
    'rejectConfiguration',
    [configDigest.slice(0, 12), reason],
  ],
  ['POST', '/v1/targets/hq/enable', 'operator', { reason }, 'enableTarget', ['hq', reason]],
  ['POST', '/v1/targets/hq/observe', 'operator', { reason }, 'observeTarget', ['hq', reason]],
  ['POST', '/v1/targets/hq/settle', 'operator', { reason }, 'settleTarget', ['hq', reason]],
  ['GET', '/v1/drift?target=hq', 'viewer', undefined, 'drifts', ['hq', { limit: 100 }]],
  ['GET', '/v1/drift', 'viewer', undefined, 'drifts', [undefined, { limit: 100 }]],
  [
    'POST',
    '/v1/targets/hq/drift/accept',
    'operator',
    { class: 'level-added', reason },
    'acceptDrift',
    ['hq', { class: 'level-added' }, reason],
  ],
  [
    'POST',
    '/v1/targets/hq/drift/revert',
    'operator',
    { id: planId, reason },
    'revertDrift',
    ['hq', { id: planId }, reason],
  ],
  [
    'POST',
    '/v1/targets/hq/drift/withdraw',
    'operator',
    { account: planId, reason },
    'withdrawDrift',
    ['hq', { account: planId }, reason],
  ],
  ['POST', '/v1/targets/hq/match', 'operator', { reason }, 'startMatch', ['hq', reason]],
  ['GET', '/v1/targets/hq/match', 'viewer', undefined, 'match', ['hq']],
  [
    'GET',
    '/v1/targets/hq/match/accounts?class=probable&limit=5',
    'operator',
    undefined,
    'matchRows',
    ['hq', { class: 'probable' }, { limit: 5 }],
  ],
  ['GET', '/v1/targets/hq/match/accounts', 'operator', undefined, 'matchRows', ['hq', {}, { limit: 100 }]],
  ['POST', '/v1/targets/hq/match/adopt', 'operator', { reason }, 'adoptMatches', ['hq', reason]],
  [
    'POST',
    '/v1/targets/hq/match/link',
    'operator',
    { account: '17', person: personId, reason },
    'linkAccount',
    ['hq', '17', personId, reason],
  ],
  [
    'POST',
    '/v1/targets/hq/match/leave',
    'operator',
    { account: '17', reason },
    'leaveMatch',
    ['hq', { account: '17' }, reason],
  ],
  [
    'POST',
    '/v1/targets/hq/match/leave',
    'operator',
    { person: personId, reason },
    'leaveMatch',
    ['hq', { person: personId }, reason],
  ],
  ['POST', '/v1/targets/hq/pause', 'operator', { reason }, 'pauseTarget', ['hq', reason]],
  ['POST', '/v1/targets/hq/resume', 'operator', { reason }, 'resumeTarget', ['hq', reason]],
  ['POST', '/v1/freeze', 'operator', { reason }, 'freeze', [null, reason]],
  ['POST', '/v1/freeze', 'operator', { target: 'hq', reason }, 'freeze', ['hq', reason]],
  ['POST', '/v1/unfreeze', 'operator', { target: 'hq', reason }, 'unfreeze', ['hq', reason]],
  ['GET', '/v1/alarms', 'viewer', undefined, 'alarms', [false]],
  ['GET', '/v1/failures', 'viewer', undefined, 'failures', [undefined, { limit: 100 }]],
  ['GET', '/v1/failures?target=hq&limit=2', 'viewer', undefined, 'failures', ['hq', { limit: 2 }]],
  [
    'POST',
    '/v1/failures/retry',
    'operator',
    { account: planId, reason },
    'retryFailures',
    [{ account: planId }, reason],
  ],
  ['POST', '/v1/failures/retry', 'operator', { all: true, reason }, 'retryFailures', [{ target: null }, reason]],
  [
    'POST',
    '/v1/failures/retry',
    'operator',
    { all: true, target: 'hq', reason },
    'retryFailures',
    [{ target: 'hq' }, reason],
  ],
  ['POST', `/v1/failures/${planId}/discard`, 'operator', { reason }, 'discardFailure', [planId, reason]],
  ['POST', `/v1/lockouts/${planId}/sign-off`, 'operator', { reason }, 'signOffLockout', [planId, reason]],
  ['GET', '/v1/frozen?limit=7', 'operator', undefined, 'frozen', [{ limit: 7 }]],
  ['POST', `/v1/frozen/${personId}/thaw`, 'admin', { reason }, 'thaw', [personId, reason]],
  ['POST', '/v1/alarms/test', 'operator', undefined, 'testAlarms', []],
  [
    'POST',
    '/v1/alarms/clear',
    'operator',
    { code: 'guard.failed', scope: 'hq', reason },
    'clearAlarm',
    ['guard.failed', 'hq', reason],
  ],
  ['GET', '/v1/suspensions', 'operator', undefined, 'suspensions', [{ all: false }, { limit: 100 }]],
  ['GET', `/v1/suspensions/${grantId}`, 'operator', undefined, 'suspension', [grantId]],
  ['POST', `/v1/suspensions/${grantId}/approve`, 'operator', { reason }, 'approveSuspension', [grantId, reason]],
  ['POST', `/v1/suspensions/${grantId}/keep`, 'operator', { reason }, 'keepSuspended', [grantId, reason]],
  ['POST', `/v1/suspensions/${grantId}/release`, 'admin', { reason }, 'releaseSuspension', [grantId, reason]],
  [
    'POST',
    `/v1/people/${personId}/enrolments`,
    'operator',
    { for: '30m', reason },
    'openEnrolment',
    [personId, { for: '30m', reason }],
  ],
  ['GET', '/v1/enrolments?all=true&limit=2', 'operator', undefined, 'enrolments', [{ all: true }, { limit: 2 }]],
  ['POST', `/v1/enrolments/${grantId}/close`, 'operator', { reason }, 'closeEnrolment', [grantId, reason]],
  ['GET', '/v1/alarms?all=true', 'viewer', undefined, 'alarms', [true]],
  ['POST', '/v1/people/find', 'operator', { by: 'H10301:7:4711' }, 'findPerson', ['H10301:7:4711', false]],
  ['POST', '/v1/people/find', 'operator', { by: '1', acting: true }, 'findPerson', ['1', true]],
  ['GET', `/v1/people/${personId}`, 'operator', undefined, 'person', [personId]],
  ['GET', `/v1/people/${personId}/explain`, 'operator', undefined, 'explain', [personId]],
  ['POST', `/v1/people/${personId}/lock`, 'operator', { reason }, 'lockPerson', [personId, reason]],
  [
    'POST',
    `/v1/people/${personId}/unlock`,
    'operator',
    { reason, hours: 1.5 },
    'unlockPerson',
    [personId, reason, 1.5],
  ],
  [
    'POST',
    `/v1/people/${personId}/grants`,
    'operator',
    { level: 'hq/Lab doors', until: '8h', reason },
    'addGrant',
    [personId, { level: 'hq/Lab doors', until: '8h', reason }],
  ],
  ['POST', `/v1/people/${personId}/pin`, 'operator', { reason }, 'issuePin', [personId, { reason, target: null }]],
  ['POST', '/v1/cards/find', 'operator', { card: 'CSN:04A1B2C3' }, 'card', ['CSN:04A1B2C3']],
  ['POST', '/v1/cards/uses', 'operator', { cards: ['CSN:04A1B2C3'] }, 'cardUses', [['CSN:04A1B2C3']]],
  ['POST', '/v1/cards/lose', 'operator', { card: 'c:1', reason }, 'loseCard', [{ card: 'c:1', reason }]],
  [
    'POST',
    '/v1/cards/return',
    'operator',
    { card: 'c:1', person: personId, reason },
    'returnCard',
    [{ card: 'c:1', person: personId, reason }],
  ],
  ['POST', '/v1/cards/suspend', 'operator', { card: 'c:1', reason }, 'suspendCard', [{ card: 'c:1', reason }]],
  ['POST', '/v1/cards/resume', 'operator', { card: 'c:1', reason }, 'resumeCard', [{ card: 'c:1', reason }]],
  ['POST', `/v1/people/${personId}/cards`, 'operator', { card: 'c:1', reason }, 'issueCard', [personId, 'c:1', reason]],
  ['GET', `/v1/people/${personId}/grants`, 'operator', undefined, 'grantsOf', [personId]],
  ['GET', '/v1/grants?limit=2', 'operator', undefined, 'grants', [{ limit: 2 }]],
  ['POST', `/v1/grants/${grantId}/revoke`, 'operator', { reason }, 'revokeGrant', [grantId, reason]],
  ['GET', '/v1/lockouts', 'viewer', undefined, 'lockouts', [{}, { limit: 100 }]],
  ['GET', '/v1/events/sources', 'viewer', undefined, 'eventSources', []],
  ['GET', '/v1/events/types', 'viewer', undefined, 'eventTypes', []],
  ['GET', '/v1/events/types/biostar2', 'viewer', undefined, 'eventCodes', ['biostar2']],
  [
    'GET',
    `/v1/lockouts?state=open&target=hq&person=${personId}&since=2026-03-01T00:00:00Z&until=2026-04-01T00:00:00Z&limit=3&after=open/${planId}`,
    'viewer',
    undefined,
    'lockouts',
    [
      {
        ...{ state: 'open', target: 'hq', person: personId },
        ...{ since: new Date('2026-03-01'), until: new Date('2026-04-01') },
      },
      { limit: 3, after: `open/${planId}` },
    ],
  ],
  ['GET', `/v1/lockouts/${planId}`, 'viewer', undefined, 'lockout', [planId]],
  ['POST', '/v1/lockouts/export', 'operator', {}, 'exportLockouts', [{}]],
  [
    'POST',
    '/v1/lockouts/export',
    'operator',
    { since: '2026-03-01T00:00:00Z', until: '2026-04-01T00:00:00+02:00', person: personId },
    'exportLockouts',
    [{ since: new Date('2026-03-01'), until: new Date('2026-03-31T22:00:00Z'), person: personId }],
  ],
  ['GET', '/v1/keys/public', 'viewer', undefined, 'publicKey', []],
  ['GET', '/v1/levels?target=hq', 'viewer', undefined, 'levels', ['hq']],
  ['GET', '/v1/archives', 'admin', undefined, 'archives', [undefined, { limit: 100 }]],
  ['GET', '/v1/archives?source=hr&limit=2', 'admin', undefined, 'archives', ['hr', { limit: 2 }]],
  ['POST', `/v1/archives/${archiveId}/open`, 'admin', { reason }, 'openArchive', [archiveId, reason]],
  ['POST', `/v1/archives/${archiveId}/destroy`, 'admin', { reason }, 'destroyArchive', [archiveId, reason]],
  ['GET', '/v1/audit?after=9', 'operator', undefined, 'audit', [{ after: '9', limit: 100 }]],
  ['GET', '/v1/audit/verify', 'operator', undefined, 'verifyAudit', [undefined]],
  ['GET', `/v1/audit/verify?head=${auditHead}`, 'operator', undefined, 'verifyAudit', [auditHead]],
  ['POST', '/v1/audit/export', 'operator', {}, 'exportAudit', [false]],
  ['POST', '/v1/audit/export', 'operator', { sealed: true }, 'exportAudit', [true]],
  ['GET', `/v1/people/${personId}/erasure`, 'admin', undefined, 'previewErasure', [personId]],
  ['POST', `/v1/people/${personId}/erase`, 'admin', { reason }, 'erasePerson', [personId, reason]],
  ['GET', '/v1/erasures', 'admin', undefined, 'erasures', [{ limit: 100 }]],
  ['GET', `/v1/erasures/${tokenId}`, 'admin', undefined, 'erasure', [tokenId]],
  ['POST', '/v1/erasures/lift', 'admin', { by: '4711', reason }, 'liftErasure', ['4711', reason]],
  [
    'POST',
    `/v1/erasures/${tokenId}/sign-off`,
    'admin',
    { target: 'hq', reason },
    'signOffErasure',
    [tokenId, 'hq', reason],
  ],
  ['GET', '/v1/keys', 'admin', undefined, 'keys', []],
  ['POST', '/v1/keys/rotate', 'admin', { reason }, 'rotateKeys', [reason]],
  ['POST', '/v1/backup', 'operator', { reason }, 'backUp', [reason]],
  ['GET', '/v1/tokens', 'admin', undefined, 'tokens', []],
  [
    'POST',
    '/v1/tokens',
    'admin',
    { name: 'w', role: 'viewer', days: 3 },
    'createToken',
    [{ name: 'w', role: 'viewer', days: 3 }],
  ],
  ['DELETE', `/v1/tokens/${tokenId}`, 'admin', undefined, 'revokeToken', [tokenId]],
  ['GET', '/metrics', 'viewer', undefined, 'metrics', []],
] as const)('%s %s as %s asks for exactly that act', async (method, path, as, body, act, args) => {
  const gateway = testGateway()
  const response = await gateway.call(method, path, { as, body })
  expect(response.ok).toBe(true)
  expect(gateway.asked).toHaveLength(1)
  expect(gateway.asked[0]?.act).toBe(act)
  const [actor, ...rest] = gateway.asked[0]?.with ?? []
  const named = typeof actor === 'object' && actor !== null && 'role' in actor && 'subject' in actor
  expect(named ? rest : (gateway.asked[0]?.with ?? [])).toEqual(args)
  if (named) expect(actor).toMatchObject({ role: as })
})

test('every act that changes something is told who asks', async () => {
  const gateway = testGateway()
  await gateway.call('POST', `/v1/people/${personId}/lock`, { as: 'operator', body: { reason } })
  await gateway.call('POST', `/v1/people/${personId}/lock`, { as: 'admin', body: { reason } })
  expect(gateway.asked.map((each) => each.with[0])).toMatchObject([{ role: 'operator' }, { role: 'admin' }])
})

test('answers are what the acts gave', async () => {
  const { call } = testGateway()
  const status = await call('GET', '/v1/status', { as: 'viewer' })
  expect(await status.json()).toMatchObject({ plans: { held: 1 }, lockouts: { p99Ms: 700.5 } })
  const created = await call('POST', '/v1/tokens', { as: 'admin', body: { name: 'w', role: 'viewer', days: 1 } })
  expect(created.status).toBe(201)
  expect(await created.json()).toMatchObject({ token: 'gh_secret' })
  const figures = await call('GET', '/metrics', { as: 'viewer' })
  expect(await figures.text()).toBe('gatehouse_plans_held 1\n')
  const unlocked = await call('POST', `/v1/people/${personId}/unlock`, { as: 'operator', body: { reason, hours: 1 } })
  expect(await unlocked.json()).toEqual({ lifted: true, heldOpenUntil: null, state: 'active' })
  const revoked = await call('POST', `/v1/grants/${grantId}/revoke`, { as: 'operator', body: { reason } })
  expect([revoked.status, await revoked.text()]).toEqual([204, ''])
})

test('an archive comes as bytes, with their number, for nobody to store', async () => {
  const { call } = testGateway()
  const response = await call('POST', `/v1/archives/${archiveId}/open`, { as: 'admin', body: { reason } })
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(response.headers.get('content-length')).toBe(String(delivered.length))
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(Buffer.from(await response.arrayBuffer()).equals(delivered)).toBe(true)
})

test('lock-outs come as lines', async () => {
  const { call } = testGateway()
  const response = await call('POST', '/v1/lockouts/export', { as: 'operator', body: {} })
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(await response.text()).toBe('{"type":"lockout/1"}\n{"type":"lockout-export/1"}\n')
})

test('the audit trail comes as lines', async () => {
  const { call } = testGateway()
  const response = await call('POST', '/v1/audit/export', { as: 'operator', body: {} })
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(await response.text()).toBe('{"seq":1}\n{"type":"audit-export/1"}\n')
})

test('probes need no token and name no hosts', async () => {
  const { call } = testGateway()
  expect(await (await call('GET', '/livez')).json()).toEqual({ ok: true })
  expect(await (await call('GET', '/readyz')).json()).toEqual({ ok: true, checks: [{ name: 'database', ok: true }] })
  const sick = testGateway({ acts: { ready: async () => ({ ok: false, checks: [{ name: 'database', ok: false }] }) } })
  expect((await sick.call('GET', '/readyz')).status).toBe(503)
})

test('the description lists every path with its role and the shape of errors', async () => {
  const { call } = testGateway()
  const description = (await (await call('GET', '/openapi.json')).json()) as {
    paths: Record<string, Record<string, Record<string, unknown>>>
    components: { schemas: Record<string, unknown>; securitySchemes: unknown }
  }
  expect(Object.keys(description.paths).length).toBeGreaterThan(25)
  expect(description.paths['/v1/people/{id}']?.get).toMatchObject({ 'x-gatehouse-role': 'operator' })
  expect(description.components.schemas).toHaveProperty('Problem')
  expect(description.components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer' } })
})

test('requests are counted by pattern, never by path', async () => {
  const { call, served } = testGateway()
  await call('GET', `/v1/plans/${planId}`, { as: 'viewer' })
  await call('GET', `/v1/plans/${planId}`)
  await call('GET', '/v1/nobody-knows-4711', { as: 'viewer' })
  expect(served.map(({ method, route, status }) => ({ method, route, status }))).toEqual([
    { method: 'GET', route: '/v1/plans/:id', status: 200 },
    { method: 'GET', route: '/v1/plans/:id', status: 401 },
    { method: 'GET', route: 'none', status: 404 },
  ])
})
