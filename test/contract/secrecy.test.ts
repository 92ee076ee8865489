/** Proves that the listener hears what a careless connector would give away, so that its silence means something. */
import { expect, test } from 'vitest'
import { ConnectorError } from '../../src/connector/errors.ts'
import { noCalls } from '../../src/connector/http.ts'
import { csn } from '../../src/model/card.ts'
import { Listener } from './secrecy.ts'

function listener(): Listener {
  const listening = new Listener()
  listening.forbid('name', 'Quillfeather')
  listening.forbidCard(csn('04A1B2C3'))
  return listening
}

const failure = { kind: 'transient', code: 'made.up' } as const

test.each([
  ['a hint', () => new ConnectorError({ ...failure, hint: 'Quillfeather was refused' })],
  ['a cause', () => new ConnectorError({ ...failure, cause: new Error('for Quillfeather') })],
  ['a cause of a cause', () => new Error('a', { cause: new Error('b', { cause: new TypeError('Quillfeather') }) })],
  ['a cause that is no error', () => new ConnectorError({ ...failure, cause: { body: { name: 'Quillfeather' } } })],
  ['a hidden property', () => Object.defineProperty(new Error('a'), 'body', { value: 'Quillfeather' })],
  [
    'a property by symbol',
    () => Object.assign(new Error('a'), { [Symbol('body')]: { deep: [{ name: 'Quillfeather' }] } }),
  ],
  ['something thrown that is no error', () => ({ name: 'Quillfeather' })],
])('a name is heard in %s', (_where, thrown) => {
  const listening = listener()
  listening.hear(thrown())
  expect(listening.leaks().join()).toContain('name in error')
})

test('a card is heard as hex and as decimal, and in a log line', () => {
  const listening = listener()
  listening.hear(new Error('card 77705923 refused'))
  listening.log('warn', 'card 04A1B2C3')
  expect(listening.leaks().sort()).toEqual(['card in error', 'card in log line card 04A1B2C3'])
})

test('words of the vendor are heard outside their own place, and not in it', () => {
  const vendorText = 'User 4711 exists already'
  const listening = listener()
  listening.hear(new ConnectorError({ ...failure, vendorText }))
  expect(listening.leaks()).toEqual([])
  listening.hear(new ConnectorError({ ...failure, hint: vendorText, vendorText }))
  expect(listening.leaks()).toEqual(['words of the vendor in error made.up'])
})

test('what identified us to the system is heard', async () => {
  const listening = listener()
  const http = listening.watching({
    ...noCalls,
    request: () => Promise.resolve({ status: 200, headers: {}, text: '' }),
  })
  await http.request({ method: 'GET', path: '/', headers: { 'x-session': 'abcd1234' } }, new AbortController().signal)
  listening.hear(new Error('abcd1234 is not known'))
  expect(listening.leaks()).toEqual(['header x-session in error'])
})
