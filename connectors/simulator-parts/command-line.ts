/** What the simulators share on the command line: whole numbers, and telling the address until told to stop. */
import { once } from 'node:events'

interface Started {
  url: string
  sideDoorUrl: string
  username: string
  password: string
  fingerprint256: string
  ca: string
}

export function whole(name: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new TypeError(`--${name} needs a whole number`)
  return Number(value)
}

/** Resolves after SIGTERM or SIGINT. */
export async function tellAndWait(simulator: Started, json: boolean): Promise<void> {
  const { url, sideDoorUrl, username, password, fingerprint256, ca } = simulator
  const lines = { url, sideDoorUrl, username, password, fingerprint256 }
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...lines, ca })}\n`
      : `${Object.entries(lines)
          .map(([name, value]) => `${name.padEnd(15)} ${value}`)
          .join('\n')}\n`,
  )
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
}
