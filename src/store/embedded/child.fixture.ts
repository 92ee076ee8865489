/** A gateway's process as tests need it: starts the server on a directory, holds the lock, says so, and waits to be ended. */
import { holdDirectoryLock } from './directory-lock.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'

const [dataDir = '', systemDir = ''] = process.argv.slice(2)
const server = await startEmbeddedPostgres({ dataDir, systemDir, onLog: () => undefined })
await holdDirectoryLock(server.runtimeConfig)
process.stdout.write(`${server.pid}\n`)
setInterval(() => undefined, 60_000)
