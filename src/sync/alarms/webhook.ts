/** Tells one receiver outside of alarms: signed, through the egress guard, and never of a person. */
import { randomUUID } from 'node:crypto'
import { ConnectorError } from '../../connector/errors.ts'
import type { HttpClient } from '../../connector/http.ts'
import { webhookHeaders } from '../../connector/standard-webhook.ts'
import type { Notice } from '../../store/alarms.ts'

/** What `data` says of an alarm: its code, its scope (a random id or a configured name), since when, and of how many things. */
export interface AlarmMessage {
  readonly type: 'alarm.on' | 'alarm.off' | 'alarm.test'
  readonly timestamp: string
  readonly data: {
    readonly gateway: string
    readonly code: string
    readonly scope: string
    readonly count: number | null
  }
}

export interface AlarmWebhook {
  /** @throws ConnectorError when the receiver did not answer with a status from 200 to 299. */
  tell(notice: Pick<Notice, 'id' | 'code' | 'scope' | 'is_on' | 'at' | 'count'>, signal: AbortSignal): Promise<void>
  /** As `tell`, with a message that is of no alarm. */
  test(signal: AbortSignal): Promise<void>
}

export interface AlarmWebhookOptions {
  readonly http: Pick<HttpClient, 'request'>
  /** Path and query at the receiver. */
  readonly path: string
  readonly key: Buffer
  /** Name of this gateway, as configured. */
  readonly gateway: string
}

export function createAlarmWebhook({ http, path, key, gateway }: AlarmWebhookOptions): AlarmWebhook {
  async function send(id: string, message: AlarmMessage, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(message)
    const headers = { 'content-type': 'application/json', ...webhookHeaders([key], id, new Date(), body) }
    const { status } = await http.request({ method: 'POST', path, headers, body }, signal)
    if (status < 200 || status > 299)
      throw new ConnectorError({
        kind: 'transient',
        code: `webhook.status-${status}`,
        hint: 'the receiver did not take the message: see its log',
      })
  }

  return {
    tell: ({ id, code, scope, is_on, at, count }, signal) =>
      send(
        id,
        { type: is_on ? 'alarm.on' : 'alarm.off', timestamp: at.toISOString(), data: { gateway, code, scope, count } },
        signal,
      ),
    test: (signal) =>
      send(
        randomUUID(),
        {
          type: 'alarm.test',
          timestamp: new Date().toISOString(),
          data: { gateway, code: 'alarm.test', scope: '', count: null },
        },
        signal,
      ),
  }
}
