/** What can't be missing unless Gatehouse itself is wrong: said here once, so that no way out is written that no case leads to. */
export function certain<T>(value: T): NonNullable<T> {
  if (value === undefined || value === null) throw new Error('what must be there is missing')
  return value
}
