/** How often each drift of an account was undone, as what is noted of the account says: told apart, counted, and given up when it is a fight. */
import type { DriftClass } from '../../model/drift.ts'
import type { CredentialId } from '../../model/id.ts'
import type { Drift } from '../../store/drifts.ts'
import type { Owned, Revert } from '../owned-row.ts'

/** As often the configuration has one drift undone within the window, and no more. */
const fightAfter = 3
/** As often anything of one account, by whatever parts. */
const accountFightAfter = 10
/** In the place of a part: every part of the class. */
const anyPart = '*'
const leastWindowMs = 7 * 24 * 3_600_000

/** Where accounts are read seldom, three times take long. */
export function fightWindowMs(deepSweepEveryMs: number): number {
  return Math.max(leastWindowMs, 4 * deepSweepEveryMs)
}

export function isSameDrift(a: Drift, b: Drift): boolean {
  return a.class === b.class && a.part === b.part
}

/** What the next run is to undo. */
export function toUndo({ reverts = [] }: Pick<Owned, 'reverts'>): readonly Revert[] {
  return reverts.filter(({ now }) => now === true)
}

/** So long what was noted is undone: what stands there by then, nobody has decided about. */
const notedForMs = 3_600_000

/** Without what was noted so long ago that nobody has it undone any more; put back by somebody, or kept from its worker all that while. */
export function stillToUndo(owned: Owned, at: Date): Owned {
  return keepNotes(owned, (each) => isFresh(each, at))
}

/** Without what was noted of these cards, which may be used again: whoever puts such a note back has none of them shut. */
export function withoutShutting(owned: Owned, usable: ReadonlySet<CredentialId>): Owned {
  return keepNotes(owned, ({ shut }) => shut === undefined || !usable.has(shut))
}

/** What was noted and is not kept is not undone; how often it was, is. */
function keepNotes(owned: Owned, isKept: (each: Revert) => boolean): Owned {
  if (toUndo(owned).every(isKept)) return owned
  const { reverts = [], ...rest } = owned
  const left = reverts.flatMap((each): Revert[] => {
    if (each.now !== true || isKept(each)) return [each]
    const { now: _, noted: __, shut: ___, ...counted } = each
    return counted.at.length === 0 ? [] : [counted]
  })
  return left.length === 0 ? rest : { ...rest, reverts: left }
}

/** A card that nobody may use is shut whenever its account can be reached, as long as nobody may: see `still-to-shut.ts`. */
function isFresh({ noted, shut }: Revert, at: Date): boolean {
  if (shut !== undefined) return true
  return noted !== undefined && Math.abs(at.getTime() - Date.parse(noted)) <= notedForMs
}

/** What is left to whoever takes a side. */
export function fightsOf({ reverts = [] }: Pick<Owned, 'reverts'>): readonly Revert[] {
  return reverts.filter(({ fought }) => fought === true)
}

export function revertOf({ reverts = [] }: Pick<Owned, 'reverts'>, drift: Drift): Revert | null {
  return reverts.find((each) => isSameDrift(each, drift)) ?? null
}

/** Left to whoever takes a side, by itself or with all of its class. */
export function isFought(owned: Pick<Owned, 'reverts'>, drift: Drift): boolean {
  return fightsOf(owned).some((fight) => isAbout(fight, drift))
}

/** Whether this is what is fought over. */
export function isAbout(fight: Drift, drift: Drift): boolean {
  return fight.class === drift.class && (fight.part === anyPart || fight.part === drift.part)
}

/** Noted at once of one account: whoever fills it by the thousand does not fill our books. */
const partsMost = 50

/**
 * The configuration has it undone once more; when that was done as often as it may, it is a fight instead. So it is with all of its class
 * on an account of which anything was undone too often (`times`): what comes back as another card or level each time is the same fight.
 * Null: not now.
 */
export function undoByPolicy(owned: Owned, drift: Drift, at: Date, windowMs: number, times: number): Owned | null {
  const { class: is, part } = drift as Revert
  if (times >= accountFightAfter) return withRevert(owned, { class: is, part: anyPart, at: [], fought: true })
  if (toUndo(owned).length >= partsMost) return null
  const before = revertOf(owned, drift)
  const counted = (before?.at ?? []).filter((each) => Date.parse(each) > at.getTime() - windowMs)
  if (counted.length >= fightAfter) return withRevert(owned, { class: is, part, at: counted, fought: true })
  const noted = at.toISOString()
  return withRevert(owned, { class: is, part, at: [...counted, noted], now: true, noted })
}

/** A person has it undone, or (`shut`: a card that nobody may use) it may never stand: that ends a fight, and counts towards none. */
export function undoByForce(owned: Owned, { class: is, part }: Drift, at: Date, shut?: CredentialId): Owned {
  const noted = { now: true, noted: at.toISOString() } as const
  return withRevert(owned, { class: is as DriftClass, part, at: [], ...noted, ...(shut === undefined ? {} : { shut }) })
}

/** A person lets it stand. */
export function leaveBe(owned: Owned, drift: Drift): Owned {
  return replaced(owned, drift, [])
}

/** A fight over it is over, because it is gone, or the configuration does not undo it any more; how often it was undone is kept. */
export function endFight(owned: Owned, drift: Drift): Owned {
  const before = revertOf(owned, drift)
  if (before?.fought !== true) return owned
  const { fought: _, ...rest } = before
  return replaced(owned, drift, rest.at.length === 0 ? [] : [rest])
}

/** What a run has undone; and what was undone so long ago that it counts for nothing is forgotten. */
export function undone(owned: Owned, at: Date, windowMs: number): Owned {
  const { reverts, ...rest } = owned
  if (reverts === undefined) return owned
  const left = reverts.flatMap(({ now: _, noted: __, shut: ___, ...each }): Revert[] => {
    const counted = each.at.filter((time) => Date.parse(time) > at.getTime() - windowMs)
    return each.fought === true || counted.length > 0 ? [{ ...each, at: counted }] : []
  })
  return left.length === 0 ? rest : { ...rest, reverts: left }
}

function withRevert(owned: Owned, revert: Revert): Owned {
  return replaced(owned, revert, [revert])
}

/** Whatever is said of one part ends what was said of all. */
function replaced({ reverts = [], ...rest }: Owned, drift: Drift, by: readonly Revert[]): Owned {
  const isReplaced = (each: Revert) => isSameDrift(each, drift) || (each.part === anyPart && each.class === drift.class)
  const others = [...reverts.filter((each) => !isReplaced(each)), ...by]
  return others.length === 0 ? rest : { ...rest, reverts: others }
}
