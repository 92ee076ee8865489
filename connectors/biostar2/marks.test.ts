/** Proves what is told of fingers, faces and changes, without a template: the same by a list as by a single read. */
import { expect, test } from 'vitest'
import { connected, never } from './testing.ts'

test('how many there are, and that something was changed, shows in lists and reads alike', async () => {
  await using server = await connected()
  const { simulator, accounts } = server
  simulator.seed({ users: [{ id: '5', name: 'Made-up Ada', fingerprints: 2 }] })
  async function marks() {
    const read = (await server.mustRead('5')).marks
    for await (const page of accounts.list(never)) {
      const listed = page.find(({ externalId }) => externalId === '5')
      if (listed !== undefined) expect(listed.marks).toEqual(read)
    }
    return read
  }
  const first = await marks()
  expect(first).toMatchObject({ fingers: 2, faces: 0, mobiles: 0, revision: expect.any(String) })
  expect(await marks()).toEqual(first)
  simulator.hand({ action: 'swap', user: '5', credential: 'fingerprint' })
  const swapped = await marks()
  expect(swapped).toMatchObject({ fingers: 2, faces: 0 })
  expect(swapped?.revision).not.toBe(first?.revision)
  simulator.hand({ action: 'enrol', user: '5', credential: 'visual-face' })
  expect(await marks()).toMatchObject({ fingers: 2, faces: 1 })
  // A list asks for no template at all; a single record brings them along, and they are dropped unread.
  expect(simulator.requests.find({ biometric: true }).every(({ method }) => method === 'GET')).toBe(true)
})
