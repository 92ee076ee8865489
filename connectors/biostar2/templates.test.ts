/** Proves that templates leave an answer as bytes, and that whatever is parsed afterwards has none of them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takeTemplates } from './templates.ts'

/** What was handed over, copied, since it is gone afterwards; and the rest as it is parsed. */
function taken(json: string): { readonly templates: string[]; readonly rest: string } {
  const body = Buffer.from(json)
  const templates: string[] = []
  let given: readonly Buffer[] = []
  takeTemplates(body, (found) => {
    given = found
    templates.push(...found.map((each) => each.toString()))
  })
  for (const each of given) expect(each.toString()).toMatch(/^"? *$/)
  return { templates, rest: body.toString() }
}

const whole = {
  User: {
    user_id: '5',
    name: 'Ada "credentials": [ Sample \\',
    photo: 'UEhPVE8=',
    fingerprint_templates: [
      { finger_index: '0', finger_mask: 'false', template0: 'RklOR0VSMA==', template1: 'RklOR0VSMQ==' },
      { finger_index: 1, template0: 'RklOR0VSMg==', isNew: null },
    ],
    credentials: {
      faces: [{ raw_image: 'UkFX', templates: [{ template: 'RkFDRQ==' }], useProfile: true }],
      visualFaces: [{ template_ex_normalized_image: 'UElD', templates: ['TElTVA==', 'TElTVDI='], unheard_of: 'TkVX' }],
    },
    pin_exists: 'true',
  },
  Response: { code: '0', message: 'template0' },
}

test('each template is handed over as it stands between its quotes, in the order of the answer', () => {
  expect(taken(JSON.stringify(whole)).templates).toEqual([
    ...['RklOR0VSMA==', 'RklOR0VSMQ==', 'RklOR0VSMg==', 'UkFX', 'RkFDRQ==', 'UElD', 'TElTVA==', 'TElTVDI='],
  ])
})

test('of fingers and faces no text is left, also of a field that nobody knows; all else is as it was', () => {
  for (const spaces of [0, 2]) {
    const { rest } = taken(JSON.stringify(whole, null, spaces))
    expect(rest).not.toMatch(secrets)
    expect(JSON.parse(rest)).toEqual(blanked(whole))
  }
  const spaced = '{ "credentials" : { "template0" : "RklO" } , "name" : "RkFD" }'
  expect(taken(spaced)).toEqual({ templates: ['RklO'], rest: spaced.replace('"RklO"', '""    ') })
})

const secrets = /RklO|UkFX|RkFDRQ|UElD|TElT|TkVX/

test('lists that are empty in one of the four ways hold none', () => {
  for (const empty of ['""', '[]', '{}', 'null']) {
    const json = `{"User":{"fingerprint_templates":${empty},"credentials":${empty},"name":"template0"}}`
    expect(taken(json)).toEqual({ templates: [], rest: json })
  }
})

test('an answer that is cut off, or is no JSON, keeps none back either', () => {
  const json = JSON.stringify(whole)
  for (let length = 0; length <= json.length; length++) {
    const { rest } = taken(json.slice(0, length))
    expect(rest).not.toMatch(secrets)
    expect(rest.length).toBe(length)
  }
  expect(taken('<html>"credentials"</html>')).toEqual({ templates: [], rest: '<html>"credentials"</html>' })
})

test('they are gone also where whoever is handed them fails', () => {
  const body = Buffer.from(JSON.stringify(whole))
  expect(() =>
    takeTemplates(body, () => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(body.toString()).not.toMatch(secrets)
})

test('whatever JSON it is: texts among fingers and faces become empty, and nothing else becomes another', () => {
  const name = fc.oneof(fc.constantFrom('fingerprint_templates', 'credentials', 'template', 'a'), fc.string())
  const json = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom('\\', '"', '\\"', ':')),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(name, tie('any'), { maxKeys: 4 }),
    ),
  })).any
  fc.assert(
    fc.property(json, fc.constantFrom(0, 1), (value, spaces) => {
      const text = JSON.stringify(value, null, spaces)
      expect(JSON.parse(taken(text).rest)).toEqual(JSON.parse(JSON.stringify(blanked(value))))
    }),
    { numRuns: 2_000 },
  )
})

function blanked(value: unknown, isHeld = false): unknown {
  if (typeof value === 'string') return isHeld ? '' : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => blanked(each, isHeld))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      blanked(each, isHeld || key === 'fingerprint_templates' || key === 'credentials'),
    ]),
  )
}
