/** Files, one for each day, as a receiver of events: what it is, and how it connects. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { defineConnector, type Health } from '../../src/connector/contract.ts'
import { type FileSettings, settings } from './settings.ts'
import { createSink } from './sink.ts'

export default defineConnector({
  id: 'file',
  title: 'Files of a day',
  vendor: {
    name: 'Any reader of CSV or JSONL',
    docs: 'https://www.rfc-editor.org/rfc/rfc4180',
    testedWith: ['RFC 4180'],
  },
  settings,
  capabilities: ['sink'],
  feeds: ['events', 'punches'],
  limits: { concurrency: 1, requestsPerSecond: 100, requestTimeoutMs: 30_000 },
  address: () => null,
  async connect(values, context) {
    const { sink, close } = createSink(values, context)
    return { sink, health: () => health(values), close }
  },
})

async function health({ folder, protection }: FileSettings): Promise<Health> {
  const problems: Health['problems'][number][] = []
  if (!(await isWritable(folder))) {
    const message = 'The folder is not there, or can not be written to.'
    problems.push({ severity: 'error', code: 'file.folder', message })
  } else if (((await stat(folder)).mode & 0o022) !== 0) {
    const message = 'Others may write to the folder: they can take files away, or put in false ones.'
    problems.push({ severity: 'warning', code: 'file.folder-open', message })
  }
  if (protection === 'clear') {
    const message = 'Files lie in clear: whoever can read them reads who came and went, until somebody deletes them.'
    problems.push({ severity: 'warning', code: 'file.clear', message })
  }
  return { product: 'Files', version: 'of each day', reach: 'accepted', problems }
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
