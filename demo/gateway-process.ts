/** The demo's gateway, in a process of its own as it would be anywhere: its figures then hold nobody else's work. Logs to standard output. */
import type { Role } from '../src/main/roles.ts'
import { startGateway } from '../src/main.ts'
import { createLog } from '../src/telemetry/log.ts'

/** What the demo is told when the gateway is ready. */
export interface Started {
  readonly url: string | null
  readonly dataPath: string | null
}

const [config = '', list = 'api,worker,scheduler'] = process.argv.slice(2)
const roles = list.split(',') as Role[]
const log = createLog({ level: 'debug', human: false, write: (line) => void process.stdout.write(`${line}\n`) })
// Keys that serve nobody real: this is why the demo does not simply call `gatehouse start`.
const gateway = await startGateway({ config, roles, allowDemoKeys: true, log })
process.send?.({ url: gateway.url, dataPath: gateway.dataPath } satisfies Started)
// Ctrl-C reaches the whole process group; when to stop is the demo's word, or its end.
process.on('SIGINT', () => undefined)
const stop = (): void => void gateway.stop().then(() => process.exit(0))
process.once('SIGTERM', stop)
process.once('disconnect', stop)
