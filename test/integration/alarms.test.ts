/** Alarms as a receiver outside hears of them: a real HTTPS server under an authority of its own, which trusts nothing but signatures. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type GatewayProcess, runInProcess } from '../support/gateway-process.ts'
import { type MovedClock, openMovedClock } from '../support/moved-clock.ts'
import { statusOf } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures/tls', name), 'utf8')
const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7 + 1))
const reason = 'checked by phone'

interface Heard {
  readonly id: string
  readonly type: string
  readonly data: {
    readonly gateway: string
    readonly code: string
    readonly scope: string
    readonly count: number | null
  }
}

let clock: MovedClock
let site: Site
let gateway: GatewayProcess
let receiver: Server
let heard: Heard[] = []
let answer: (response: ServerResponse) => void

/** As the specification says, from nothing but the request. @throws Error when the signature is not that of the secret. */
function verified(request: IncomingMessage, body: string): Heard {
  const header = (name: string) => String(request.headers[name])
  const [version, signature = ''] = header('webhook-signature').split(',')
  const signed = `${header('webhook-id')}.${header('webhook-timestamp')}.${body}`
  const expected = createHmac('sha256', key).update(signed).digest()
  if (version !== 'v1' || !timingSafeEqual(Buffer.from(signature, 'base64'), expected))
    throw new Error('a forged message')
  if (Math.abs(clock.now() / 1000 - Number(header('webhook-timestamp'))) > 300) throw new Error('an old message')
  return { id: header('webhook-id'), ...(JSON.parse(body) as Omit<Heard, 'id'>) }
}

beforeAll(async () => {
  clock = await openMovedClock()
  site = await openSite({ clock })
  receiver = createServer({ cert: pem('signed-cert.pem'), key: pem('signed-key.pem') }, (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      expect([request.method, request.url, request.headers['content-type']]).toEqual([
        'POST',
        '/hook?of=gatehouse',
        'application/json',
      ])
      heard.push(verified(request, body))
      answer(response)
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  await writeFile(join(site.directory, 'secret'), `whsec_${key.toString('base64')}\n`, { mode: 0o600 })
  await writeFile(join(site.directory, 'ca.pem'), pem('ca-cert.pem'))
  await chmod(join(site.directory, 'ca.pem'), 0o644)
  const { port } = receiver.address() as AddressInfo
  await site.configure((config) =>
    Object.assign(config, {
      alarms: {
        webhook: {
          url: `https://localhost:${port}/hook?of=gatehouse`,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
          secret: '${file:./secret}',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: as above
          ca: '${file:./ca.pem}',
          allow_private: true,
        },
      },
    }),
  )
  gateway = await site.start()
  await until('the target is led', async () => (await statusOf(gateway, site.token)).targets[0]?.reach !== null, 20_000)
}, 60_000)
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  receiver?.closeAllConnections()
  receiver?.close()
  await clock?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  heard = []
  answer = (response) => response.writeHead(204).end()
})

/** Waits for as many at least, so that one too many is seen by whoever looks at them, and not waited out. */
const told = (messages: number, limitMs = 30_000) =>
  until(
    () => `${messages} are told, but ${JSON.stringify(heard.map(({ type, data }) => [type, data.code, data.scope]))}`,
    () => heard.length >= messages,
    limitMs,
  )
const act = (path: string, body: object = {}) => gateway.call(site.token, path, { reason, ...body })
const cli = (...args: readonly string[]) =>
  runInProcess(args, { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN: site.token })

test('each change of an alarm is told once, signed, in order, with no person in it; also when the gateway is restarted in between', {
  timeout: 120_000,
}, async () => {
  await act('/v1/targets/hq/pause')
  await told(1)
  await gateway.stop()
  gateway = await site.start()
  await act('/v1/targets/hq/resume')
  await told(2)
  await act('/v1/freeze')
  await told(3)
  await act('/v1/unfreeze')
  await told(4)
  expect(heard.map(({ id: _id, ...message }) => message)).toEqual(
    [
      ['alarm.on', 'target.paused', 'hq', 0],
      ['alarm.off', 'target.paused', 'hq', null],
      ['alarm.on', 'gateway.frozen', '*', 0],
      ['alarm.off', 'gateway.frozen', '*', null],
    ].map(([type, code, scope, count]) => ({
      type,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      data: { gateway: 'test', code, scope, count },
    })),
  )
  expect(new Set(heard.map(({ id }) => id)).size).toBe(4)
  expect(gateway.output()).toMatch(/"event":"alarm\.off".*"target\.paused"/)
})

test('what the receiver did not take is sent again with the same id, and what came after it waits', {
  timeout: 120_000,
}, async () => {
  const refusals: ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(503).end(),
    // It took it, and its answer is lost.
    (response) => response.destroy(),
  ]
  answer = (response) => (refusals.shift() ?? ((last) => last.writeHead(200).end('fine')))(response)
  await act('/v1/freeze', { target: 'hq' })
  await act('/v1/unfreeze', { target: 'hq' })
  // The waits between the tries pass as quickly as somebody looks.
  await clock.until('both are taken', () => heard.length >= 4, site.simulator.clock)
  expect(heard.map(({ type, data }) => [type, data.code, data.scope])).toEqual(
    ['alarm.on', 'alarm.on', 'alarm.on', 'alarm.off'].map((type) => [type, 'target.frozen', 'hq']),
  )
  expect(new Set(heard.map(({ id }) => id)).size).toBe(2)
  expect(gateway.output()).toContain('"webhook.not-taken"')
})

test('a person can try the receiver; what it answers is said, and nobody is sent elsewhere', async () => {
  expect(await cli('alarms', 'test')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^taken, after \d+ ms\n$/),
  })
  expect(heard).toMatchObject([{ type: 'alarm.test', data: { gateway: 'test' } }])
  answer = (response) => response.writeHead(302, { location: 'https://localhost:1/' }).end()
  expect(await cli('alarms', 'test')).toMatchObject({
    code: 5,
    stdout: expect.stringContaining('not taken: http.redirect'),
  })
  answer = (response) => response.writeHead(401).end()
  expect(await cli('alarms', 'test')).toMatchObject({
    code: 5,
    stdout: expect.stringContaining('not taken: webhook.status-401'),
  })
})

test('neither the secret nor a person is in what the gateway says', () => {
  expect(site.said.join('')).not.toContain(key.toString('base64'))
})
