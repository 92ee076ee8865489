import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/servers.ts'
import type { Delivery, PeopleCapability } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import { Refusal } from '../../model/refusal.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrFile } from '../fixtures/hr-file.fixture.ts'
import { type SourceLoop, startSourceLoop } from './source-loop.ts'

const engine = useEngine()
let bench: Bench
let folder: Folder
let loop: SourceLoop
beforeEach(async () => {
  bench = await engine.begin()
  folder = new Folder()
})

/** A source that offers what was put into it, oldest first, until it is settled. */
class Folder implements PeopleCapability {
  readonly waiting: (Delivery | Error)[] = []
  readonly settled: string[] = []
  reads = 0
  #news: () => void = () => undefined

  put(what: readonly HrRow[] | Error): void {
    this.waiting.push(what instanceof Error ? what : hrFile(what, { arrivedAt: bench.context.now() }))
    this.#news()
  }

  async read(signal: AbortSignal): Promise<Delivery | null> {
    signal.throwIfAborted()
    this.reads += 1
    const [next] = this.waiting
    if (next === undefined) return null
    if (next instanceof Error) {
      this.waiting.shift()
      throw next
    }
    return {
      ...next,
      settle: async (outcome) => {
        this.settled.push(outcome)
        this.waiting.shift()
      },
    }
  }

  async *watch(signal: AbortSignal): AsyncGenerator<void> {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#news = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      if (!signal.aborted) yield
    }
  }
}

const ada: HrRow = { id: '1', number: 'n1', given: 'Ada', family: 'Test', department: 'Research' }
const records = async () => (await bench.rows('select 1 from source_record')).length

test('that another configuration came into force meanwhile is no failure of the source: it is read again, and nobody is alarmed', async () => {
  let asked = 0
  const refuseSuperseded = async () => {
    asked += 1
    if (asked === 1) throw new Refusal('config.superseded')
  }
  folder.put([ada])
  loop = startSourceLoop({ ...bench.context, refuseSuperseded }, bench.source, folder)
  await until('it is taken', () => folder.settled.length === 1)
  expect([await records(), await bench.alarms()]).toEqual([1, []])
  expect(bench.logged.map(({ event }) => event)).not.toContain('source.failed')
  await loop.stop()
})

