/** The badges of all carriers, out of a few pages instead of one request for each: kept small, since all are kept at once. */
import { badgeIn, badgeRef, type CardShown, cardShown } from './badges.ts'
import type { Settings } from './settings.ts'
import type { BadgeKey, Client } from './soap/client.ts'
import { ownFailure } from './soap/errors.ts'
import { walk } from './soap/pages.ts'

/** Some 40 MB, and about as much again while they are walked through. Who has more badges sees them in single reads only. */
const badgesMax = 500_000

export class BadgesHeld {
  readonly #settings: Settings
  /** Of each carrier one text: a sign for the state and the `ref` of each badge, a line each. Some 90 bytes for a badge. */
  readonly #of = new Map<string, string>()
  #count = 0

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** @throws ConnectorError `rejected` (`aeos.too-many-badges`) when there are more than can be kept. */
  add(carrierId: string, key: BadgeKey, state: CardShown['state']): void {
    this.#count += 1
    if (this.#count > badgesMax)
      throw ownFailure('rejected', 'aeos.too-many-badges', `There are more than ${badgesMax} badges to look through.`)
    const before = this.#of.get(carrierId)
    const entry = `${before === undefined ? '' : `${before}\n`}${state === 'blocked' ? blockedSign : onSign}${badgeRef(key)}`
    this.#of.set(ofItsOwn(carrierId), ofItsOwn(entry))
  }

  of(carrierId: string): CardShown[] {
    const entries = this.#of.get(carrierId)?.split('\n') ?? []
    return entries.map((entry) =>
      cardShown(badgeIn(entry.slice(1)), entry[0] === blockedSign ? 'blocked' : 'on', this.#settings),
    )
  }
}

const onSign = '+'
const blockedSign = '-'

/** A copy: V8 would keep the whole answer that a piece was cut from. */
function ofItsOwn(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

/** Of every identifier type that there is, those of the settings or not: a badge of any type opens doors. */
export async function badgesHeld(client: Client, settings: Settings, signal: AbortSignal): Promise<BadgesHeld> {
  const held = new BadgesHeld(settings)
  for (const { Id: IdentifierType } of await client.identifierTypes(signal)) {
    const load = (start: number) => client.findTokens({ IdentifierType }, start, signal)
    for await (const rows of walk(load, ({ Identifier }) => badgeRef(Identifier)))
      for (const { Identifier, CarrierId } of rows)
        if (CarrierId !== undefined) held.add(CarrierId, Identifier, Identifier.Blocked ? 'blocked' : 'on')
  }
  return held
}
