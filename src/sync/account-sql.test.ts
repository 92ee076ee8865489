import { beforeAll, expect, test } from 'vitest'
import { isClosed, isMade, isOpen } from '../store/account-sql.ts'
import { type Bench, useEngine } from './fixtures/engine.fixture.ts'
import { encodeOwned, nothingOwned } from './owned-row.ts'
import { encodeParts, type Parts } from './parts.ts'

const engine = useEngine()
let bench: Bench
beforeAll(async () => {
  bench = await engine.begin()
})

/** Written with the key in question last, and under names that say the opposite elsewhere. */
const parts = (lock: Parts['lock']) => {
  const card = `"lock":"${lock === 'open' ? 'closed' : 'open'}"` as never
  return encodeParts({ levels: [card], cards: {}, validity: '{"lock":"closed",', profile: '{"lock":"open",', lock })
}
const owned = (made: boolean) => {
  const { made: _, ...rest } = nothingOwned
  return encodeOwned({ ...rest, maybe: { levels: ['{"made":true,'], cards: [] }, made })
}

test.each([
  ['a closed lock', isClosed, parts('closed'), parts('open')],
  ['an open lock', isOpen, parts('open'), parts('closed')],
  ['an account of ours', isMade, owned(true), owned(false)],
])('%s is found by how its text begins', async (_what, is, yes, no) => {
  const found = await bench.rows(`select text from unnest($1::text[]) as v(text) where ${is('text')}`, [[yes, no]])
  expect(found).toEqual([{ text: yes }])
})
