/** Proves that what must not become text is seen as bytes, and that none of these bytes is left, whatever becomes of the request. */
import type { Dispatcher } from 'undici'
import { expect, test } from 'vitest'
import { ConnectorError } from '../errors.ts'
import type { HttpRequest } from '../http.ts'
import { send } from './send.ts'

const secret = 'a template that nobody keeps'

interface Steps {
  data(): void
  end(): void
  fail(): void
  abort(): void
}

/** Answers in two pieces, as far as `play` goes, and shows what became of the pieces. */
function answering(play: (steps: Steps) => void) {
  const chunks = [Buffer.from(`one ${secret} `), Buffer.from('two')]
  const stopped = new AbortController()
  const controller = { abort: () => undefined } as unknown as Dispatcher.DispatchController
  const dispatcher = {
    dispatch(_: unknown, handler: Dispatcher.DispatchHandler) {
      handler.onRequestStart?.(controller, {})
      handler.onResponseStart?.(controller, 200, {}, 'OK')
      const rest = [...chunks]
      const data = (): void => {
        const chunk = rest.shift()
        if (chunk !== undefined) handler.onResponseData?.(controller, chunk)
      }
      play({
        data,
        end: () => handler.onResponseEnd?.(controller, {}),
        fail: () => handler.onResponseError?.(controller, new Error('cut')),
        abort: () => stopped.abort(new Error('given up')),
      })
      return true
    },
  } as unknown as Dispatcher
  const left = () => Buffer.concat(chunks).toString('latin1').replaceAll('\0', '')
  const sent = (more: Partial<HttpRequest>, responseBytesMax = 1_000) =>
    send(dispatcher, { method: 'GET', path: '/', ...more }, { signal: stopped.signal, timeoutMs: 50, responseBytesMax })
  return { sent, left }
}

function whole(steps: Steps): void {
  endless(steps)
  steps.end()
}

function endless({ data }: Steps): void {
  data()
  data()
}

function cut(steps: Steps): void {
  endless(steps)
  steps.fail()
}

test('the whole body is seen at once, what is overwritten is not in the text, and all of it is zeros afterwards', async () => {
  const { sent, left } = answering(whole)
  let body: Buffer = Buffer.alloc(0)
  let seen = ''
  const answer = await sent({
    beforeText(bytes) {
      body = bytes
      seen = bytes.toString()
      bytes.fill('-', 4, 4 + secret.length)
    },
  })
  expect(seen).toBe(`one ${secret} two`)
  expect(answer.text).toBe(`one ${'-'.repeat(secret.length)} two`)
  expect([body.length, body.every((byte) => byte === 0), left()]).toEqual([seen.length, true, ''])
})

test('whoever fails there fails the request, and leaves nothing', async () => {
  const { sent, left } = answering(whole)
  let body: Buffer = Buffer.alloc(0)
  const failing = sent({
    beforeText(bytes) {
      body = bytes
      throw new ConnectorError({ kind: 'rejected', code: 'test.no' })
    },
  })
  await expect(failing).rejects.toMatchObject({ code: 'test.no' })
  expect([body.length > 0, body.every((byte) => byte === 0), left()]).toEqual([true, true, ''])
})

test.each([
  ['cut in the middle', 'http.connection', cut, 1_000],
  ['too long', 'http.response-too-large', endless, 20],
  ['that does not end', 'http.timeout', endless, 1_000],
])('of an answer %s nothing is seen, and no byte is left', async (_, code, play, bytesMax) => {
  const { sent, left } = answering(play)
  let calls = 0
  await expect(sent({ beforeText: () => void calls++ }, bytesMax)).rejects.toMatchObject({ code })
  expect([calls, left()]).toEqual([0, ''])
})

test('nor of one that comes on after it was given up', async () => {
  const { sent, left } = answering(({ data, abort, end }) => {
    data()
    abort()
    data()
    end()
  })
  await expect(sent({ beforeText: () => undefined })).rejects.toThrow('given up')
  expect(left()).toBe('')
})

test('where nobody asks for it, the answer is what it was', async () => {
  const { sent, left } = answering(whole)
  expect((await sent({})).text).toBe(`one ${secret} two`)
  expect(left()).toBe(`one ${secret} two`)
})
