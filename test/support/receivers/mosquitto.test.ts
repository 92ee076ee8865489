import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { authority, clientCertificates } from './certificates.ts'
import { type Mosquitto, startMosquitto } from './mosquitto.ts'

/** Publishes as another hand's tool does. */
function publish(
  broker: Mosquitto,
  topic: string,
  payload: string,
  ...more: string[]
): { code: number | null; said: string } {
  const login = ['-u', broker.username, '-P', broker.password, '--cafile', authority.file]
  const server = ['-h', 'localhost', '-p', String(broker.port), '-V', '5', '-q', '1']
  const { status, stderr } = spawnSync('mosquitto_pub', [...server, ...login, '-t', topic, '-m', payload, ...more], {
    encoding: 'utf8',
  })
  return { code: status, said: stderr }
}

test('brings what is published to its subscriber, whole, and over stop, kill and restart', async () => {
  await using broker = await startMosquitto()
  const property = ['-D', 'publish', 'user-property', 'key', '7', '-D', 'publish', 'content-type', 'application/json']
  expect(publish(broker, 'acs/events/door', '{"a":"ü"}', ...property).code).toBe(0)
  expect(await broker.received(1)).toEqual([
    {
      ...{ topic: 'acs/events/door', qos: 1, retain: false, payload: '{"a":"ü"}' },
      ...{ userProperties: { key: '7' }, contentType: 'application/json', expirySeconds: undefined },
    },
  ])
  await broker.stop()
  expect(publish(broker, 'acs/events/door', 'nobody there').said).toContain('Connection refused')
  await broker.start()
  expect(publish(broker, 'acs/events/door', 'two').code).toBe(0)
  await broker.received(2)
  await broker.kill()
  await broker.start()
  expect(publish(broker, 'acs/events/door', 'three').code).toBe(0)
  expect((await broker.received(3)).map(({ payload }) => payload)).toEqual(['{"a":"ü"}', 'two', 'three'])
})

test('refuses another topic, a wrong password, plain text and whoever has no certificate where one is asked for', async () => {
  await using broker = await startMosquitto({ clientCertificate: true, allowed: 'acs/events/hq' })
  const { certFile, keyFile } = clientCertificates.good
  const own = ['--cert', certFile, '--key', keyFile]
  // The tool ends with 0: the refusal is a reason code in the acknowledgement, nothing else.
  expect(publish(broker, 'acs/events/labs', 'no', ...own)).toEqual({
    code: 0,
    said: expect.stringContaining('Not authorized'),
  })
  expect(publish(broker, 'acs/events/hq', 'no', ...own, '-P', 'wrong').said).toContain('Not authorized')
  const plain = spawnSync('mosquitto_pub', [
    '-h',
    'localhost',
    '-p',
    String(broker.port),
    '-t',
    'acs/events/hq',
    '-m',
    'no',
  ])
  expect(plain.status).not.toBe(0)
  expect(publish(broker, 'acs/events/hq', 'no').code).not.toBe(0)
  expect(publish(broker, 'acs/events/hq', 'yes', ...own).code).toBe(0)
  expect((await broker.received(1)).map(({ payload }) => payload)).toEqual(['yes'])
})
