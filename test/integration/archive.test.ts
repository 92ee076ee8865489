/** A file that HR dropped, from the folder to the archive, out again by command, and destroyed: a whole gateway, and its command line. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { type Gateway, initGateway, startGateway } from '../../src/main.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../support/servers.ts'

let place: string
let gateway: Gateway
const at = (...names: string[]) => join(place, ...names)
const archived = () => readdir(at('data', 'archive'))
const lines: string[] = []

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'gatehouse-archive-'))
  await mkdir(at('hr'))
  const config = at('gatehouse.yaml')
  const configuration = {
    gateway: { data: './data' },
    http: { listen: '127.0.0.1:0' },
    sources: {
      hr: {
        connector: 'csv',
        settings: { folder: at('hr'), mode: 'full', control_total: 'trailer', settle_ms: 100, poll_ms: 50 },
        mapping: { key: 'row.id', fields: { familyName: 'row.name' } },
        archive: { keep: '30d' },
      },
    },
  }
  await writeFile(config, JSON.stringify(configuration), { mode: 0o600 })
  const log = createLog({ level: 'warn', human: false, write: (line) => void lines.push(line) })
  await initGateway({ config, subject: 'Demo Operator One', demo: true, log })
  gateway = await startGateway({ config, allowDemoKeys: true, log })
})
afterAll(async () => {
  await gateway.stop()
  await rm(place, { recursive: true, force: true })
})

async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const terminal: Terminal = {
    env: { GATEHOUSE_URL: gateway.url ?? '', GATEHOUSE_DATA: at('data') },
    colours: false,
    watched: false,
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    readInput: async () => '',
    onSignal: () => () => undefined,
    exit: () => undefined,
    loadLocalGateway: () => Promise.reject(new Error('nothing here needs it')),
  }
  return { code: await runCli(argv, terminal), out, err }
}

interface Listed {
  readonly rows: readonly { readonly id: string; readonly bytes: number; readonly source: string }[]
}

async function listed(): Promise<Listed['rows']> {
  const { out } = await cli('archive', 'list', 'hr', '--json')
  return (JSON.parse(out) as Listed).rows
}

/** Drops a file and waits until it was taken and deleted; the id of its archive. */
async function drop(name: string, content: string): Promise<string> {
  const before = new Set((await listed()).map(({ id }) => id))
  await writeFile(at('hr', name), content)
  await until('the file is taken', async () => (await readdir(at('hr'))).length === 0)
  const news = (await listed()).filter(({ id }) => !before.has(id))
  expect(news).toHaveLength(1)
  return news[0]?.id ?? ''
}

const because = ['--reason', 'HR asks what was delivered']

test('a file that was taken, and deleted from the folder, comes out again as it was', async () => {
  // With a byte order mark and an end that is no row: the archive holds bytes, not what was made of them.
  const content = `\ufeffid,name\r\n${Array.from({ length: 5000 }, (_, i) => `${i},Example ${i}\r\n`).join('')}T,5000\r\n\r\n`
  const id = await drop('workers.csv', content)
  const sealed = await readFile(at('data', 'archive', `${id}.sealed`))
  expect(sealed.includes('Example')).toBe(false)

  const { code, err } = await cli('archive', 'open', id, '--out', at('out.csv'), ...because)
  expect([code, err]).toEqual([0, expect.stringContaining('plain personal data')])
  expect(await readFile(at('out.csv'), 'utf8')).toBe(content)
  expect((await stat(at('out.csv'))).mode & 0o777).toBe(0o600)

  const again = await cli('archive', 'open', id, '--out', at('out.csv'), ...because)
  expect([again.code, again.err]).toEqual([
    1,
    expect.stringContaining('there is a file already, which is not overwritten'),
  ])
  const trail = await until('the trail says so', async () => {
    const { out } = await cli('audit', 'export')
    return out.includes('source.archive-opened') ? out : undefined
  })
  const opened = trail.split('\n').filter((line) => line.includes('source.archive-opened'))
  expect(opened).toHaveLength(1)
  expect(JSON.parse(opened[0] ?? '')).toMatchObject({ object: id, opened: { source: 'hr', reason: because[1] } })
})

test('a damaged archive is refused as a whole, and leaves no file behind', async () => {
  const id = await drop('workers.csv', `id,name\n1,${'Samplewoman'.repeat(5)}\n2,Sampleman\nT,2\n`)
  const path = at('data', 'archive', `${id}.sealed`)
  await truncate(path, (await stat(path)).size - 1)
  const { code, err } = await cli('archive', 'open', id, '--out', at('damaged.csv'), ...because)
  expect([code, err]).toEqual([3, expect.stringContaining('[archive.damaged]')])
  expect(await readdir(place)).not.toContain('damaged.csv')
})

test('a refused file is not kept', async () => {
  const before = await archived()
  await writeFile(at('hr', 'workers.csv'), 'id,name\n1,Samplewoman\nT,7\n')
  await until('it is refused', async () => (await readdir(at('hr'))).includes('workers.csv.refused'))
  expect(await archived()).toEqual(before)
  await rm(at('hr', 'workers.csv.refused'))
})

test('destroying takes a reason, and then key and file', async () => {
  const id = await drop('workers.csv', 'id,name\n3,Samplewoman\nT,1\n')
  expect((await cli('archive', 'destroy', id)).code).toBe(2)
  expect(await archived()).toContain(`${id}.sealed`)
  expect(await cli('archive', 'destroy', id, '--reason', 'delivered by mistake')).toMatchObject({
    code: 0,
    out: 'destroyed\n',
  })
  expect(await archived()).not.toContain(`${id}.sealed`)
  expect((await listed()).map((row) => row.id)).not.toContain(id)
  const { code, err } = await cli('archive', 'open', id, '--out', at('gone.csv'), ...because)
  expect([code, err]).toEqual([1, expect.stringContaining('[archive.unknown]')])
})

test('the table shows whose, when, and how large', async () => {
  const { out } = await cli('archive', 'list')
  expect(out).toMatch(/ARCHIVE +SOURCE +TAKEN IN +DESTROYED AT +BYTES +STATE\n/)
  expect(out).toMatch(/hr {2}.* kept\n/)
})

test('nothing of it was logged', () => {
  expect(lines.join('\n')).not.toContain('ample')
})
