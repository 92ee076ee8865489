import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { until } from '../servers.ts'
import { authority, type CertificateFiles, clientCertificates, serverCertificates } from './certificates.ts'
import { type Rsyslog, startRsyslog } from './rsyslog.ts'
import { structuredDataOf } from './structured-data.ts'

async function speak(rsyslog: Rsyslog, identity: Partial<CertificateFiles> = {}): Promise<TLSSocket> {
  const { cert, key } = identity
  const socket = connect({
    port: rsyslog.port,
    host: 'localhost',
    ca: rsyslog.ca,
    ...(cert && key ? { cert, key } : {}),
  })
  await once(socket, 'secureConnect')
  return socket
}

const framed = (message: string): string => `${Buffer.byteLength(message)} ${message}`

test('takes counted frames over TLS and gives back every part of a message, over a restart too', async () => {
  await using rsyslog = await startRsyslog()
  const said =
    '<134>1 2026-11-26T10:00:00.123456+01:00 gate gatehouse 77 access.granted [gh@32473 door="a \\"b\\" \\] \\\\" n="2"][x@1] \ufeffhällo\nzwei'
  const socket = await speak(rsyslog)
  socket.write(framed(said) + framed('<37>1 2026-11-26T10:00:01Z - - - - -'))
  const [full, bare] = await rsyslog.received(2)
  expect(full).toEqual({
    ...{ facility: 16, severity: 6, timestamp: '2026-11-26T10:00:00.123456+01:00', hostname: 'gate' },
    ...{ appName: 'gatehouse', procId: '77', msgId: 'access.granted' },
    structuredData: { 'gh@32473': { door: 'a "b" ] \\', n: '2' }, 'x@1': {} },
    // The mark of UTF-8 stays; a line feed is written as rsyslog does.
    msg: '\ufeffhällo#012zwei',
    raw: said.replace('\n', '#012'),
  })
  expect(bare).toMatchObject({ facility: 4, severity: 5, hostname: '-', appName: '-', structuredData: {}, msg: '' })

  const closed = once(socket, 'close')
  await rsyslog.stop()
  await closed
  await expect(speak(rsyslog)).rejects.toThrow('ECONNREFUSED')
  await rsyslog.start()
  const again = await speak(rsyslog)
  // Without a count a line feed ends no message: both lie in one record, once the connection is closed.
  again.end('<134>1 2026-11-26T10:00:02Z h a - m - one\n<134>1 2026-11-26T10:00:03Z h a - m - two\n')
  expect((await rsyslog.received(3)).slice(2).map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/^one#012<134>1 .*two/),
  ])
})

test('a client without a certificate of the authority delivers nothing, and the tool of another hand does', async () => {
  await using rsyslog = await startRsyslog({ clientCertificate: true })
  for (const identity of [{}, clientCertificates.stranger, serverCertificates.good]) {
    const socket = await speak(rsyslog, identity)
    const closed = new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined))
    socket.write(framed('<134>1 2026-11-26T10:00:00Z h a - m - no'))
    await closed
  }
  const { certFile, keyFile } = clientCertificates.good
  const message = framed('<134>1 2026-11-26T10:00:00Z h a - m - yes')
  const options = [
    '-connect',
    `127.0.0.1:${rsyslog.port}`,
    '-CAfile',
    authority.file,
    '-cert',
    certFile,
    '-key',
    keyFile,
  ]
  execFileSync('openssl', ['s_client', '-quiet', '-no_ign_eof', '-verify_return_error', ...options], {
    input: message,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  expect((await rsyslog.received(1)).map(({ msg }) => msg)).toEqual(['yes'])
  await until('the refusals are written', () => rsyslog.complaints().includes('peer'))
})

test('an expired certificate and one for another name are shown as they are', async () => {
  for (const [certificate, complaint] of [
    ['expired', 'certificate has expired'],
    ['elsewhere', "does not match certificate's altnames"],
  ] as const) {
    await using rsyslog = await startRsyslog({ certificate })
    await expect(speak(rsyslog)).rejects.toThrow(complaint)
    expect(rsyslog.records()).toEqual([])
  }
})

test('structured data is read by the grammar of RFC 5424 and by nothing else', () => {
  expect(structuredDataOf('-')).toEqual({})
  expect(structuredDataOf('[a@1 b="\\x" c=""]')).toEqual({ 'a@1': { b: '\\x', c: '' } })
  for (const wrong of ['', '[a@1', '[a@1 b="]"]', '[a@1 b="c"] ', '[a@1 b=c]', '[a@1][a@1]'])
    expect(() => structuredDataOf(wrong), wrong).toThrow('structured data')
})
