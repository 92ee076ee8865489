/** Real receivers of one gateway's events, each of which is away now and then; each tells what came to it, in the order in which it came. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startElasticsearch } from '../support/receivers/elasticsearch/index.ts'
import { startMosquitto } from '../support/receivers/mosquitto.ts'
import { startRsyslog } from '../support/receivers/rsyslog.ts'
import { newWebhookSecret, startWebhookReceiver } from '../support/receivers/webhook.ts'
import { type Arrival, arrivalOf } from './events-order.ts'

interface Receiver {
  readonly name: string
  readonly connector: string
  readonly settings: object
  /** Away for so long, in ms, and back. */
  away(ms: number): Promise<void>
  /** Everything that came, in its order. */
  arrived(): Promise<readonly Arrival[]>
}

export interface Receivers extends AsyncDisposable {
  readonly all: readonly Receiver[]
  /** As the configuration has them. */
  readonly subscriptions: Readonly<Record<string, object>>
  /** What those that look closely found wrong with what came. */
  objections(): readonly string[]
}

const stream = 'logs-gatehouse.events-test'
const document = z.looseObject({ event: z.looseObject({ sequence: z.number() }), gatehouse: z.unknown() })

/** `directory`: the site's, in which a folder for files and the secrets are made. */
export async function openReceivers(directory: string): Promise<Receivers> {
  const stack = new AsyncDisposableStack()
  try {
    const secret = newWebhookSecret()
    const webhook = stack.use(await startWebhookReceiver([secret]))
    const rsyslog = stack.use(await startRsyslog())
    const mosquitto = stack.use(await startMosquitto({ savesAtEnd: true }))
    const elastic = stack.use(await startElasticsearch())
    const folder = join(directory, 'files')
    await mkdir(folder, { mode: 0o700 })
    const secretFor = async (name: string, value: string) => {
      await writeFile(join(directory, name), value, { mode: 0o600 })
      return `\${file:./${name}}`
    }
    const near = { allow_private: true }
    const all: readonly Receiver[] = [
      {
        ...{ name: 'webhook', connector: 'webhook', away: awayWhile(webhook) },
        settings: { url: webhook.url, ca: webhook.ca, secret: await secretFor('webhook-secret', secret), ...near },
        arrived: async () =>
          webhook.deliveries.flatMap(({ events }) => events.map(({ sequence, data }) => arrivalOf(sequence, data))),
      },
      {
        ...{ name: 'syslog', connector: 'syslog', away: awayWhile(rsyslog) },
        settings: { host: 'localhost', port: rsyslog.port, ca: rsyslog.ca, ...near },
        arrived: async () =>
          rsyslog
            .records()
            .map(({ structuredData, msg }) => arrivalOf(structuredData['gatehouse@32473']?.sequence, JSON.parse(msg))),
      },
      {
        ...{ name: 'mqtt', connector: 'mqtt', away: awayWhile(mosquitto) },
        settings: {
          ...{ host: 'localhost', port: mosquitto.port, ca: mosquitto.ca, topic: 'acs/events/{system}', ...near },
          ...{ username: mosquitto.username, password: await secretFor('mqtt-password', mosquitto.password) },
        },
        arrived: async () =>
          mosquitto.messages().map(({ payload }) => {
            const { sequence, data } = JSON.parse(payload)
            return arrivalOf(sequence, data)
          }),
      },
      {
        ...{ name: 'elasticsearch', connector: 'elasticsearch', away: awayWhile(elastic) },
        settings: {
          ...{ url: elastic.url, ca: elastic.ca, data_stream: stream, ...near },
          api_key: await secretFor('elastic-key', elastic.apiKey),
        },
        arrived: async () =>
          elastic.documents(stream).map(({ source }) => {
            const { event, gatehouse } = document.parse(source)
            return arrivalOf(event.sequence, gatehouse)
          }),
      },
      {
        ...{ name: 'files', connector: 'file', away: awayWhile(movable(folder)) },
        settings: { folder, zone: 'Europe/Berlin', protection: 'clear' },
        arrived: () => arrivedIn(folder),
      },
    ]
    const mine = stack.move()
    const subscription = ({ connector, settings }: Receiver) => ({
      ...{ connector, settings, requests_per_second: 500, reveal: ['door', 'vendor'], from: 'start' },
    })
    return {
      all,
      subscriptions: Object.fromEntries(all.map((receiver) => [receiver.name, subscription(receiver)])),
      objections: () => [...webhook.objections(), ...elastic.unhandled],
      [Symbol.asyncDispose]: () => mine.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

interface Away {
  stop(): Promise<void>
  start(): Promise<void>
}

function awayWhile({ stop, start }: Away): (ms: number) => Promise<void> {
  return async (ms) => {
    await stop()
    await sleep(ms)
    await start()
  }
}

/** As a share that is not there. */
function movable(folder: string): Away {
  return { stop: () => rename(folder, `${folder}-away`), start: () => rename(`${folder}-away`, folder) }
}

async function arrivedIn(folder: string): Promise<readonly Arrival[]> {
  const names = (await readdir(folder)).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const lines = texts.flatMap((text) => text.split('\n').slice(0, -1)).filter((line) => !line.startsWith('{"total":'))
  return lines.map((line) => {
    const { sequence, data } = JSON.parse(line)
    return arrivalOf(sequence, data)
  })
}
