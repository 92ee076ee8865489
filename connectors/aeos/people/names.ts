/** What templates, entrances and departments are called: carriers name them by id alone. */
import { createHash } from 'node:crypto'
import { allDone } from '../../../src/connector/outcomes.ts'
import { discoverLevels } from '../levels.ts'
import type { Settings } from '../settings.ts'
import type { Client } from '../soap/client.ts'

export interface Names {
  readonly levels: ReadonlyMap<string, string>
  readonly departments: ReadonlyMap<string, string>
  /** Another one as soon as anything is called otherwise. */
  readonly digest: string
}

/** A level is one line of a cell. */
function line(name: string): string {
  return name.replace(/\s+/gu, ' ').trim()
}

export async function readNames(client: Client, settings: Settings, signal: AbortSignal): Promise<Names> {
  const [levels, departments] = await allDone([discoverLevels(client, settings, signal), client.departments(signal)])
  const all = {
    levels: new Map(levels.map(({ externalId, name }) => [externalId, line(name)])),
    departments: new Map(departments.map(({ Id, Name }) => [Id, Name ?? Id])),
  }
  const sorted = Object.values(all).map((each) => [...each].sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...all, digest: createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 16) }
}
