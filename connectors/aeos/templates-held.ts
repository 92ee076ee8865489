/** Who has which of some templates, out of a few pages for each: asked where the version has a filter for it. */

import { parseLevel } from './levels.ts'
import { cameInAugust2024, type Offered } from './offered.ts'
import type { CarrierType, Settings } from './settings.ts'
import { type Client, holderPage } from './soap/client.ts'
import { isNotFound, ownFailure } from './soap/errors.ts'
import { walk } from './soap/pages.ts'

/** A server that finds somebody with this one reads over the filter. */
const noTemplate = '2147483647'

export class TemplatesHeld {
  readonly #told: ReadonlySet<string>
  readonly #types: ReadonlySet<CarrierType | null>
  /** Of each carrier the ids of its templates, with blanks between. Thousands have the same, and share one text. */
  readonly #of = new Map<string, string>()
  readonly #shared = new Map<string, string>()

  constructor(told: readonly string[] = [], types: readonly CarrierType[] = []) {
    this.#told = new Set(told)
    this.#types = new Set(types)
  }

  add(carrierId: string, template: string): void {
    const before = this.#of.get(carrierId)
    const all = before === undefined ? template : `${before} ${template}`
    const kept = this.#shared.get(all) ?? all
    this.#shared.set(kept, kept)
    this.#of.set(carrierId, kept)
  }

  /** The templates of which `of` tells, for a carrier of this type. */
  told(type: CarrierType | null): ReadonlySet<string> {
    return this.#types.has(type) ? this.#told : none
  }

  of(carrierId: string): string[] {
    return this.#of.get(carrierId)?.split(' ') ?? []
  }
}

const none: ReadonlySet<string> = new Set()

/**
 * Of the templates among these levels, for the types of carrier that we make. Knows of none where the version has no filter, and, unless
 * the settings say otherwise, where the answers bring pictures along: nobody here needs them.
 * @throws ConnectorError `rejected` (`aeos.filter-ignored`) when the server reads over the filter.
 */
export async function templatesHeld(
  client: Client,
  offered: Offered,
  settings: Settings,
  levels: readonly string[],
  signal: AbortSignal,
): Promise<TemplatesHeld> {
  const nothing = new TemplatesHeld()
  const templates = levels.filter((level) => parseLevel(level)?.of === 'template')
  if (templates.length === 0 || settings.template_filter === 'never') return nothing
  if (!(await offered.has(cameInAugust2024, signal))) return nothing
  const types = [...new Set([settings.carrier, ...Object.values(settings.carriers)])]
  const held = new TemplatesHeld(templates, types)
  for (const type of types) {
    const holders = async (template: string, start: number, size: number) => {
      try {
        return await client.findHolders(type, template, { start, size }, signal)
      } catch (error) {
        // It is the template that is not found, and nobody has one that is not there.
        if (!isNotFound(error)) throw error
        return { rows: [], total: 0 }
      }
    }
    if ((await holders(noTemplate, 0, 1)).rows.length > 0) throw filterIgnored()
    for (const template of templates) {
      const load = (start: number) => holders(template, start, holderPage)
      for await (const rows of walk(load, ({ Id }) => Id)) {
        if (settings.template_filter === 'without-pictures' && rows.some(({ hasPicture }) => hasPicture)) return nothing
        for (const { Id } of rows) held.add(Id, template)
      }
    }
  }
  return held
}

function filterIgnored() {
  return ownFailure(
    'rejected',
    'aeos.filter-ignored',
    'AEOS does not find people by their templates, though its version can.',
  )
}
