/** What the reason codes of MQTT 5 mean (section 2.4 and those of each packet), by tables. */
import { ConnectorError, type ConnectorFailure } from '../../src/connector/errors.ts'

/** Told to wait, and not how long. */
const retryAfterMs = 30_000

const loginRefused: ConnectorFailure = {
  kind: 'unauthenticated',
  code: 'mqtt.login-refused',
  hint: 'the broker does not let us in: compare user name, password, client id and certificate with its own list',
}
const notAuthorised: ConnectorFailure = {
  kind: 'unauthenticated',
  code: 'mqtt.not-authorised',
  hint: 'the broker does not allow us to publish under the topic: compare topic with its access list',
}
const quota: ConnectorFailure = {
  kind: 'throttled',
  code: 'mqtt.throttled',
  hint: 'the broker asks us to slow down',
  retryAfterMs,
}
const moved: ConnectorFailure = {
  kind: 'unauthenticated',
  code: 'mqtt.moved',
  hint: 'the broker sends us elsewhere, and nobody is followed: set the host that it means',
}
const version: ConnectorFailure = {
  kind: 'unauthenticated',
  code: 'mqtt.version',
  hint: 'the broker does not speak MQTT 5',
}

const always: Readonly<Record<number, ConnectorFailure>> = {
  ...{ 151: quota, 159: quota, 150: quota },
  ...{ 156: moved, 157: moved },
}

/** Of an answer to CONNECT. 1 to 5 are those of MQTT 3.1.1, with which an old broker refuses the version. */
export function connectFailure(reason: number): ConnectorError {
  const table: Readonly<Record<number, ConnectorFailure>> = {
    ...always,
    ...{ 133: loginRefused, 134: loginRefused, 135: loginRefused, 138: loginRefused, 140: loginRefused },
    ...{ 1: version, 132: version },
  }
  return failureOf(table, reason)
}

/** Of an answer to PUBLISH; null when the broker has the message, also where nobody has subscribed to it (0x10). */
export function publishFailure(reason: number): ConnectorError | null {
  return reason < 0x80 ? null : failureOf({ ...always, 135: notAuthorised }, reason)
}

/** Of the DISCONNECT of a broker. */
export function disconnectFailure(reason: number): ConnectorError {
  return failureOf({ ...always, 135: notAuthorised }, reason)
}

/** Why the broker will never take a message, by a code of ours; null where that is not what it says. */
export function refusalCode(reason: number): string | null {
  return { 144: 'mqtt.topic-refused', 149: 'mqtt.too-large', 153: 'mqtt.payload-refused' }[reason] ?? null
}

export function noAcknowledgements(): ConnectorError {
  const hint = 'the broker acknowledges nothing, since it takes no QoS 1: so nobody knows what it has'
  return new ConnectorError({ kind: 'unauthenticated', code: 'mqtt.no-acknowledgements', hint })
}

export function mqttError(code: `mqtt.${string}`, hint: string): ConnectorError {
  return new ConnectorError({ kind: 'transient', code, hint, outcomeUnknown: true })
}

function failureOf(table: Readonly<Record<number, ConnectorFailure>>, reason: number): ConnectorError {
  const code = `mqtt.reason-${reason.toString(16).padStart(2, '0')}`
  const hint = 'the broker did not take it: see its log, and the reason code in the standard'
  return new ConnectorError(table[reason] ?? { kind: 'transient', code, hint, outcomeUnknown: true })
}
