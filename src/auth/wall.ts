/** The wall between who went where and who worked when: whoever has no role on that side says why, and is an admin. */
import { Refusal } from '../model/refusal.ts'
import { type Actor, type Side, wayTo } from './actor.ts'

/** How the actor comes to read this side: for the audit trail. @throws Refusal `wall.no-reason`. */
export function passWall(side: Side, actor: Actor, reason: string | null): 'own' | 'crossing' {
  const way = wayTo(side, actor)
  if (way === null || (way === 'crossing' && reason === null)) throw new Refusal('wall.no-reason')
  return way
}
