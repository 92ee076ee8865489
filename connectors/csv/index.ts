/** CSV files in a watched folder as a source of people. */
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { defineConnector, type Health } from '../../src/connector/contract.ts'
import { systemCode } from './errors.ts'
import { Folder } from './folder.ts'
import { createPeople } from './people.ts'
import { type CsvSettings, settings } from './settings.ts'

export default defineConnector({
  id: 'csv',
  title: 'CSV files in a folder',
  vendor: { name: 'Any sender of CSV files', docs: 'https://www.rfc-editor.org/rfc/rfc4180', testedWith: ['RFC 4180'] },
  settings,
  capabilities: ['people'],
  limits: { concurrency: 1, requestsPerSecond: 10, requestTimeoutMs: 30_000 },
  address: () => null,
  async connect(parsed, context) {
    const closing = new AbortController()
    return {
      people: createPeople(parsed, context, new Folder(parsed, context), closing.signal),
      health: () => health(parsed),
      async close() {
        closing.abort()
      },
    }
  },
})

async function health(parsed: CsvSettings): Promise<Health> {
  const problems: Health['problems'][number][] = []
  try {
    await readdir(parsed.folder)
  } catch (error) {
    const message = `The folder can not be listed (${systemCode(error) ?? 'unknown'}).`
    problems.push({ severity: 'error', code: 'csv.folder-missing', message })
  }
  if (problems.length === 0 && parsed.after !== 'keep' && !(await isWritable(parsed.folder))) {
    const message = 'Files can not be cleared away: allow writing to the folder, or set after: keep.'
    problems.push({ severity: 'error', code: 'csv.folder-read-only', message })
  }
  if (parsed.photos !== undefined && !(await isReadable(parsed.photos.folder))) {
    const message =
      'The folder of the pictures can not be read: whoever has one keeps what they have at the door systems.'
    problems.push({ severity: 'warning', code: 'csv.photos-missing', message })
  }
  if (parsed.after === 'move') {
    const message =
      'Files stay in done/ and refused/ in plain text, with all personal data, until somebody deletes them; `archive` on the source keeps them sealed instead.'
    problems.push({ severity: 'warning', code: 'csv.plain-archive', message })
  }
  if (parsed.mode === 'full' && parsed.control_total !== 'required_trailer' && parsed.done_marker === undefined) {
    const message =
      'A full file that was cut between two rows can not be told from a whole one: ask for a control total.'
    problems.push({ severity: 'warning', code: 'csv.no-control-total', message })
  }
  return { product: 'CSV files', version: 'RFC 4180', reach: 'not-knowable', problems }
}

async function isReadable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.R_OK | constants.X_OK)
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
