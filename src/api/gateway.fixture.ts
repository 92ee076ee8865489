/** An API in front of acts that only remember what they were asked, and a token for each role to call it with. */
import { randomUUID } from 'node:crypto'
import { type Actor, type Role, roles } from '../auth/actor.ts'
import type { SubjectId } from '../model/id.ts'
import { createLog } from '../telemetry/log.ts'
import type { ServedRequest } from '../telemetry/metrics.ts'
import { ActError } from './acts/act-error.ts'
import type { Acts } from './acts.ts'
import { type ApiLimits, createApp } from './app.ts'
import { attendanceAnswers } from './attendance-answers.fixture.ts'
import { cardAnswers } from './card-answers.fixture.ts'
import type { Api } from './env.ts'
import { erasureAnswers } from './erasure-answers.fixture.ts'
import { eventAnswers } from './event-answers.fixture.ts'
import { subscriptionAnswers } from './subscription-answers.fixture.ts'
import { suspensionAnswers } from './suspension-answers.fixture.ts'

export const tokens = Object.fromEntries(roles.map((role) => [role, role])) as Readonly<Record<Role, string>>
const subjects = Object.fromEntries(roles.map((role) => [role, randomUUID()])) as Readonly<Record<Role, string>>

export interface Asked {
  readonly act: keyof Acts
  readonly with: readonly unknown[]
}

export const planId = '0b0f3a9e-6a3f-4f0c-9d5e-000000000001'
export const personId = '0b0f3a9e-6a3f-4f0c-9d5e-000000000002'
const lockoutId = '0b0f3a9e-6a3f-4f0c-9d5e-000000000003'
export const tokenId = '0b0f3a9e-6a3f-4f0c-9d5e-000000000004'
export const archiveId = '0b0f3a9e-6a3f-4f0c-9d5e-000000000006'
export const grantId = '0b0f3a9e-6a3f-4f0c-9d5e-000000000008'
export const delivered = Buffer.from('worker_id,name\n1,Zelda Samplewoman\n')
const at = '2026-03-01T08:00:00.000Z'

const radius = { people: 40, levels: 2, losing: 1, joining: 0 }

const plan = {
  id: planId,
  origin: 'hr',
  state: 'held',
  hash: 'c0ffee',
  createdAt: at,
  decidedAt: null,
  decidedBy: null,
  decidedByName: null,
  kinds: [
    { kind: 'revoke', target: 'hq', changes: 40, limit: 20, held: true, why: 'more than the brake lets through' },
  ],
  total: 40,
  waits: [{ target: 'hq', for: 'match' as const, accounts: 2 }],
  radius,
  usual: { plans: 1, median: radius, largest: radius },
  pull: { lost: { rows: 300, limit: 100 }, changed: null },
}

const change = {
  account: '0b0f3a9e-6a3f-4f0c-9d5e-000000000005',
  person: personId,
  target: 'hq',
  kind: 'revoke',
  part: 'level:main',
  name: 'hq/Main entrance',
  brings: null,
  before: 'granted',
  after: null,
  held: true,
  dropped: false,
}

const grant = {
  ...{ id: grantId, person: personId, level: 'hq/Lab doors', until: at, since: at },
  ...{ by: 'Night desk', reason: 'visiting engineer', waits: null },
}

const lockout = {
  ...{ id: lockoutId, person: personId, account: change.account, credential: null, target: 'hq', cause: 'record' },
  ...{ state: 'proven' as const, proof: 'read-back', requests: 3, waitingMs: 40 },
  ...{ arrivedAt: at, decidedAt: at, startedAt: at, acceptedAt: at, provenAt: at, endedAt: null },
}

const archive = {
  ...{ id: archiveId, source: 'hr', pull: '0b0f3a9e-6a3f-4f0c-9d5e-000000000007', bytes: delivered.length },
  ...{ createdAt: at, expiresAt: at, state: 'kept' as const },
}

export const configDigest = '3f9a0c21b7de'.padEnd(64, '0')
const configuration = {
  released: {
    version: 2,
    digest: 'c0ffee'.padEnd(64, '0'),
    releasedAt: at,
    releasedBy: null,
    sections: { policy: [] },
  },
  proposed: {
    ...{ version: 3, digest: configDigest, proposedAt: at, notes: ['targets.lab is new.'], obstacles: [] },
    edits: [{ path: 'policy[0].to', before: '"true"', after: '"false"' }],
    effect: { people: 2, accounts: 2, kinds: [{ kind: 'revoke', target: 'hq', accounts: 2 }], given: [2] },
  },
}

