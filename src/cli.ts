/** `gatehouse <command>`: runs one command and ends with its exit code. */
import { runCli } from './cli/program.ts'
import { processTerminal } from './cli/terminal.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
process.exitCode = await runCli(process.argv.slice(2), processTerminal())
