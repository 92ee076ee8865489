/** A syslog server as a receiver of events: what it is, and how it connects. */
import { defineConnector, type Health, type SinkContext } from '../../src/connector/contract.ts'
import { hostAndPort, receiverAddress } from '../../src/connector/receiver-settings.ts'
import { type SyslogSettings, settings } from './settings.ts'
import { createSink } from './sink.ts'

export default defineConnector({
  id: 'syslog',
  title: 'Syslog over TLS',
  vendor: {
    name: 'Any syslog server',
    docs: 'https://www.rfc-editor.org/rfc/rfc5424',
    testedWith: ['rsyslog 8.2302'],
  },
  settings,
  capabilities: ['sink'],
  limits: { concurrency: 1, requestsPerSecond: 100, requestTimeoutMs: 10_000 },
  address: (values) => receiverAddress(`${values.plain_tcp ? 'tcp' : 'tls'}://${hostAndPort(values)}`, values),
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

async function health(values: SyslogSettings, { wires }: SinkContext, signal: AbortSignal): Promise<Health> {
  const wire = await wires.open(signal)
  const problems: Health['problems'][number][] = []
  const tell = (code: string, message: string) => problems.push({ severity: 'warning', code, message })
  try {
    if (values.confirm === 'by-closing') await wire.finish(signal)
  } finally {
    wire.close()
  }
  if (values.confirm === 'none')
    tell(
      'syslog.unconfirmed',
      'Nothing confirms what is sent: what this machine holds when it loses its power may be lost.',
    )
  if (values.format === 'structured-data' && values.enterprise === '32473')
    tell(
      'syslog.enterprise',
      'The enterprise number is the one for documents (RFC 5612): set that of your organisation.',
    )
  return { product: 'Syslog', version: 'RFC 5424', reach: 'not-knowable', problems }
}
