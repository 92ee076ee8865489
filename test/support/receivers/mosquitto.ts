/** A real Mosquitto with TLS, passwords and one allowed topic, and the messages that came through it to a subscriber. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { freePort, until } from '../servers.ts'
import { authority, type ServerCertificate, serverCertificates } from './certificates.ts'
import { type Daemon, daemonOf, started } from './daemon.ts'
import { lineReader } from './line-reader.ts'

const message = z
  .object({
    topic: z.string(),
    qos: z.number(),
    retain: z.number(),
    payload: z.string(),
    properties: z
      .object({
        'user-properties': z.record(z.string(), z.string()).default({}),
        'content-type': z.string().optional(),
        'message-expiry-interval': z.number().optional(),
      })
      .prefault({}),
  })
  .transform(({ topic, qos, retain, payload, properties }) => ({
    ...{ topic, qos, payload, retain: retain === 1 },
    userProperties: properties['user-properties'],
    contentType: properties['content-type'],
    /** Seconds. */
    expirySeconds: properties['message-expiry-interval'],
  }))
export type MqttMessage = z.output<typeof message>

export interface Mosquitto extends Omit<Daemon, 'said'>, AsyncDisposable {
  readonly port: number
  /** `mqtts://localhost:<port>` */
  readonly url: string
  /** PEM of the authority that made its certificate. */
  readonly ca: string
  readonly username: string
  readonly password: string
  /** What came through, in the broker's order; a message that was published twice is there twice. */
  messages(): readonly MqttMessage[]
  /** Waits until at least so many messages came through. */
  received(count: number): Promise<readonly MqttMessage[]>
  /** The broker's own log: who came, who was refused. */
  log(): string
}

export interface MosquittoOptions {
  readonly certificate?: ServerCertificate
  /** The filter that `username` may publish to. Default `acs/events/#`. */
  readonly allowed?: string
  /** Refuses whoever has no certificate by the authority, besides the password. */
  readonly clientCertificate?: boolean
  /** Writes to disk what it has when it is stopped only, for many messages: it always writes all that wait. Default: at each change. */
  readonly savesAtEnd?: boolean
}

const username = 'gatehouse'
const password = 'of the gateway'
const collector = { username: 'collector', password: 'of the collector' }

/**
 * Listens on a free port of 127.0.0.1. `stop` keeps what it has acknowledged, `kill` may lose the last of it, as a broker does that is not
 * told to write at once. The subscriber has a session that outlives both, so that what comes while it is away reaches it afterwards.
 * @throws Error when Mosquitto or its clients are not installed.
 */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mosquitto-'))
  const port = await freePort()
  const door = join(folder, 'door')
  const configuration = join(folder, 'mosquitto.conf')
  writeFileSync(configuration, configurationOf(folder, port, door, options))
  const passwords = `${username}:${password}\n${collector.username}:${collector.password}\n`
  writeFileSync(join(folder, 'passwords'), passwords, { mode: 0o600 })
  execFileSync('mosquitto_passwd', ['-U', join(folder, 'passwords')])
  const rules = `user ${username}\ntopic write ${options.allowed ?? 'acs/events/#'}\nuser ${collector.username}\ntopic read #\n`
  writeFileSync(join(folder, 'rules'), rules, { mode: 0o600 })

  const daemon = daemonOf('mosquitto', ['-c', configuration], port, 'mosquitto mosquitto-clients')
  const taken = join(folder, 'taken.jsonl')
  const messages: MqttMessage[] = []
  const read = lineReader(taken, (line) => messages.push(message.parse(JSON.parse(line))))
  let subscriber: ChildProcess | undefined

  /** mosquitto_sub ends by itself when its broker goes. */
  async function unsubscribe(): Promise<void> {
    if (subscriber === undefined || subscriber.exitCode !== null || subscriber.signalCode !== null) return
    const ended = once(subscriber, 'exit')
    subscriber.kill()
    await ended
  }

  const { said: log, ...control } = daemon
  const mosquitto: Mosquitto = {
    ...control,
    ...{ port, username, password, log, url: `mqtts://localhost:${port}`, ca: authority.pem },
    async start() {
      const before = subscriptionsIn(log())
      await daemon.start()
      subscriber = subscribe(door, taken)
      await until(
        () => `the subscriber is there; mosquitto_sub ended with ${subscriber?.exitCode}`,
        () => subscriptionsIn(log()) > before,
      )
    },
    async stop() {
      await unsubscribe()
      await daemon.stop()
    },
    async kill() {
      await daemon.kill()
      await unsubscribe()
    },
    messages() {
      read()
      return messages
    },
    async received(count) {
      await until(
        () => `${count} messages through Mosquitto, which brought ${messages.length}`,
        () => mosquitto.messages().length >= count,
      )
      return messages
    },
    async [Symbol.asyncDispose]() {
      await mosquitto.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return started(mosquitto)
}

function subscriptionsIn(log: string): number {
  return log.split(`: ${collector.username} 1 #\n`).length
}

function subscribe(door: string, file: string): ChildProcess {
  const output = openSync(file, 'a')
  const session = ['-V', '5', '-c', '-x', '3600', '-i', collector.username, '-q', '1', '-t', '#', '-F', '%j']
  const login = ['-u', collector.username, '-P', collector.password]
  const child = spawn('mosquitto_sub', ['--unix', door, ...login, ...session], {
    stdio: ['ignore', output, 'ignore'],
  })
  closeSync(output)
  return child
}

/** `door` is the subscriber's own, so that a certificate that has expired does not shut it out; first, so that it is open when the port is. */
function configurationOf(folder: string, port: number, door: string, options: MosquittoOptions): string {
  const { certFile, keyFile } = serverCertificates[options.certificate ?? 'good']
  return `
user root
allow_anonymous false
password_file ${folder}/passwords
acl_file ${folder}/rules
persistence true
persistence_location ${folder}/
${options.savesAtEnd === true ? 'autosave_interval 0' : 'autosave_on_changes true\nautosave_interval 1'}
max_queued_messages 0
log_dest stderr
log_type error
log_type warning
log_type notice
log_type subscribe
listener 0 ${door}
listener ${port} 127.0.0.1
cafile ${authority.file}
certfile ${certFile}
keyfile ${keyFile}
tls_version tlsv1.2
require_certificate ${options.clientCertificate === true}
`
}