const parts = { lock: 'open', deleted: false, cards: { 'H10301:7:4711': 'on' }, levels: ['hq/Main entrance'] }
const entry = { at, actor: 'engine', action: 'account.applied', object: change.account, details: {}, hash: 'beef' }

async function* inTwo(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, 5)
  yield bytes.subarray(5)
}

/** The made-up answers; `asked` grows with every call. */
export function rememberingActs(asked: Asked[], overrides: Partial<Acts> = {}): Acts {
  const answers: Acts = {
    status: async () => ({
      version: '0.1.0',
      at,
      database: { used: 1, max: 10, waiting: 0 },
      startedAt: at,
      roles: ['api'],
      queue: { backend: 'postgres', ok: true },
      people: { active: 3, left: 1 },
      sources: [
        { id: 'hr', lastDeliveryAt: at, lastCompleteAt: null, lastOutcome: 'read', records: 4, overdue: false },
      ],
      sourcesWaitFor: [],
      targets: [
        {
          ...{
            id: 'hq',
            mode: 'enabled',
            accounts: 3,
            waiting: 1,
            urgentWaiting: 0,
            dead: 0,
            failing: 0,
            unreachable: false,
          },
          ...{
            frozenSince: null,
            forged: false,
            pausedBecause: null,
            restUntil: null,
            reach: 'ok',
            sweptAt: at,
            waitsForMatch: 1,
            withoutPerson: 2,
            deepSweep: {
              ...{ begunAt: at, endedAt: null, total: 3, read: 1, unreadable: 0 },
              ...{ accountsPerHour: 120, hours: 0.5 },
            },
            drifts: 1,
            restoredAt: null,
          },
        },
      ],
      events: [{ source: 'hq', heardAt: at, clockMs: -90_000 }],
      subscriptions: [{ id: 'siem', state: 'enabled', forged: false, waiting: 3, failingSince: at }],
      lockouts: {
        ...{ open: 0, openAt: [], proven24h: 2, p50Ms: 310, p99Ms: 700.5, maxMs: 701, signedOff: 0 },
        byCause: [{ cause: 'record', proven: 2, p50Ms: 310, p99Ms: 701, maxMs: 701 }],
      },
      plans: { held: 1 },
      frozenSince: null,
      alarms: [{ code: 'target.unreachable', scope: 'hq', since: at, count: null, action: 'Check the door system.' }],
      audit: { entries: 12, pending: 0 },
    }),
    sync: async () => [
      { source: 'hr', outcome: 'read', records: 4, changed: 1, problems: 0, missing: 0, plan: planId },
    ],
    source: async (id) => ({
      ...{ id, deliveries: [], problemsOf: planId },
      standing: {
        ...{ forged: false, suspectSince: at, lockedOut: 50, heldBack: 12, columnsMoved: false },
        braked: { lost: { rows: 300, limit: 100 }, changed: null },
      },
      problems: [{ place: 'line 17', field: 'start', code: 'mapping.not-a-date' }],
    }),
    clearSource: async () => ({ people: 12 }),
    acceptSource: async () => undefined,
    plans: async (_actor, _filter, page) => ({ rows: [plan], next: page.after === undefined ? 'next-page' : null }),
    plan: async () => plan,
    planChanges: async () => ({ rows: [change], next: null }),
    releasePlan: async () => ({ applied: 39, dropped: 1 }),
    rejectPlan: async () => undefined,
    askAgain: async () => ({ plan: planId, state: 'held' }),
    configuration: async () => configuration,
    proposeConfiguration: async () => ({ standing: 'proposed' }),
    releaseConfiguration: async () => ({ version: 3 }),
    rejectConfiguration: async () => ({ version: 3 }),
    enableTarget: async () => undefined,
    observeTarget: async () => undefined,
    settleTarget: async () => ({ accounts: 3 }),
    drifts: async () => ({
      rows: [
        {
          ...{ id: planId, target: 'hq', class: 'level-added', part: 'hq/Laboratories' },
          ...{ account: change.account, person: personId, foundAt: at },
          ...{ policy: 'revert', reverted: 2, fought: false, acceptedAt: null },
        },
      ],
      next: null,
      counts: [{ target: 'hq', class: 'level-added', policy: 'revert', count: 1, accepted: 0 }],
    }),
    acceptDrift: async () => ({ drifts: 1, left: 0 }),
    revertDrift: async () => ({ drifts: 1, left: 2 }),
    withdrawDrift: async () => ({ drifts: 1, left: 0 }),
    pauseTarget: async () => undefined,
    resumeTarget: async () => undefined,
    freeze: async () => undefined,
    unfreeze: async () => undefined,
    failures: async (_target, page) => ({
      rows: [
        {
          ...{ account: change.account, target: 'hq', part: 'profile', kind: 'rejected', code: 'biostar2.code-1' },
          ...{ state: 'refused' as const, action: 'Mend the name.', since: at, attempts: 6 },
        },
      ],
      next: page.after === undefined ? change.account : null,
    }),
    frozen: async (page) => ({
      rows: [{ person: personId, accounts: [change.account], since: at }],
      next: page.after === undefined ? personId : null,
    }),
    thaw: async () => ({
      ...{ person: true, records: 1, cards: 1, grants: 0, accounts: 1, lockouts: [lockoutId] },
      lost: [{ account: change.account, target: 'hq' }],
    }),
    retryFailures: async () => 3,
    discardFailure: async () => undefined,
    signOffLockout: async () => undefined,
    testAlarms: async () => ({ taken: false, code: 'http.timeout', tookMs: 10_000 }),
    clearAlarm: async () => undefined,
    alarms: async () => [
      { code: 'target.paused', scope: 'hq', since: at, clearedAt: null, count: 3, action: 'gatehouse resume hq' },
    ],
    startMatch: async () => undefined,
    match: async (target) => ({
      ...{ target, state: 'done', requestedAt: at, finishedAt: at, accounts: 3, listed: 3, code: null },
      classes: { certain: 2, none: 1 },
    }),
    matchRows: async () => ({
      rows: [
        {
          ...{ account: '17', profile: { name: 'Zelda Samplewoman' }, lock: 'open', cards: 1 },
          ...{ class: 'certain', person: personId, reasons: ['employee-number', 'name'] },
        },
      ],
      next: null,
    }),
    adoptMatches: async () => ({ linked: 2, left: 0 }),
    linkAccount: async () => undefined,
    leaveMatch: async () => undefined,
    findPerson: async () => personId,
    person: async () => ({
      ...{ id: personId, state: 'active', protected: false, lockedByOperator: false, nextChangeAt: null },
      leaver: null,
      profile: { facts: { familyName: 'Samplewoman' }, kind: 'employee', employments: [], cards: [] },
      accounts: [
        {
          ...{ target: 'hq', account: change.account, externalId: '17', wanted: parts, desired: parts, settled: true },
          ...{ waits: null, suspension: null, failures: null, actual: null, actualAt: null },
        },
      ],
      grants: [grant],
      lockouts: [],
    }),
    explain: async () => ({
      ...{ personal: true, at, state: 'active', nextChangeAt: null, notInForce: [], records: [], written: [] },
      ...{ individual: [grant], lockedByOperator: false, heldOpenUntil: null, leaver: null, shutDespite: [] },
      rules: [{ rule: 0, grant: ['hq/Main entrance'], to: 'true', outcome: 'granted', employments: [] }],
    }),
    lockPerson: async () => ({ lockouts: [lockoutId], paused: [], observed: [] }),
    protectPerson: async () => undefined,
    unprotectPerson: async () => undefined,
    unlockPerson: async () => ({ lifted: true, heldOpenUntil: null, state: 'active' }),
    ...cardAnswers({ credential: grantId, person: personId, lockout: lockoutId, at }),
    ...suspensionAnswers({ id: grantId, person: personId, account: change.account, at }),
    issuePin: async () => ({ pin: '290417', targets: ['hq'], refused: [] }),
    ...attendanceAnswers(subjects.attendance),
    addGrant: async () => grant,
    revokeGrant: async () => undefined,
    grantsOf: async () => [grant],
    grants: async (page) => ({ rows: [grant], next: page.after === undefined ? grantId : null }),
    lockouts: async (_filter, page) => ({
      rows: [lockout],
      next: page.after === undefined ? `open/${lockoutId}` : null,
    }),
    lockout: async () => lockout,
    exportLockouts: async () => ReadableStream.from(['{"type":"lockout/1"}\n', '{"type":"lockout-export/1"}\n']),
    publicKey: async () => ({ id: 'c0ffee', algorithm: 'Ed25519', publicKey: 'in PEM', former: [] }),
    levels: async () => [{ target: 'hq', id: 'level', externalId: '3', name: 'Main', usedByRules: true, people: 2 }],
    archives: async (_source, page) => ({ rows: [archive], next: page.after === undefined ? archiveId : null }),
    openArchive: async () => ({ bytes: delivered.length, content: inTwo(delivered) }),
    destroyArchive: async () => undefined,
    backUp: async () => ({ content: inTwo(delivered) }),
    audit: async (page) => ({
      rows: [{ ...entry, seq: Number(page.after ?? 1) }],
      next: page.after === undefined ? '2' : null,
    }),
    verifyAudit: async () => ({ ok: true, entries: 12, head: 'beef', brokenAt: null, why: null }),
    exportAudit: async () => ReadableStream.from(['{"seq":1}\n', '{"type":"audit-export/1"}\n']),
    ...eventAnswers,
    ...erasureAnswers({ erasure: tokenId, person: personId, lockout: lockoutId, at }),
    keys: async () => ({
      ...{ gateway: planId, stamp: 'production', createdAt: at, generation: 2 },
      epochs: [
        { id: tokenId, createdAt: at, state: 'current', emptyAt: null, destroyedAt: null, people: 3, archives: 0 },
      ],
      keys: [{ purpose: 'guard', id: planId }],
    }),
    rotateKeys: async () => ({ epoch: tokenId }),
    tokens: async () => [
      {
        ...{ id: tokenId, subject: subjects.viewer, name: 'watcher', role: 'viewer' },
        ...{ createdAt: at, expiresAt: at, revokedAt: null },
      },
    ],
    createToken: async () => ({ id: tokenId, subject: subjects.viewer, token: 'gh_secret', expiresAt: at }),
    revokeToken: async () => undefined,
    ...subscriptionAnswers,
    metrics: async () => 'gatehouse_plans_held 1\n',
    ready: async () => ({ ok: true, checks: [{ name: 'database', ok: true, detail: 'db.internal:5432' }] }),
    ...overrides,
  }
  return new Proxy(answers, {
    get(target, act: keyof Acts) {
      return (...args: unknown[]) => {
        asked.push({ act, with: args })
        return (target[act] as (...all: unknown[]) => unknown)(...args)
      }
    },
  })
}

