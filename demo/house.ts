/** A whole small site in one process: a simulated BioStar 2, a gateway on a fresh embedded store, and a folder that HR drops files into. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BiostarSimulator, startBiostarSimulator } from '../connectors/biostar2/simulator/index.ts'
import { initGateway, startGateway } from '../src/main.ts'
import { createLog } from '../src/telemetry/log.ts'
import { departments, sites, siteZone } from './workforce/organisation.ts'

export interface House extends AsyncDisposable {
  readonly simulator: BiostarSimulator
  readonly url: string
  readonly directory: string
  /** Every line that the gateway logged. */
  readonly lines: readonly string[]
  /** Asks the API; `token` is the first operator's unless another is given. */
  call<T>(path: string, body?: unknown, token?: string): Promise<T>
  /** A file as HR drops it; its name says its order, `changes-` at its start that it is a delta. */
  drop(name: string, content: Buffer): Promise<void>
}

export const everybody = 'Main entrance'
export const levelOf = (department: string): string => `${department} doors`

/** Latency of the simulator as by default, unless `fixedMs` is given. */
export async function openHouse(options: { readonly fixedMs?: number } = {}): Promise<House> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-demo-'))
  const folder = join(directory, 'hr')
  await mkdir(folder)
  const levels = [everybody, ...departments.map(levelOf)].map((name) => ({ name, doors: [name] }))
  const simulator = await startBiostarSimulator({
    levels,
    seed: 1,
    ...(options.fixedMs === undefined ? {} : { latency: { fixedMs: options.fixedMs } }),
  })
  simulator.changeSettings({ use_alphanumeric: true })
  await writeFile(join(directory, 'password'), simulator.password, { mode: 0o600 })
  const config = join(directory, 'gatehouse.yaml')
  await writeFile(config, JSON.stringify(configuration(simulator, folder)), { mode: 0o600 })
  const lines: string[] = []
  const log = createLog({ level: 'warn', human: false, write: (line) => void lines.push(line) })
  await initGateway({ config, subject: 'Demo Operator One', demo: true, log })
  const gateway = await startGateway({ config, allowDemoKeys: true, log })
  const first = (await readFile(join(directory, '.gatehouse', 'operator.token'), 'utf8')).trim()
  return {
    simulator,
    url: gateway.url ?? '',
    directory,
    lines,
    async call<T>(path: string, body?: unknown, token = first): Promise<T> {
      const response = await fetch(`${gateway.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      return (text === '' ? null : JSON.parse(text)) as T
    },
    drop: (name, content) => writeFile(join(folder, name), content),
    async [Symbol.asyncDispose]() {
      await gateway.stop()
      await simulator.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function configuration(simulator: BiostarSimulator, folder: string): object {
  const plain = [
    'kind',
    'employeeNumber',
    'email',
    'givenName',
    'familyName',
    'preferredName',
    'title',
    'department',
    'site',
    'start',
    'end',
    'lastWorkingDay',
  ]
  return {
    gateway: { name: 'demo', data: './.gatehouse', zone: 'Europe/Berlin' },
    http: { listen: '127.0.0.1:0' },
    sites: Object.fromEntries(sites.map(({ name }) => [name, { zone: siteZone(name) }])),
    sources: {
      hr: {
        connector: 'csv',
        settings: {
          folder,
          mode: 'full',
          delta_pattern: 'changes-*.csv',
          control_total: 'trailer',
          settle_ms: 200,
          poll_ms: 100,
        },
        mapping: {
          key: 'row.workerId',
          person: 'row.personId',
          fields: {
            ...Object.fromEntries(plain.map((name) => [name, `row.${name}`])),
            left: 'row.status == "terminated"',
          },
          cards: [{ format: 'H10301', facility: 'row.cardFacility', number: 'row.cardNumber', state: 'row.cardState' }],
        },
      },
    },
    targets: {
      hq: {
        connector: 'biostar2',
        mode: 'enabled',
        requests_per_second: 1000,
        settings: {
          url: simulator.url,
          fingerprint256: simulator.fingerprint256,
          user_id_format: 'alphanumeric',
          login_id: simulator.username,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
          password: '${file:./password}',
        },
      },
    },
    policy: [
      { grant: [`hq/${everybody}`], to: 'true' },
      ...departments.map((department) => ({
        grant: [`hq/${levelOf(department)}`],
        to: `employment.department == "${department}"`,
      })),
    ],
  }
}

/** Waits for a condition; @throws Error with what was waited for. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 120_000): Promise<void> {
  const begun = Date.now()
  while (!(await holds())) {
    if (Date.now() - begun > limitMs) throw new Error(`waited in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
