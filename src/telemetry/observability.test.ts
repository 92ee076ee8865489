/** The dashboard and the alert rules of docs/observability: each figure in them exists, with the labels and codes that they name. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { alarms } from '../model/alarm.ts'
import { figures } from './figures.ts'
import { createMetrics } from './metrics.ts'

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../docs/observability', name), 'utf8')

const rules = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^Gatehouse[A-Za-z]+$/),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[smh]$/)
              .optional(),
            labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
            annotations: z.strictObject({ summary: z.string().min(10), description: z.string().min(10) }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(read('alerts.yaml')))
  .groups.flatMap((group) => group.rules)

const dashboard = z
  .looseObject({
    title: z.literal('Gatehouse'),
    uid: z.literal('gatehouse'),
    panels: z.array(
      z.looseObject({
        id: z.int(),
        type: z.enum(['row', 'stat', 'timeseries']),
        title: z.string(),
        gridPos: z.strictObject({ h: z.int(), w: z.int(), x: z.int(), y: z.int() }),
        targets: z.array(z.looseObject({ expr: z.string() })).optional(),
      }),
    ),
  })
  .parse(JSON.parse(read('dashboard.json')))

const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
]
const byName = new Map<string, (typeof figures)[keyof typeof figures]>(
  Object.values(figures).map((figure) => [figure.name, figure]),
)

test.each(expressions)('%s asks for figures that there are: %s', async (_where, expr) => {
  const exposed = new Set([...(await createMetrics().text()).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name))
  const used = [...expr.matchAll(/\b((?:gatehouse|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)]
  expect(used.length).toBeGreaterThan(0)
  for (const [, whole = '', matchers = ''] of used) {
    const name = whole.replace(/_(bucket|sum|count)$/, '')
    expect([...exposed]).toContain(name)
    const figure = byName.get(name)
    expect(name !== whole).toBe(figure?.type === 'histogram')
    for (const [, label = '', , value = ''] of matchers.matchAll(/(\w+)(=~|!=|=)"([^"]*)"/g)) {
      if (figure === undefined) expect(label).toBe('job')
      else expect(figure.labels).toContain(label)
      if (label === 'code') for (const code of value.split('|')) expect(Object.keys(alarms)).toContain(code)
      if (label === 'state' && figure?.name === 'gatehouse_target_state')
        for (const state of value.split('|')) expect(figure.help).toContain(state)
    }
  }
})

test('grouping is by labels that the figures have', () => {
  for (const [where, expr] of expressions)
    for (const [, labels = '', inside = ''] of expr.matchAll(/\bby \(([\w, ]+)\) \(((?:[^()]|\([^()]*\))*)\)/g)) {
      const [, name = ''] =
        /\b((?:gatehouse|process|nodejs)_\w+?)(?:_bucket|_count|_sum)?[{[) ]/.exec(`${inside} `) ?? []
      const known = [...(byName.get(name)?.labels ?? []), 'instance', 'le']
      for (const label of labels.split(', ')) expect(known, `${where}: ${name}`).toContain(label)
    }
})

test('every figure is on the dashboard', () => {
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join(' ')
  for (const { name } of Object.values(figures)) expect(shown).toContain(name)
})

test('panels have ids of their own, fit the width and do not lie on each other; lock-outs come first', () => {
  const { panels } = dashboard
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  expect(panels[0]).toMatchObject({ type: 'row', title: 'Lock-outs' })
  const taken = new Map<string, string>()
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.get(`${x},${y}`), title).toBeUndefined()
        taken.set(`${x},${y}`, title)
      }
  }
})

test('no alert is named twice', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
})
