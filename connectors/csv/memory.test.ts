import { open } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { dropFolder } from './fixture.ts'

const rows = 300_000
const growthMax = 60 * 1024 ** 2

/** About 45 MB in sixteen columns. */
async function writeWorkers(path: string): Promise<void> {
  const file = await open(path, 'w')
  await file.write(
    'worker_id,person_id,given,family,preferred,email,title,department,company,site,zone,start,end,last_day,status,badge\n',
  )
  for (let from = 0; from < rows; from += 5000) {
    let text = ''
    for (let row = from; row < from + 5000; row++) {
      text += `W${row},P${row},Amélia,Examplé,,person-number-${row}@example.test,"Technician, senior",Dept ${row % 50},`
      text += `Example GmbH,BER-${row % 9},Europe/Berlin,2020-01-01,,,active,${100_000 + row}\n`
    }
    await file.write(text)
  }
  await file.close()
}

describe('a large file', () => {
  it('is read in flat memory, also by a reader that keeps one cell of each row', { timeout: 60_000 }, async () => {
    const folder = await dropFolder()
    await writeWorkers(folder.at('w.csv'))
    const kept: (string | null | undefined)[] = []
    const before = process.memoryUsage.rss()
    let peak = before
    const delivery = await folder.readSettled()
    const iterator = delivery?.pages(new AbortController().signal)
    let records = 0
    for (let step = await iterator?.next(); step !== undefined && !step.done; step = await iterator?.next()) {
      records += step.value.records.length
      // One in ten is enough to keep every piece of the text alive, if cells did that.
      for (let index = 0; index < step.value.records.length; index += 10) {
        kept.push(step.value.records[index]?.cells.email)
      }
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    expect(records).toBe(rows)
    expect(new Set(kept).size).toBe(rows / 10)
    expect(peak - before).toBeLessThan(growthMax)
  })
})
