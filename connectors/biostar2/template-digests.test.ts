/** Proves that digests of templates are made where they are asked for and nowhere else, and tell a swap that nothing else tells. */
import { expect, test } from 'vitest'
import { type HttpClient, noCalls } from '../../src/connector/http.ts'
import connector from './index.ts'
import { connected, never } from './testing.ts'

const ada = { id: '5', name: 'Made-up Ada', fingerprints: 2, faces: 1, visualFaces: 1 }

/** Hands out what it was given, in place of a digest of it. */
function digests() {
  const seen: { readonly account: string; readonly templates: readonly string[] }[] = []
  const views: Uint8Array[] = []
  return {
    seen,
    views,
    templateDigests(account: string, templates: readonly Uint8Array[]): [string, ...string[]] {
      views.push(...templates)
      seen.push({ account, templates: templates.map((each) => Buffer.from(each).toString()) })
      return [`digest ${seen.length}`, 'older']
    },
  }
}

test('a single read hands over the very templates of the account, and gives back what was made of them; a list has nothing of the kind', async () => {
  const made = digests()
  await using server = await connected({}, {}, undefined, made)
  const { simulator, accounts } = server
  simulator.seed({ users: [ada] })
  const { marks } = await server.mustRead('5')
  expect(marks).toMatchObject({ fingers: 2, faces: 2, templates: ['digest 1', 'older'] })
  const [{ account, templates } = { account: '', templates: [] }] = made.seen
  expect(account).toBe('5')
  // Two of each finger, one of the old face, and of the other one its picture with two templates.
  expect(templates).toHaveLength(8)
  expect(new Set(templates).size).toBe(8)
  for (const each of templates) expect(Buffer.from(each, 'base64')).toHaveLength(544)
  for await (const page of accounts.list(never))
    for (const each of page) expect(each.marks).not.toHaveProperty('templates')
  expect(made.seen).toHaveLength(1)

  simulator.hand({ action: 'swap', user: '5', credential: 'fingerprint', unseen: true })
  const after = await server.mustRead('5')
  expect({ ...after.marks, templates: marks?.templates }).toEqual(marks)
  expect(after.marks?.templates).toEqual(['digest 2', 'older'])
  const [, { templates: swapped } = { templates: [] }] = made.seen
  expect(swapped.filter((each) => templates.includes(each))).toHaveLength(4)
  // What was handed over is gone by now.
  for (const view of made.views) expect(view.every((byte) => byte === 0)).toBe(true)
})

test('without that, an account shows nothing of its templates, and is else the same', async () => {
  const made = digests()
  await using server = await connected()
  server.simulator.seed({ users: [ada] })
  const plain = await server.mustRead('5')
  expect(plain.marks).toEqual({ fingers: 2, faces: 2, mobiles: 0, revision: expect.any(String) })
  await using asked = await connected({}, {}, undefined, made)
  asked.simulator.seed({ users: [ada] })
  const { marks: { templates: _, ...marks } = {}, ...rest } = await asked.mustRead('5')
  expect({ ...rest, marks }).toEqual(plain)
})

test('a session that ended costs another request, and the digest is that of its answer', async () => {
  const made = digests()
  await using server = await connected({}, {}, undefined, made)
  server.simulator.seed({ users: [ada] })
  await server.mustRead('5')
  server.simulator.restart()
  expect((await server.mustRead('5')).marks?.templates).toEqual([`digest ${made.seen.length}`, 'older'])
  expect(made.seen.at(-1)).toEqual(made.seen[0])
})

test('that the server counts fingers and shows none is told in the log, once: digests would tell no swap', async () => {
  const logged: string[] = []
  const made = digests()
  const user = (id: string) => ({
    User: {
      user_id: id,
      name: 'Made-up',
      fingerprint_template_count: id === '5' ? '2' : '0',
      fingerprint_templates: '',
    },
  })
  const answers: Record<string, object> = {
    '/api/login': { User: { user_id: '1' } },
    '/api/v2/access_groups/search': { AccessGroupCollection: { total: 0, rows: [] } },
  }
  const http: HttpClient = {
    ...noCalls,
    async request({ path, beforeText }) {
      const answer = answers[path] ?? user(path.replace('/api/users/', ''))
      const body = Buffer.from(JSON.stringify({ ...answer, Response: { code: '0' } }))
      beforeText?.(body)
      return { status: 200, headers: { 'bs-session-id': 'a'.repeat(32) }, text: body.toString() }
    },
  }
  const settings = connector.settings.parse({ url: 'https://127.0.0.1', login_id: 'gatehouse', password: 'made up' })
  const context = { http, now: () => new Date(), log: (_: string, event: string) => void logged.push(event), ...made }
  const { accounts } = await connector.connect(settings, context, never)
  await accounts.read('6', never)
  expect(logged).toEqual([])
  for (let i = 0; i < 2; i++) expect((await accounts.read('5', never))?.marks?.templates).toHaveLength(2)
  expect(logged).toEqual(['biostar2.templates-hidden'])
  expect(made.seen.map(({ templates }) => templates)).toEqual([[], [], []])
})
