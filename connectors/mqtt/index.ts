/** An MQTT broker as a receiver of events: what it is, and how it connects. */
import { defineConnector, type Health, type SinkContext } from '../../src/connector/contract.ts'
import { hostAndPort, receiverAddress } from '../../src/connector/receiver-settings.ts'
import { Session } from './session.ts'
import { type MqttSettings, settings } from './settings.ts'
import { createSink } from './sink.ts'

export default defineConnector({
  id: 'mqtt',
  title: 'MQTT broker',
  vendor: {
    name: 'Any broker of MQTT 5',
    docs: 'https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html',
    testedWith: ['Mosquitto 2.0.11'],
  },
  settings,
  capabilities: ['sink'],
  feeds: ['events', 'punches'],
  // One write is one request: as many messages as the broker takes at once.
  limits: { concurrency: 2, requestsPerSecond: 500, requestTimeoutMs: 10_000 },
  address: (values) => receiverAddress(`tls://${hostAndPort(values)}`, values),
  async connect(values, context) {
    const { sink, close } = createSink(values, context)
    return {
      sink,
      health: (signal) => health(values, context, signal),
      async close() {
        close()
      },
    }
  },
})

/** Logs in as somebody else when a client id is set: a broker would hang up on the one that delivers. */
async function health(values: MqttSettings, { wires }: SinkContext, signal: AbortSignal): Promise<Health> {
  if (values.client_id === undefined) (await Session.open(wires, values, signal)).close()
  else (await wires.open(signal)).close()
  return { product: 'MQTT broker', version: 'MQTT 5', reach: 'accepted', problems: [] }
}
