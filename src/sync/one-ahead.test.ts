import { expect, test } from 'vitest'
import { oneAhead } from './one-ahead.ts'

/** Three pages, and what was asked for and let go. */
function pages(failAt = 9) {
  const seen: string[] = []
  async function* list() {
    try {
      for (const page of [1, 2, 3]) {
        seen.push(`asked ${page}`)
        await Promise.resolve()
        if (page === failAt) throw new Error('made up')
        yield page
      }
    } finally {
      seen.push('closed')
    }
  }
  return { seen, list }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('all pages come in order, each asked for while the one before is looked at', async () => {
  const { seen, list } = pages()
  for await (const page of oneAhead(list())) {
    await settled()
    seen.push(`looked at ${page}`)
  }
  expect(seen).toEqual(['asked 1', 'asked 2', 'looked at 1', 'asked 3', 'looked at 2', 'closed', 'looked at 3'])
})

test('a page that fails does so after those before it were looked at', async () => {
  const { seen, list } = pages(2)
  const walk = async () => {
    for await (const page of oneAhead(list())) {
      await settled()
      seen.push(`looked at ${page}`)
    }
  }
  await expect(walk()).rejects.toThrow('made up')
  expect(seen).toContain('looked at 1')
})

test('who stops early lets the list go', async () => {
  const { seen, list } = pages()
  for await (const page of oneAhead(list())) if (page === 1) break
  expect(seen).toEqual(['asked 1', 'asked 2', 'closed'])
})
