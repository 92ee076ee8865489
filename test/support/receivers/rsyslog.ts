/** A real rsyslogd that takes RFC 5424 messages over TLS (RFC 5425), with the records that it made of them. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { freePort, until } from '../servers.ts'
import { authority, type ServerCertificate, serverCertificates } from './certificates.ts'
import { type Daemon, daemonOf, started } from './daemon.ts'
import { lineReader } from './line-reader.ts'
import { type StructuredData, structuredDataOf } from './structured-data.ts'

const record = z.strictObject({
  facility: z.coerce.number().int(),
  severity: z.coerce.number().int(),
  /** RFC 3339, with the fraction and the zone that were sent. */
  timestamp: z.string(),
  hostname: z.string(),
  appName: z.string(),
  procId: z.string(),
  msgId: z.string(),
  structuredData: z.string(),
  msg: z.string(),
  raw: z.string(),
})

/** `-` stands where the sender sent the nil value. */
export interface SyslogRecord extends Omit<z.output<typeof record>, 'structuredData'> {
  readonly structuredData: StructuredData
}

export interface Rsyslog extends Omit<Daemon, 'said'>, AsyncDisposable {
  readonly port: number
  /** PEM of the authority that made its certificate. */
  readonly ca: string
  /** What it has written, in its order. A message that it took may come into it a moment later. */
  records(): readonly SyslogRecord[]
  /** Waits until it has at least so many records. */
  received(count: number): Promise<readonly SyslogRecord[]>
  /** What it complains of: handshakes that failed, messages that were too long. */
  complaints(): string
}

export interface RsyslogOptions {
  readonly certificate?: ServerCertificate
  /** Asks for the certificate of `Gatehouse test client`, by the same authority. */
  readonly clientCertificate?: boolean
}

/**
 * Listens on a free port of 127.0.0.1. Frames are counted octets: a line feed ends none here, so that what was sent without counts runs
 * together into one record. As shipped it cuts messages off after 8 KiB and writes control characters as `#012`.
 * @throws Error when rsyslog with its OpenSSL driver is not installed.
 */
export async function startRsyslog(options: RsyslogOptions = {}): Promise<Rsyslog> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-rsyslog-'))
  const port = await freePort()
  const taken = join(folder, 'taken.jsonl')
  const configuration = join(folder, 'rsyslog.conf')
  writeFileSync(configuration, configurationOf(folder, port, taken, options))
  const daemon = daemonOf(
    'rsyslogd',
    ['-n', '-f', configuration, '-i', join(folder, 'pid')],
    port,
    'rsyslog rsyslog-openssl',
  )
  const records: SyslogRecord[] = []
  const read = lineReader(taken, (line) => {
    const { structuredData, ...plain } = record.parse(JSON.parse(line))
    records.push({ ...plain, structuredData: structuredDataOf(structuredData) })
  })
  const { said: complaints, ...control } = daemon
  const rsyslog: Rsyslog = {
    ...control,
    ...{ port, complaints, ca: authority.pem },
    records() {
      read()
      return records
    },
    async received(count) {
      await until(
        () => `${count} records in rsyslog, which has ${records.length}`,
        () => rsyslog.records().length >= count,
      )
      return records
    },
    async [Symbol.asyncDispose]() {
      await daemon.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return started(rsyslog)
}

function configurationOf(folder: string, port: number, taken: string, options: RsyslogOptions): string {
  const { certFile, keyFile } = serverCertificates[options.certificate ?? 'good']
  const peer = options.clientCertificate
    ? 'StreamDriver.AuthMode="x509/name" PermittedPeer=["Gatehouse test client"]'
    : 'StreamDriver.AuthMode="anon"'
  const properties = Object.entries({
    facility: 'syslogfacility',
    severity: 'syslogseverity',
    timestamp: 'timestamp" dateFormat="rfc3339',
    hostname: 'hostname',
    appName: 'app-name',
    procId: 'procid',
    msgId: 'msgid',
    structuredData: 'structured-data',
    msg: 'msg',
    raw: 'rawmsg',
  }).map(([outname, name]) => `property(outname="${outname}" name="${name}" format="jsonf")`)
  return `
global(workDirectory="${folder}" DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="${authority.file}"
  DefaultNetstreamDriverCertFile="${certFile}" DefaultNetstreamDriverKeyFile="${keyFile}")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" ${peer})
template(name="record" type="list" option.jsonf="on") { ${properties.join('\n')} }
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="taken" disableLFDelimiter="on")
ruleset(name="taken") { action(type="omfile" file="${taken}" template="record") }
`
}
