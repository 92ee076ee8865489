/** Whether a name at a door system may be that of a person: compared in memory, and never written down. */
import type { PersonFacts } from '../../model/person.ts'

export type NameFit = 'fits' | 'partly' | 'differs' | 'unknown'

/** Letters that are no other letter with a sign, and what people write for them where a keyboard lacks them. */
const written: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  æ: 'a',
  œ: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}

/**
 * Letters and digits alone, without accents and case: door systems cut names, and replace what they can't hold. Müller, Muller and
 * Mueller are one.
 */
function words(text: string): string[] {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[ßøæœłđðþı]/g, (letter) => written[letter] as string)
    .replaceAll(/([aou])e/g, '$1')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/**
 * Fits when every part of the family name is there, the given or the preferred name, if only its first letter, and no other name
 * besides. Partly when some of it is: a marriage changes names, and families share them.
 */
export function nameFit(shown: string | null, facts: PersonFacts): NameFit {
  const there = words(shown ?? '')
  const family = words(facts.familyName ?? '')
  const given = [facts.givenName, facts.preferredName].map((name) => words(name ?? ''))
  const called = given.flatMap(([first]) => first ?? [])
  if (there.length === 0 || family.length === 0 || called.length === 0) return 'unknown'
  const rest = [...there]
  const found = family.filter((word) => {
    const at = rest.indexOf(word)
    if (at !== -1) rest.splice(at, 1)
    return at !== -1
  })
  const named = called.some((name) => rest.includes(name))
  const letter = called.some((name) => rest.includes(name.slice(0, 1)))
  const others = rest.filter((word) => word.length > 1 && !given.flat().includes(word))
  if (found.length === family.length && (named || letter) && others.length === 0) return 'fits'
  return found.length > 0 || named ? 'partly' : 'differs'
}

/** The same for the same words in any order; null when there are fewer than two, which tell nobody apart. */
export function nameKey(text: string): string | null {
  const all = words(text)
  return all.length < 2 ? null : all.sort().join(' ')
}

/** The ways in which a door system may have written a person's name, as keys. */
export function nameKeysOf({ givenName, preferredName, familyName }: PersonFacts): readonly string[] {
  const keys = [givenName, preferredName].flatMap((given) =>
    given == null || familyName == null ? [] : (nameKey(`${given} ${familyName}`) ?? []),
  )
  return [...new Set(keys)]
}
