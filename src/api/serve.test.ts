import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import { expect, test, vi } from 'vitest'
import { createClient } from '../cli/client.ts'
import { archiveId, testGateway, tokens } from './gateway.fixture.ts'
import { allowedHosts, hostName, isLoopback, ListenError, refuseUnsafeListen } from './listen.ts'
import { serveApi } from './serve.ts'

const fixtures = join(import.meta.dirname, '../../test/fixtures/tls')
const open = { host: '0.0.0.0', port: 7400, tls: false, behindProxy: false, names: [] }

test('the network gets in only over TLS or through a declared proxy', () => {
  expect(() => refuseUnsafeListen(open)).toThrow(ListenError)
  expect(() => refuseUnsafeListen({ ...open, host: '10.1.2.3' })).toThrow(ListenError)
  expect(() => refuseUnsafeListen({ ...open, host: '::' })).toThrow(ListenError)
  refuseUnsafeListen({ ...open, tls: true })
  refuseUnsafeListen({ ...open, behindProxy: true })
  refuseUnsafeListen({ ...open, host: '127.0.0.1' })
})

test('loopback is what can not leave the machine', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'].filter(isLoopback)).toHaveLength(6)
  expect(['127.0.0.1.example', '128.0.0.1', '0.0.0.0', '::', 'localhost.example', ''].filter(isLoopback)).toEqual([])
})

test('which host names pass follows from where the API listens', () => {
  const local = { ...open, host: '127.0.0.1' }
  expect(allowedHosts(local)).toEqual(['localhost', '127.0.0.1', '[::1]'])
  expect(allowedHosts({ ...local, names: ['Gate.Example'] })).toContain('gate.example')
  expect(allowedHosts(open)).toBeNull()
  expect(allowedHosts({ ...open, host: '::', names: ['gate.example'] })).toEqual(['[::]', 'gate.example'])
})

test('a Host header is a name and perhaps a port, nothing else', () => {
  expect(hostName('LOCALHOST:7400')).toBe('localhost')
  expect(hostName('[::1]:7400')).toBe('[::1]')
  expect(['localhost@evil.example', 'localhost/x', 'local host', ''].map(hostName)).toEqual([null, null, null, null])
})

test('a served API answers on a free port and ends what runs before it closes', async () => {
  let answerNow = (): void => undefined
  const answered = new Promise<void>((resolve) => {
    answerNow = resolve
  })
  let isAsked = (): void => undefined
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve
  })
  const { app } = testGateway({
    acts: {
      ready: async () => {
        isAsked()
        await answered
        return { ok: true, checks: [] }
      },
    },
  })
  const served = await serveApi(app, { host: '127.0.0.1', port: 0 })
  const running = fetch(`${served.url}/readyz`)
  await asked
  const closed = served.close()
  await expect(fetch(`${served.url}/livez`)).rejects.toThrow()
  answerNow()
  expect((await running).status).toBe(200)
  await closed
})

test('an archive that fails on its way out is cut off: nobody takes its beginning for the whole', async () => {
  async function* failing() {
    yield Buffer.alloc(50_000, 'x')
    throw new Error('the disk is gone')
  }
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { app, logged } = testGateway({ acts: { openArchive: async () => ({ bytes: 100_000, content: failing() }) } })
  const served = await serveApi(app, { host: '127.0.0.1', port: 0 })
  const client = createClient({ url: served.url, token: tokens.admin })
  const read = async () => {
    for await (const _ of client.download(`/v1/archives/${archiveId}/open`, { reason: 'looked for' }));
  }
  await expect(read()).rejects.toThrow('the answer was cut off before its end')
  expect(logged.map((line) => JSON.parse(line))).toMatchObject([{ event: 'api.cut-off', error: 'Error' }])
  expect(JSON.stringify([logged, said.mock.calls.map(([error]) => String(error))])).not.toContain('disk')
  said.mockRestore()
  await client.close()
  await served.close()
})

test('an answer that never comes is cut off after the grace', async () => {
  const { app } = testGateway({ acts: { ready: () => new Promise(() => undefined) } })
  const served = await serveApi(app, { host: '127.0.0.1', port: 0 })
  const running = expect(fetch(`${served.url}/readyz`)).rejects.toThrow()
  const { hostname, port } = new URL(served.url)
  // A caller that says nothing must not keep the server open either.
  const silent = connect(Number(port), hostname)
  await new Promise((resolve) => silent.once('connect', resolve))
  silent.on('error', () => undefined)
  await served.close(50)
  await running
  silent.destroy()
})

test('with a certificate the API speaks TLS only', async () => {
  const { app } = testGateway()
  const cert = readFileSync(join(fixtures, 'localhost-cert.pem'))
  const tls = { key: readFileSync(join(fixtures, 'localhost-key.pem')), cert }
  const served = await serveApi(app, { host: '127.0.0.1', port: 0 }, tls)
  const dispatcher = new Agent({ connect: { ca: cert } })
  const { port } = new URL(served.url)
  expect(served.url).toMatch(/^https:/)
  expect((await fetch(`https://localhost:${port}/livez`, { dispatcher })).status).toBe(200)
  await expect(fetch(`http://localhost:${port}/livez`)).rejects.toThrow()
  await dispatcher.close()
  await served.close()
})

test('a port that is taken is an error with its code', async () => {
  const { app } = testGateway()
  const served = await serveApi(app, { host: '127.0.0.1', port: 0 })
  const port = Number(new URL(served.url).port)
  await expect(serveApi(app, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await served.close()
})
