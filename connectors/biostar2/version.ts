/** What is known of the versions of BioStar 2, by the vendor's release notes. */

/** Before 2.9.1 readers took the dates of a validity and ignored its hours (release notes 2.9.1). False where the version can't be told. */
export function ignoresHours(version: string): boolean {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/i.exec(version) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return false
  const [a, b, c] = [Number(major), Number(minor), Number(patch)]
  return a < 2 || (a === 2 && (b < 9 || (b === 9 && c < 1)))
}
