import { expect, test } from 'vitest'
import { failureFields } from '../model/failure-fields.ts'
import { createLog, type LogFields } from './log.ts'

function capture(options: { human?: boolean; level?: 'debug' | 'info' } = {}) {
  const lines: string[] = []
  return { lines, log: createLog({ human: false, ...options, write: (line) => lines.push(line) }) }
}

test('a line is one JSON object with time, level, event and fields', () => {
  const { lines, log } = capture()
  log.with({ source: 'hr' }).info({ event: 'pull.done', records: 12, tookMs: 4 }, 'pull done')
  expect(lines).toHaveLength(1)
  const line = JSON.parse(lines[0] ?? '')
  expect(line).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    source: 'hr',
    event: 'pull.done',
    records: 12,
    tookMs: 4,
    msg: 'pull done',
  })
})

test('fields that are not on the list and texts made at run time do not compile', () => {
  const { log } = capture()
  const name: string = 'Zelda Samplewoman'
  // @ts-expect-error: not a field
  log.info({ event: 'x', name }, 'constant')
  // @ts-expect-error: a message put together
  log.info({ event: 'x' }, `person ${name}`)
  // @ts-expect-error: a message from elsewhere
  log.info({ event: 'x' }, name)
  // @ts-expect-error: an object could hold anything
  log.info({ event: 'x', kind: { name } }, 'constant')
})

test('fields that come around the types are dropped', () => {
  const { lines, log } = capture()
  const fields = { event: 'x', name: 'Zelda Samplewoman', kind: { name: 'Zelda Samplewoman' }, code: 'a'.repeat(999) }
  log.warn(fields as unknown as LogFields, 'odd')
  expect(lines[0]).not.toContain('Zelda')
  expect(JSON.parse(lines[0] ?? '').code).toHaveLength(200)
})

test('debug is silent unless asked for', () => {
  const quiet = capture()
  quiet.log.debug({ event: 'x' }, 'detail')
  expect(quiet.lines).toEqual([])
  const loud = capture({ level: 'debug' })
  loud.log.debug({ event: 'x' }, 'detail')
  expect(loud.lines).toHaveLength(1)
})

test('people at a terminal get a line without control characters', () => {
  const { lines, log } = capture({ human: true })
  log.error({ event: 'target.down', target: 'hq\u001b]0;owned\u0007' }, 'target down')
  expect(lines[0]).toContain('target down')
  expect(lines[0]).toContain('event=target.down target=hq?]0;owned?')
  expect(lines[0]?.endsWith('\n')).toBe(true)
})

test('of an error only name, code and place are told', () => {
  class StoreError extends Error {
    override readonly name = 'StoreError'
    readonly code = '23505'
  }
  const message = 'duplicate key (Zelda Samplewoman)\n    at Zelda (/secret.ts:1:1)'
  expect(failureFields(new StoreError(message))).toEqual({
    error: 'StoreError',
    code: '23505',
    where: expect.stringMatching(/^src\/telemetry\/log\.test\.ts:\d+$/),
  })
  expect(failureFields(Object.assign(new Error(message), { code: 'ECONNREFUSED' }))).toMatchObject({
    error: 'Error',
    code: 'ECONNREFUSED',
  })
  const odd = Object.assign(new Error(message), { code: 'Zelda Samplewoman', name: 'Zelda Samplewoman' })
  expect(JSON.stringify(failureFields(odd))).not.toContain('Zelda')
  expect(failureFields('Zelda')).toEqual({ error: 'not-an-error' })
})
