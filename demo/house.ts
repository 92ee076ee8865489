/** A whole small company: a simulated BioStar 2 and a simulated AEOS, a gateway on a fresh embedded store, and a folder that HR drops files into. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { initGateway } from '../src/main.ts'
import { createLog } from '../src/telemetry/log.ts'
import { openAeos } from './aeos-doors.ts'
import { openBiostar2 } from './biostar2-doors.ts'
import type { DoorSystem, Planted } from './door-system.ts'
import { openAsSuperuser, openShared } from './embedded-store.ts'
import { type EventReceiver, openEventReceiver } from './event-receiver.ts'
import { removeQueues } from './redis-traces.ts'
import { RefusedCall } from './refused-call.ts'
import { configuration, doorNames, receiverSecretFile } from './site.ts'
import { type GatewayProcess, startGatewayProcess } from './start-gateway.ts'

/** Somebody made up who acts on the gateway. */
export interface Operator {
  readonly name: string
  /** The gateway's own id of them. */
  readonly subject: string
  readonly token: string
  readonly tokenPath: string
}

export interface House extends AsyncDisposable {
  /** What opens the doors: of the head office, and of the plant. */
  readonly systems: readonly DoorSystem[]
  /** Who is told of events. */
  readonly receiver: EventReceiver
  readonly url: string
  readonly directory: string
  /** What HR drops files into. */
  readonly folder: string
  /** Where sealed files of each day lie, with who came and went. */
  readonly archive: string
  readonly config: string
  /** The gateway's own folder: keys, tokens. */
  readonly dataPath: string
  /** Where the embedded PostgreSQL keeps everything. */
  readonly storePath: string
  /** The Redis that carries wake-ups; undefined: PostgreSQL does. */
  readonly redisUrl: string | undefined
  readonly one: Operator
  readonly two: Operator
  /** The embedded store, with the rights of its superuser: for looking only. */
  readonly store: pg.Client
  /** Ends one of the processes as an upgrade does, and starts it again. */
  restart(index: number): Promise<void>
  /** All that the gateway logged, from `debug` up. */
  readonly log: readonly string[]
  /** Asks the API; the first operator does, unless another is named. @throws RefusedCall */
  call<T>(path: string, body?: unknown, operator?: Operator): Promise<T>
  /** The same where the answer is a text. */
  read(path: string, body?: unknown, operator?: Operator): Promise<string>
  /** A file as HR delivers it, under its name when it is whole. A name that begins with `changes-` says that it is a delta. */
  drop(name: string, content: Buffer): Promise<void>
}

export interface HouseOptions {
  /** Latency of the simulators; as by default when left out. */
  readonly fixedMs?: number
  /** People whom the door systems have before the gateway comes; they are then only observed at first. */
  readonly existing?: readonly Planted[]
  /** People whom HR's records may lock out within an hour, in percent; as by default when left out. */
  readonly lockoutPercent?: number
  /** The roles of each process, with commas between; more than one need a database that none of them owns. */
  readonly processes?: readonly string[]
}

const allRoles = 'api,worker,scheduler'