describe('a source', () => {
  test('is read once at the start and again whenever it has something new, oldest first', async () => {
    folder.put([ada])
    loop = startSourceLoop(bench.context, bench.source, folder)
    await until('the first file is taken', () => folder.settled.length === 1)
    folder.put([ada, { ...ada, id: '2', number: 'n2' }])
    folder.put([ada, { ...ada, id: '2', number: 'n2' }, { ...ada, id: '3', number: 'n3' }])
    await until('both are taken', () => folder.settled.length === 3)
    expect(await records()).toBe(3)
    await loop.stop()
  })

  test('asked by a person, tells what was taken; who asks meanwhile is told the same', async () => {
    loop = startSourceLoop(bench.context, bench.source, folder)
    await loop.drain()
    folder.waiting.push(hrFile([ada], { arrivedAt: bench.context.now() }))
    const [first, second] = await Promise.all([loop.drain(), loop.drain()])
    expect(first).toMatchObject([{ source: 'hr', outcome: 'taken', records: 1 }])
    expect(second).toEqual(first)
    expect(await loop.drain()).toEqual([])
    await loop.stop()
  })

  test('whose file is refused as a whole raises an alarm, is named in the audit, and goes on with the next', async () => {
    folder.put(new ConnectorError({ kind: 'rejected', code: 'csv.control-total' }))
    folder.put([ada])
    loop = startSourceLoop(bench.context, bench.source, folder)
    await until('the next file is taken', () => folder.settled.length === 1)
    expect(await bench.rows(`select actor from audit_pending where action = 'source.refused'`)).toEqual([
      { actor: 'source:hr' },
    ])
    expect(bench.logged).toContainEqual({
      event: 'source.refused',
      fields: { source: 'hr', code: 'csv.control-total' },
    })
    await loop.stop()
  })

  test('stays alarmed until a file is taken', async () => {
    folder.put(new ConnectorError({ kind: 'rejected', code: 'csv.control-total' }))
    loop = startSourceLoop(bench.context, bench.source, folder)
    await until('it is refused', async () => (await bench.alarms()).includes('source.refused'))
    folder.put([ada])
    await until('the alarm is off', async () => !(await bench.alarms()).includes('source.refused'))
    await loop.stop()
  })

  test('that can not be read is alarmed once, tried again by itself, and no longer alarmed when it can', async () => {
    folder.put(new ConnectorError({ kind: 'transient', code: 'csv.folder' }))
    folder.put(new Error('no words of an unknown error are logged'))
    folder.put([ada])
    loop = startSourceLoop(bench.context, bench.source, folder)
    await until('the file is taken', () => folder.settled.length === 1)
    await until('the alarm is off', async () => (await bench.alarms()).length === 0)
    expect(bench.logged.filter(({ event }) => event === 'source.failed')).toEqual([
      { event: 'source.failed', fields: { source: 'hr', code: 'csv.folder' } },
    ])
    await loop.stop()
  })

  test('whose failure a person asks for tells it to that person', async () => {
    loop = startSourceLoop(bench.context, bench.source, folder)
    await loop.drain()
    folder.waiting.push(new ConnectorError({ kind: 'transient', code: 'csv.folder' }))
    await expect(loop.drain()).rejects.toThrow('csv.folder')
    await loop.stop()
  })

  test('that can not be watched is named by code', async () => {
    const broken: PeopleCapability = {
      read: (signal) => folder.read(signal),
      watch: () => {
        throw Object.assign(new Error('words'), { code: 'ENOSPC' })
      },
    }
    loop = startSourceLoop(bench.context, bench.source, broken)
    await until('it is said', () => bench.logged.some(({ event }) => event === 'source.watch-failed'))
    expect(bench.logged).toContainEqual({ event: 'source.watch-failed', fields: { source: 'hr', code: 'ENOSPC' } })
    await loop.stop()
  })

  test('that can be read again is no longer alarmed, though it has nothing new', async () => {
    folder.put(new ConnectorError({ kind: 'transient', code: 'csv.folder-missing' }))
    loop = startSourceLoop(bench.context, bench.source, folder)
    await until('it is said', async () => (await bench.alarms()).includes('source.failed'))
    await until('the alarm is off', async () => !(await bench.alarms()).includes('source.failed'))
    await loop.stop()
  })

  test('whose watch fails is looked at all the same, and watched anew; both are told', async () => {
    let fails = true
    const shaky: PeopleCapability = {
      read: (signal) => folder.read(signal),
      watch(signal) {
        if (fails) throw Object.assign(new Error('words'), { code: 'ENOSPC' })
        return folder.watch(signal)
      },
    }
    loop = startSourceLoop(bench.context, bench.source, shaky)
    await until('it is said', async () => (await bench.alarms()).includes('source.watch-failed'))
    folder.put([ada])
    await until('it is taken all the same', () => folder.settled.length === 1)
    fails = false
    // Only what is put while somebody watches is news.
    await until('it is watched again', async () => {
      if (folder.waiting.length === 0) folder.put([ada])
      return !(await bench.alarms()).includes('source.watch-failed')
    })
    await loop.stop()
  })
})

describe('a stop', () => {
  test('in the middle of a file leaves it where it is; nothing is taken after it', async () => {
    let stopped: Promise<void> | null = null
    const file = hrFile([ada, { ...ada, id: '2', number: 'n2' }], { arrivedAt: bench.context.now(), perPage: 1 })
    folder.waiting.push({
      ...file,
      async *pages(signal) {
        const pages = file.pages(signal)
        yield (await pages.next()).value as never
        stopped ??= loop.stop()
        return (await pages.next()).value as never
      },
    })
    loop = startSourceLoop(bench.context, bench.source, folder)
    await until('it was stopped', () => stopped !== null)
    await stopped
    expect([folder.settled, folder.waiting.length]).toEqual([[], 1])
    expect(await bench.rows('select 1 from pull where finished_at is not null')).toEqual([])
    expect(bench.logged.filter(({ event }) => event.startsWith('source.'))).toEqual([])
  })

  test('while a retry waits ends at once', async () => {
    folder.put(new ConnectorError({ kind: 'transient', code: 'csv.folder' }))
    loop = startSourceLoop(bench.context, bench.source, folder)
    await until('it failed', () => bench.logged.some(({ event }) => event === 'source.failed'))
    const begun = performance.now()
    await loop.stop()
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})