export interface TestGateway {
  readonly app: Api
  readonly asked: Asked[]
  readonly logged: string[]
  readonly served: ServedRequest[]
  /** Calls with a token, and a JSON body if there is one. */
  call(
    method: string,
    path: string,
    options?: { readonly as?: Role; readonly body?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Response>
}

export async function authenticateTestToken(bearer: string): Promise<Actor | null> {
  const role = (Object.keys(tokens) as Role[]).find((each) => tokens[each] === bearer)
  return role === undefined ? null : { role, subject: subjects[role] as SubjectId }
}

export function testGateway(
  options: {
    readonly acts?: Partial<Acts>
    readonly hosts?: readonly string[]
    readonly limits?: ApiLimits
    readonly authenticate?: (bearer: string) => Promise<Actor | null>
  } = {},
): TestGateway {
  const asked: Asked[] = []
  const logged: string[] = []
  const served: ServedRequest[] = []
  const app = createApp({
    acts: rememberingActs(asked, options.acts),
    authenticate: options.authenticate ?? authenticateTestToken,
    log: createLog({ level: 'debug', human: false, write: (line) => logged.push(line) }),
    hosts: options.hosts ?? null,
    observe: (request) => served.push(request),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  return {
    app,
    asked,
    logged,
    served,
    async call(method, path, { as, body, headers = {} } = {}) {
      return await app.request(path, {
        method,
        headers: {
          ...(as === undefined ? {} : { authorization: `Bearer ${tokens[as]}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
    },
  }
}

export const notHeld = new ActError(409, 'plan.not-held', 'This plan is not held.')
