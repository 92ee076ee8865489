import { describe, expect, test } from 'vitest'
import type { Deciding } from './deciding.ts'
import { editsBetween } from './edits.ts'
import type { Path } from './problem.ts'
import { referenceText } from './reference.ts'

const shape = { isSecret: (path: Path) => path.at(-1) === 'password', keysAt: () => [] }
const edits = (before: Deciding, after: Deciding) => editsBetween(before, after, { before: shape, after: shape })
const lines = (before: Deciding, after: Deciding) =>
  edits(before, after).map((edit) => `${edit.path}: ${edit.before} -> ${edit.after}`)
const rule = (name: string, to = 'true') => ({ grant: [`hq/${name}`], to })

describe('edits', () => {
  test('of nothing are none', () => {
    expect(lines({ policy: [rule('A')] }, { policy: [{ to: 'true', grant: ['hq/A'] }] })).toEqual([])
  })

  test('name the place, and what was there before and after', () => {
    const before = { sources: { hr: { brakes: { revoke: { percent: 5 } } } }, leaver: { remove_after: '7d' } }
    const after = { sources: { hr: { brakes: { revoke: { percent: 100 } } } }, joiner: { lead: '3d' } }
    expect(lines(before, after)).toEqual([
      'joiner.lead: null -> "3d"',
      'leaver.remove_after: "7d" -> null',
      'sources.hr.brakes.revoke.percent: 5 -> 100',
    ])
  })

  test('of one rule among many are edits of that one alone, also when one is put in between or taken out', () => {
    const [a, b, c] = [rule('A'), rule('B', 'false'), rule('C')]
    expect(lines({ policy: [a, b, c] }, { policy: [a, rule('B', 'person.kind == "x"'), c] })).toEqual([
      String.raw`policy[1].to: "false" -> "person.kind == \"x\""`,
    ])
    expect(lines({ policy: [a, c] }, { policy: [a, b, c] })).toEqual([
      'policy[1].grant: null -> ["hq/B"]',
      'policy[1].to: null -> "false"',
    ])
    expect(lines({ policy: [a, b, c] }, { policy: [a, c] })).toEqual([
      'policy[1].grant: ["hq/B"] -> null',
      'policy[1].to: "false" -> null',
    ])
    expect(lines({ policy: [a, a] }, { policy: [a] })).toHaveLength(2)
  })

  test('show a secret as its reference, and never as anything else', () => {
    const target = (password: unknown) => ({ targets: { hq: { settings: { url: 'https://a', password } } } })
    expect(lines(target(referenceText('env', 'A')), target(referenceText('file', './b')))).toEqual([
      `targets.hq.settings.password: "${referenceText('env', 'A')}" -> "${referenceText('file', './b')}"`,
    ])
    expect(lines(target('hunter2'), target(['hunter3']))).toEqual([
      'targets.hq.settings.password: (secret) -> (secret)',
    ])
    expect(lines({}, target('hunter2'))).toEqual([
      'targets.hq.settings.password: null -> (secret)',
      'targets.hq.settings.url: null -> "https://a"',
    ])
  })

  test('never leave a difference out, whatever stands where', () => {
    const values = [undefined, null, 0, '', 'a', [], ['a'], [null], [{ a: 1 }], [[1]], {}, { a: 1 }, { a: { b: 1 } }]
    for (const [i, before] of values.entries())
      for (const [j, after] of values.entries())
        expect([i, j, lines({ x: before }, { x: after }).length > 0]).toEqual([i, j, i !== j])
  })
})
