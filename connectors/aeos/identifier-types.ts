/** Compares `identifier_types` of the settings with what AEOS says of these types, for who checks the configuration; pure. */
import type { Health } from '../../src/connector/contract.ts'
import { badgesWritten } from './badges.ts'
import { baseOf, rangeShown } from './identifier-range.ts'
import type { IdentifierType, Settings } from './settings.ts'
import type { IdentifierTypeRecord } from './soap/records.ts'

type Problem = Health['problems'][number]

/** What can't be written, what would be read as another number, and where AEOS will refuse some cards. */
export function typeProblems(shown: readonly IdentifierTypeRecord[], { identifier_types }: Settings): Problem[] {
  return identifier_types.flatMap((type) => {
    const there = shown.find(({ Id }) => Id === type.id)
    return there === undefined ? [] : problemsOf(type, there)
  })
}

function problemsOf(type: IdentifierType, there: IdentifierTypeRecord): Problem[] {
  const takes = baseOf(there)
  // Text may be anything.
  if (takes === null) return []
  const written = badgesWritten(type)
  const name = `identifier_types ${type.id} (${[there.Name, type.format].filter(Boolean).join(', ')})`
  if (written.base !== takes)
    return [
      {
        severity: 'error',
        code: 'aeos.identifier-type-notation',
        message: `${name} writes ${noun[written.base]} numbers, and AEOS reads them as ${noun[takes]}: set notation to ${takes}.`,
      },
    ]
  const { least, most } = rangeShown(there) ?? {}
  const text = (value: bigint) => value.toString(takes === 'hex' ? 16 : 10).toUpperCase()
  const said = `AEOS takes ${least === undefined ? 'up' : text(least)} to ${most === undefined ? 'any number' : text(most)}`
  const ours = `${text(written.least)} to ${text(written.most)}`
  if ((least !== undefined && written.most < least) || (most !== undefined && written.least > most))
    return [
      {
        severity: 'error',
        code: 'aeos.identifier-type-range',
        message: `${name} writes ${ours}, and ${said}: no card can be written.`,
      },
    ]
  // No card bears the number 0, and types begin with 1.
  const isCut =
    (most !== undefined && written.most > most) || (least !== undefined && least > 1n && written.least < least)
  if (isCut)
    return [
      {
        severity: 'warning',
        code: 'aeos.identifier-type-range',
        message: `${name} writes ${ours}, and ${said}: the other cards are refused (aeos.card-out-of-range).`,
      },
    ]
  const length = most === undefined ? Infinity : text(most).length
  if (written.digits <= length) return []
  return [
    {
      severity: 'warning',
      code: 'aeos.identifier-type-length',
      message: `${name} writes ${written.digits} digits, and the largest number that AEOS takes has ${length}: compare the length of the type there.`,
    },
  ]
}

const noun = { decimal: 'decimal', hex: 'hexadecimal' } as const
