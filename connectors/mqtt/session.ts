/** One session at a broker: publishes with QoS 1, never more at once than the broker takes, and knows what became of each message. */
import mqtt, { type IConnackPacket, type IPublishPacket, type Packet } from 'mqtt-packet'
import type { Wire, WireClient } from '../../src/connector/wire.ts'
import { connectFailure, disconnectFailure, mqttError, noAcknowledgements } from './errors.ts'
import type { MqttSettings } from './settings.ts'

/** How long the broker may take to answer, in ms. */
const answerMs = 10_000
/** Within so many seconds the broker hears from us, unless it asks to hear more often. */
const keepAliveSeconds = 30
/** Of what a broker takes at once; more would only fill memory. */
const windowMax = 500

const version = { protocolVersion: 5 } as const

export type Message = Pick<IPublishPacket, 'topic' | 'payload' | 'properties'>

/** No answer to what we send has as many. */
const answerBytesMax = 64 * 1024

export class Session {
  readonly #wire: Wire
  readonly #window: number
  /** In bytes; null: any. */
  readonly #packetMax: number | null
  /** Packet id, to what the broker will answer. */
  readonly #waiting = new Map<number, (reason: number) => void>()
  readonly #pinging: NodeJS.Timeout
  #nextId = 1
  #answered = true
  #onAnswer: () => void = () => undefined

  private constructor(wire: Wire, { properties = {} }: IConnackPacket) {
    this.#wire = wire
    this.#window = Math.min(properties.receiveMaximum ?? 65_535, windowMax)
    this.#packetMax = properties.maximumPacketSize ?? null
    const seconds = properties.serverKeepAlive || keepAliveSeconds
    this.#pinging = setInterval(() => this.#ping(), Math.max(1, seconds / 2) * 1000).unref()
    wire.over.addEventListener('abort', () => clearInterval(this.#pinging), { once: true })
  }

  /** @throws ConnectorError of the wire, or by the reason that the broker gives; the signal's reason. */
  static async open(wires: WireClient, settings: MqttSettings, signal: AbortSignal): Promise<Session> {
    const parser = mqtt.parser(version)
    const welcome = Promise.withResolvers<IConnackPacket>()
    const wire: Wire = await wires.open(signal, (piece) => {
      // What a broker says is short: one that goes on and on would fill the memory.
      if (parser.parse(piece) > answerBytesMax)
        wire.close(mqttError('mqtt.protocol', 'the broker sent what is no answer'))
    })
    let session: Session | null = null
    parser.on('error', () => wire.close(mqttError('mqtt.protocol', 'the broker sent what is no MQTT')))
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'disconnect') wire.close(disconnectFailure(packet.reasonCode ?? 0))
      else if (packet.cmd === 'connack') welcome.resolve(packet)
      else if (session !== null) session.#take(packet)
    })
    const { username, password, client_id: clientId = '' } = settings
    const login = {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
    }
    const hello = { cmd: 'connect', protocolId: 'MQTT', clean: true, keepalive: keepAliveSeconds, clientId } as const
    try {
      await wire.write(mqtt.generate({ ...hello, ...version, ...login }), signal)
      const answer = await within(wire, signal, welcome.promise)
      const reason = answer.reasonCode ?? answer.returnCode ?? 0
      if (reason !== 0) throw connectFailure(reason)
      if (answer.properties?.maximumQoS === 0) throw noAcknowledgements()
      // MQTT 5.0, 3.2.2.3.3 and 3.2.2.3.6: neither may be 0, or be there twice.
      const { receiveMaximum = 1, maximumPacketSize = 1 } = answer.properties ?? {}
      if (![receiveMaximum, maximumPacketSize].every((given) => Number.isInteger(given) && given >= 1))
        throw mqttError('mqtt.protocol', 'the broker names a limit that is none')
      session = new Session(wire, answer)
      return session
    } catch (error) {
      wire.close()
      throw error
    }
  }

  get isOpen(): boolean {
    return !this.#wire.over.aborted
  }

  /** The reason code for each message, in their order; 0x95 for one that is larger than the broker takes, and was not sent. */
  async publish(messages: readonly Message[], signal: AbortSignal): Promise<readonly number[]> {
    const reasons = messages.map(() => 0)
    try {
      for (let next = 0; next < messages.length || this.#waiting.size > 0; ) {
        const first = next
        next = Math.min(messages.length, first + this.#window - this.#waiting.size)
        const packets = messages.slice(first, next).flatMap((message, offset) => {
          const packet = this.#packetOf(message, (reason) => {
            reasons[first + offset] = reason
          })
          if (packet === null) reasons[first + offset] = 0x95
          return packet ?? []
        })
        if (packets.length > 0) await this.#wire.write(Buffer.concat(packets), signal)
        if (this.#waiting.size > 0) await this.#answer(signal)
      }
      return reasons
    } finally {
      // What was not answered never will be: whoever publishes next must not take it for his own.
      if (this.#waiting.size > 0) this.close()
    }
  }

  close(): void {
    this.#wire.close()
  }

  #packetOf(message: Message, onReason: (reason: number) => void): Buffer | null {
    const messageId = this.#nextId
    const packet = mqtt.generate({ cmd: 'publish', qos: 1, dup: false, retain: false, messageId, ...message }, version)
    if (this.#packetMax !== null && packet.length > this.#packetMax) return null
    this.#nextId = (messageId % 65_535) + 1
    this.#waiting.set(messageId, onReason)
    return packet
  }

  #take(packet: Packet): void {
    if (packet.cmd === 'pingresp') this.#answered = true
    if (packet.cmd !== 'puback' || packet.messageId === undefined) return
    this.#waiting.get(packet.messageId)?.(packet.reasonCode ?? 0)
    this.#waiting.delete(packet.messageId)
    this.#onAnswer()
  }

  #answer(signal: AbortSignal): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = resolve
    })
    return within(this.#wire, signal, answered)
  }

  #ping(): void {
    if (!this.#answered) {
      this.#wire.close()
      return
    }
    this.#answered = false
    // When it fails, the connection is over, and the next batch opens another.
    this.#wire.write(mqtt.generate({ cmd: 'pingreq' }), AbortSignal.timeout(answerMs)).catch(() => this.#wire.close())
  }
}

/** @throws why the connection is over, or the signal's reason; `mqtt.no-answer` when the broker takes too long. */
async function within<T>(wire: Wire, signal: AbortSignal, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = AbortSignal.timeout(answerMs)
  const any = AbortSignal.any([wire.over, signal, late])
  const onAbort = () =>
    reject(late.aborted && !signal.aborted ? mqttError('mqtt.no-answer', 'the broker does not answer') : any.reason)
  if (any.aborted) onAbort()
  any.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([answer, promise])
  } finally {
    any.removeEventListener('abort', onAbort)
  }
}
