/** Writes an account in sections, so that a section that the server refuses does not keep the others from being written. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { PartRef } from '../../src/model/account.ts'
import type { UserFields } from './client.ts'
import type { Blame } from './codes.ts'
import { blameOf } from './errors.ts'

/** Fields that are written or refused together, and the parts that they stand for. */
export interface Section {
  readonly name: Blame | 'lock' | 'details'
  readonly fields: UserFields
  readonly parts: readonly PartRef[]
  /** A smaller section, or none, that may be taken after this refusal, and what is given up with it; null when there is no such. */
  readonly narrow?: (
    error: ConnectorError,
  ) => Promise<{ section: Section | null; failed: readonly PartOutcome[] } | null>
}

/** Failures that are about the account as a whole: leaving a section out would not help. */
const wholeAccount: ReadonlySet<string> = new Set([
  'biostar2.user-not-found',
  'biostar2.user-exists',
  'biostar2.protected-account',
  'biostar2.not-allowed',
  'biostar2.not-supported',
  'biostar2.licence-or-capacity',
])

/** True for a refusal that may be about one section only. */
function isPartial(error: unknown): error is ConnectorError {
  return (
    error instanceof ConnectorError &&
    (error.kind === 'rejected' || error.kind === 'conflict') &&
    error.code.startsWith('biostar2.') &&
    !wholeAccount.has(error.code)
  )
}

type Send = (fields: UserFields) => Promise<void>

/**
 * Sends all sections in one request; after a refusal, repeats without the section that its code blames, or, where the code tells
 * nothing, one by one.
 * @throws ConnectorError whatever is about the account or the server as a whole.
 */
export async function writeSections(sections: readonly Section[], send: Send): Promise<PartOutcome[]> {
  if (sections.length === 0) return []
  const refusal = await refusalOf(sections, send)
  if (refusal === null) return applied(sections)
  const blamed = blamedSection(sections, refusal)
  if (blamed !== undefined) {
    const { givenUp, rest } = await without(blamed, sections, refusal)
    return [...givenUp, ...(await writeSections(rest, send))]
  }
  if (sections.length === 1) return failed(sections, refusal)
  return oneByOne(sections, send)
}

/**
 * The same for an account that is not there yet. `needed` sections are never left out: when one of them is blamed, or refused
 * together with no other, there is no account, and everything failed. Where the code tells nothing, the account is created with
 * what it needs, and gets the rest one by one.
 */
export async function writeNew(
  sections: readonly Section[],
  needed: ReadonlySet<Section['name']>,
  create: Send,
  update: Send,
): Promise<PartOutcome[]> {
  const refusal = await refusalOf(sections, create)
  if (refusal === null) return applied(sections)
  const optional = sections.filter(({ name }) => !needed.has(name))
  const blamed = blamedSection(sections, refusal)
  if (optional.length === 0 || (blamed !== undefined && needed.has(blamed.name))) return failed(sections, refusal)
  if (blamed !== undefined) {
    const { givenUp, rest } = await without(blamed, sections, refusal)
    return [...givenUp, ...(await writeNew(rest, needed, create, update))]
  }
  const core = sections.filter(({ name }) => needed.has(name))
  const coreRefusal = await refusalOf(core, create)
  if (coreRefusal !== null) return failed(sections, coreRefusal)
  return [...applied(core), ...(await oneByOne(optional, update))]
}

/** Null when everything was taken. */
async function refusalOf(sections: readonly Section[], send: Send): Promise<ConnectorError | null> {
  try {
    await send(Object.assign({}, ...sections.map(({ fields }) => fields)))
    return null
  } catch (error) {
    if (!isPartial(error)) throw error
    return error
  }
}

async function oneByOne(sections: readonly Section[], send: Send): Promise<PartOutcome[]> {
  const outcomes: PartOutcome[] = []
  for (const section of sections) outcomes.push(...(await writeSections([section], send)))
  return outcomes
}

async function without(blamed: Section, sections: readonly Section[], refusal: ConnectorError) {
  const narrowed = (await blamed.narrow?.(refusal)) ?? null
  return {
    givenUp: narrowed === null ? failed([blamed], refusal) : narrowed.failed,
    rest: sections.flatMap((section) => (section === blamed ? (narrowed?.section ?? []) : section)),
  }
}

function blamedSection(sections: readonly Section[], error: ConnectorError): Section | undefined {
  const blame = blameOf(error)
  return sections.find(({ name }) => name === blame)
}

function applied(sections: readonly Section[]): PartOutcome[] {
  return sections.flatMap(({ parts }) => parts.map((part) => ({ part, outcome: 'applied' as const })))
}

function failed(sections: readonly Section[], failure: ConnectorError): PartOutcome[] {
  return sections.flatMap(({ parts }) => parts.map((part) => ({ part, outcome: 'failed' as const, failure })))
}