/** @throws whatever could not be started; then nothing stays running, and the folder is gone. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  await using opened = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-demo-'))
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  // Root hands PostgreSQL to another user, who must be able to pass through; nobody else can list what is inside.
  if (process.getuid?.() === 0) await chmod(directory, 0o711)
  const folder = join(directory, 'hr')
  const archive = join(directory, 'archive')
  for (const each of [folder, archive]) await mkdir(each, { mode: 0o700 })

  const latency = options.fixedMs === undefined ? {} : { latency: { fixedMs: options.fixedMs } }
  const systems = [
    opened.use(await openBiostar2('hq', doorNames, latency)),
    opened.use(await openAeos('plant', doorNames, latency)),
  ]
  const { existing } = options
  if (existing !== undefined) for (const system of systems) system.plant(existing)

  const config = join(directory, 'gatehouse.yaml')
  const dataPath = join(directory, '.gatehouse')
  for (const { secret } of systems) await writeFile(join(directory, secret.file), secret.value, { mode: 0o600 })
  const receiver = opened.use(await openEventReceiver())
  await writeFile(join(directory, receiverSecretFile), receiver.secret, { mode: 0o600 })
  const site = configuration({
    systems,
    receiver: receiver.url,
    folder,
    archive,
    mode: existing === undefined ? 'enabled' : 'observe',
    now: new Date(),
    lockoutPercent: options.lockoutPercent,
  })
  await writeFile(config, JSON.stringify(site, null, 2), { mode: 0o600 })
  const log: string[] = []
  const logger = createLog({ level: 'debug', human: false, write: (line) => void log.push(line) })
  // The embedded default is what is shown: a database of the reader's own is left alone.
  const { DATABASE_URL: _, ...reader } = process.env
  const redisUrl = reader.REDIS_URL === '' ? undefined : reader.REDIS_URL
  const { processes = [allRoles] } = options
  const shared = processes.length > 1 ? await openShared(opened, join(dataPath, 'postgres')) : null
  const env = shared === null ? reader : { ...reader, DATABASE_URL: shared.url }
  const { subject, gatewayId } = await initGateway({
    config,
    subject: 'Demo Operator One',
    demo: true,
    log: logger,
    env,
  })
  if (redisUrl !== undefined) opened.defer(() => removeQueues(redisUrl, gatewayId))
  const start = (roles: string): Promise<GatewayProcess> =>
    startGatewayProcess(config, roles, env, (line) => void log.push(line))
  const gateways: GatewayProcess[] = []
  opened.defer(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
  })
  for (const roles of processes) gateways.push(await start(roles))
  const url = gateways[0]?.url ?? ''
  const storePath = shared?.storePath ?? gateways[0]?.dataPath ?? ''
  const store = await openAsSuperuser(join(dataPath, 'postgres'), storePath)
  opened.defer(() => store.end())

  async function read(path: string, body: unknown, { token }: Operator): Promise<string> {
    const serving = gateways.find((gateway) => gateway.url !== null)?.url ?? ''
    const response = await fetch(`${serving}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.ok) return text
    const { code } = JSON.parse(text) as { readonly code: string }
    throw new RefusedCall(path, response.status, code)
  }
  async function call<T>(path: string, body: unknown, operator: Operator): Promise<T> {
    const text = await read(path, body, operator)
    return (text === '' ? null : JSON.parse(text)) as T
  }

  const firstPath = join(dataPath, 'operator.token')
  const one = {
    name: 'Demo Operator One',
    subject,
    token: (await readFile(firstPath, 'utf8')).trim(),
    tokenPath: firstPath,
  }
  const secondPath = join(directory, 'operator-two.token')
  const made = await call<{ token: string; subject: string }>(
    '/v1/tokens',
    { name: 'Demo Operator Two', role: 'operator', days: 1 },
    one,
  )
  await writeFile(secondPath, `${made.token}\n`, { mode: 0o600 })
  const two = { name: 'Demo Operator Two', ...made, tokenPath: secondPath }

  const everything = opened.move()
  return {
    systems,
    receiver,
    url,
    directory,
    folder,
    archive,
    config,
    dataPath,
    storePath,
    redisUrl,
    one,
    two,
    store,
    log,
    call: (path, body, operator = one) => call(path, body, operator),
    read: (path, body, operator = one) => read(path, body, operator),
    async drop(name, content) {
      const draft = join(folder, `${name}.part`)
      await writeFile(draft, content, { mode: 0o600 })
      await rename(draft, join(folder, name))
    },
    async restart(index) {
      const [gateway] = gateways.splice(index, 1)
      await gateway?.stop()
      gateways.splice(index, 0, await start(processes[index] ?? allRoles))
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  }
}
