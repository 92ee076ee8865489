import { expect, test } from 'vitest'
import type { SubjectId } from '../model/id.ts'
import { type Role, roles } from './actor.ts'
import { passWall } from './wall.ts'

const subject = '6f0d7b0e-7a43-4b38-9d2b-3d9f4ae1a001' as SubjectId

function pass(role: Role, reason: string | null): string {
  try {
    return passWall('attendance', { role, subject }, reason)
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('its own role reads a side, an admin with a reason, and nobody else', () => {
  const ways = roles.map((role) => [role, pass(role, null), pass(role, 'the works council asks')])
  expect(ways).toEqual([
    ['viewer', 'wall.no-reason', 'wall.no-reason'],
    ['operator', 'wall.no-reason', 'wall.no-reason'],
    ['admin', 'wall.no-reason', 'crossing'],
    ['security', 'wall.no-reason', 'wall.no-reason'],
    ['attendance', 'own', 'own'],
  ])
})
