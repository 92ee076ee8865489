/** An operator's desk: the command line in another folder, with a token file and an address, and nothing else. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { z } from 'zod'
import { type Finished, type GatewayProcess, runInProcess } from './gateway-process.ts'
import type { Site } from './site.ts'

export interface Desk {
  /** Where the desk is. */
  readonly folder: string
  /** Nothing that it is called with, and nothing of the site's folder, names a token. */
  cli(...args: readonly string[]): Promise<Finished>
  cliWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Finished>
  /** What a command prints with `--json`, checked against the schema that the API describes itself by. */
  asJson<Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]): Promise<z.output<Schema>>
  /** What a person sees: it ended well, and no line overflows. */
  table(...args: readonly string[]): Promise<string>
}

export async function openDesk(site: Site, gateway: GatewayProcess): Promise<Desk> {
  const folder = join(site.directory, 'desk')
  await mkdir(folder)
  await writeFile(join(folder, 'token'), site.token, { mode: 0o600 })
  const cliWith: Desk['cliWith'] = (env, ...args) =>
    runInProcess(args, { GATEHOUSE_URL: gateway.url, GATEHOUSE_TOKEN_FILE: join(folder, 'token'), ...env })
  const cli: Desk['cli'] = (...args) => cliWith({}, ...args)
  return {
    folder,
    cli,
    cliWith,
    async asJson(schema, ...args) {
      const { code, stdout, stderr } = await cli(...args, '--json')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return schema.parse(JSON.parse(stdout))
    },
    async table(...args) {
      const { code, stdout, stderr } = await cli(...args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
      return stdout
    },
  }
}

/** Ends with this code, prints nothing on standard output, and says why. */
export async function refused(code: number, words: RegExp, finished: Promise<Finished>): Promise<void> {
  const { stdout, stderr, ...rest } = await finished
  expect({ ...rest, stdout }).toEqual({ code, stdout: '' })
  expect(stderr).toMatch(words)
  expect(stderr).not.toMatch(/gh_[\w-]{20}|\bat .*\.ts:\d/)
}
